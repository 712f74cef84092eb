"""Zoledronate kinetics fitted to the label: plasma, shallow tissue, bone surface and buried bone.

Hours, mg and litres.  No published micro-constants exist for this drug: the values are a fit to the label's
figures (half-lives, 39 % of a dose in the urine by 24 h, < 1 % of the peak at 24 h), not measurements.
Release of buried drug by resorption and its sinking to depth are assumed; both are 0 in ``LABEL_FIT``.
"""

STATES = ["plasma_mg", "shallow_mg", "surface_mg", "buried_mg", "urine_mg", "depth_mg"]

LABEL_FIT = {
    "V1": 7.38,
    "CLr": 3.7,
    "renal": 1.0,  # fraction of normal renal function
    "Q2": 69.9,
    "V2": 15.4,
    "CLb": 7.08,
    "krel": 0.00318,
    "kbur": 0.00426,
    "kres": 0.0,
    "kdeep": 0.0,
}
WITH_RESORPTION = LABEL_FIT | {"kres": 2e-5, "kdeep": 1.6e-4}


def rates(t, y, p=LABEL_FIT, infusion=0.0, osteoclasts=1.0):
    """Right-hand side [mg/h]; ``infusion`` [mg/h], ``osteoclasts`` relative to normal."""
    plasma, shallow, surface, buried, _, _ = y
    c1, c2 = plasma / p["V1"], shallow / p["V2"]
    renal = p["CLr"] * p["renal"] * c1
    between = p["Q2"] * (c1 - c2)
    bound = p["CLb"] * c1
    returned = p["krel"] * surface
    covered = p["kbur"] * surface
    resorbed = p["kres"] * osteoclasts * buried
    sunk = p["kdeep"] * buried
    return [
        infusion - renal - between - bound + returned,
        between,
        bound - returned - covered + resorbed,
        covered - resorbed - sunk,
        renal,
        sunk,
    ]


EFFECT = {
    "ke0": 0.006,  # 1/h
    "phiB": 0.05,
    "EmaxZ": 7.0,
    "X50": 0.16,  # mg
    "pot": 1.0,  # zoledronate equivalents, mg/mg
}


def effect_rate(effect_mg, surface_mg, buried_mg, q=EFFECT):
    """Rate of the effect pool Xe [mg/h]."""
    return q["ke0"] * (surface_mg + q["phiB"] * buried_mg - effect_mg)


def osteoclast_death_factor(effect_mg, q=EFFECT):
    """Multiplier of osteoclast death: 1 without drug."""
    x = q["pot"] * effect_mg
    return 1 + q["EmaxZ"] * x / (x + q["X50"])
