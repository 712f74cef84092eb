"""Osteocast forecasts metastatic bone disease, for research and education.

Not a diagnosis, an order or a treatment recommendation.
"""

__version__ = "0.1.0"
