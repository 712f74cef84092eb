"""Equations and solvers against oracles, and claims about the disease against the equations."""
