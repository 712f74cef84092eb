"""Strength of bone from CT: voxel finite elements on structured box voxels.

docs/voxel-solver.md explains the solver.
"""
