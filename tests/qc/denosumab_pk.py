"""Denosumab kinetics: first-order absorption, two compartments, linear and saturable elimination.

Hours, micrograms and mL, so that concentrations are in ug/mL.  Values and their sources:

* ``GIBIANSKY``: Gibiansky 2012 (bone metastases, abstract): F 0.61, absorption half-life 2.7 d, Vc 2.62 L
  and CL 3.25 mL/h at 66 kg.  Q, Vp, Vmax and Km are not in that abstract and are taken from ``PETERSON``.
* ``PETERSON``: the values of the published systemic bone model (Peterson 2004 abstract).
* ``CANCER``: as ``GIBIANSKY`` with a larger saturable term, fitted to the label (a prototype's value,
  neither measured nor validated): Vmax 21.8 ug/h, Km 0.5 ug/mL.
"""

from math import log

STATES = ["depot_ug", "central_ug", "peripheral_ug"]

PETERSON = {
    "F": 0.729,
    "ka": 0.00592,  # 1/h
    "Vc": 2340.0,  # mL
    "Vp": 1324.0,  # mL
    "Q": 18.67,  # mL/h
    "CL": 2.75,  # mL/h
    "Vmax": 3.110,  # ug/h
    "Km": 0.188,  # ug/mL
}
GIBIANSKY = PETERSON | {"F": 0.61, "ka": log(2) / (2.7 * 24), "Vc": 2620.0, "CL": 3.25}
CANCER = GIBIANSKY | {"Vmax": 21.8, "Km": 0.5}

MOLAR_MASS = 147.0  # kDa; 1 ug/mL is 1000/147 nM


def rates(t, y, p=CANCER):
    """Right-hand side [ug/h]."""
    depot, central, peripheral = y
    c, cp = central / p["Vc"], peripheral / p["Vp"]
    absorbed = p["ka"] * depot
    between = p["Q"] * (c - cp)
    lost = p["CL"] * c + p["Vmax"] * c / (p["Km"] + c)
    return [-absorbed, p["F"] * absorbed - lost - between, between]


def nanomolar(microgram_per_ml):
    """Denosumab concentration in nM."""
    return 1000 * microgram_per_ml / MOLAR_MASS
