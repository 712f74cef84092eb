"""Equations of the disease: rates and observables, and no measured numbers.

Every model is a plain function over `NamedTuple` fields that carry their unit. Called with floats it is the
model; with pint quantities it proves its units; with SymPy symbols it gives the kernels the engine runs.
"""
