"""Engine: the only way to integrate the equations.

`System` names the functions of a model, `kernels` compiles them with any entry functions, `solve`
integrates one patient from Python. docs/engine.md explains how equations become kernels.
"""
