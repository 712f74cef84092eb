"""Peterson & Riggs 2010 (Bone 46:49) read from the curated SBML BIOMD0000000613 (CC0).

Time is in hours, calcium and phosphate are in mmol, hormones in pmol (14 L of extracellular fluid), the
bone signals in pM.  The names are those of the SBML file.  The three teriparatide doses that the file
ships with are left out: give them by adding to ``TERISC``.

The blocks below take the concentrations that they see as arguments, so that an extension can show a
different hormone or a different volume to one block without a second copy of the equations.
"""

from math import tanh
from typing import NamedTuple

STATES = [
    "PTH", "S", "PTmax", "B", "SC", "P", "ECCPhos", "T", "R", "HAp", "OB", "PhosGut", "IntraPO", "OC",
    "ROB1", "L", "RNK", "O", "Q", "Qbone", "RX2", "CREB", "BCL2", "TERISC", "A", "TGFB", "TGFBact",
    "OBfast", "OBslow", "M", "N",
]  # fmt: skip

PARAMETERS = {
    "Pic0": 0.228142,
    "FracOBfast": 0.797629,
    "k1": 6.24e-06,
    "k2": 0.112013,
    "k3": 6.24e-06,
    "k4": 0.112013,
    "V1": 14.0,
    "CaDay": 88.0,
    "FracJ14": 0.107763,
    "J14OCmax": 0.543488,
    "J14OCgam": 1.6971,
    "FracJ15": 0.114376,
    "kinRNKgam": 0.151825,
    "koutRNK": 0.00323667,
    "MOCratioGam": 0.603754,
    "Da": 0.7 / 24,
    "OBtgfGAM": 0.0111319,
    "koutTGF0": 2.98449e-05,
    "OCtgfGAM": 0.593891,
    "EmaxPicROB": 3.9745,
    "PicROBgam": 1.80968,
    "FracPicROB": 0.883824,
    "PicOBgam": 0.122313,
    "FracPicOB": 0.000244818,
    "EmaxPicOB": 0.251636,
    "E0Meff": 0.388267,
    "EmaxMeffOC": 3.15667,
    "kinOCgam": 8.53065,
    "EmaxPicOC": 1.9746,
    "FracPicOC": 0.878215,
    "PicOCgam": 1.0168,
    "E0RANKL": 3.80338,
    "EmaxL": 0.469779,
    "LsurvOCgam": 3.09023,
    "GFR": 100 / 16.667,
    "T16": 1.06147,
    "T64": 0.05,
    "T65": 6.3,
    "T67": 1.54865,
    "AlphOHgam": 0.111241,
    "k14a": 2.44437e-05,
    "HApMRT": 3.60609,
    "koutL": 0.00293273,
    "OsteoEffectGam": 0.173833,
    "TESTPOWER": 1.0,
    "opgPTH50": 3.85,
    "IO": 0.0,
    "RX2Kout0": 0.693,
    "E0rx2Kout": 0.125,
    "EmaxPTHRX2x": 5.0,
    "E0crebKin": 0.5,
    "EmaxPTHcreb": 3.39745,
    "crebKout": 0.00279513,
    "bcl2Kout": 0.693,
    "ScaEffGam": 0.9,
    "PhosEff0": 1.52493,
    "PhosEff50": 1.3021,
    "PhosEffGam": 8.25229,
    "PO4inhPTHgam": 0.0,
    "T69": 0.1,
    "Reabs50": 1.57322,
    "T7": 2.0,
    "T9": 90.0,
    "T70": 0.01,
    "T71": 0.03,
    "T33": 0.003,
    "T34": 0.037,
    "T35": 90.0,
    "CaPOgam": 1.0,
    "T46": 1.142,
    "T52": 0.365,
    "OralPhos": 10.5 / 24,
    "F12": 0.7,
    "T49": 51.8,
    "T55": 0.019268,
    "PicOBgamkb": 2.92375,
    "MultPicOBkb": 3.11842,
    "FracPic0kb": 0.764028,
    "E0RUNX2kbEffFACT": 1.01,
    "RUNkbGAM": 3.67798,
    "RUNkbMaxFact": 0.638114,
    "RUNX20": 10.0,
    "Frackb": 0.313186,
    "T81": 0.75,
    "T87": 0.0495,
    "T0": 1.58471,
    "T28": 0.9,
    "OralCa": 24.055 / 24,
    "T77": 0.909359,
    "T80": 4.0,
    "CtriolPTgam": 12.5033,
    "CtriolMax": 4.1029,
    "CtriolMin": 0.9,
    "PTout": 0.0001604,
    "T57": 100.0,
    "T58": 6249.09,
    "T59": 11.7387,
    "T61": 96.25,
    "IPTHint": 0.0,
    "IPTHinf": 0.0,
    "EmaxLpth": 1.30721,
    "kO": 15.8885,
    "kb": 0.000605516,
    "TERIVC": 133.0,
    "TERICL": 94.3,
    # Initial amounts that the SBML file copies into constants.
    "Q0": 100.0,
    "QboneInit": 24900.0,
    "OC0": 0.00115398,
    "OB0": 0.00501324,
    "ROB0": 0.00104122,
    "RNK0": 10.0,
    "RANKL0": 0.4,
    "OPG0": 4.0,
    "CREB0": 10.0,
    # Not in the SBML file: loss of RANKL per nM of denosumab, per hour, and the denosumab held [nM].
    "kden": 0.0,
    "denosumab": 0.0,
}

PHOSPHATE_PER_CALCIUM = 0.464  # mol/mol, written as a number in the SBML rules J41 and J42


def initial(p=PARAMETERS):
    """Return the initial state of the SBML file (a list in the order of STATES)."""
    return [
        53.9, 0.5, 1.0, 1260.0, 0.0, 32.9, 16.8, 1.2375, 0.5, 1.0, 0.00501324, 0.839, 3226.0, p["OC0"],
        p["ROB0"], p["RANKL0"], p["RNK0"], p["OPG0"], p["Q0"], p["QboneInit"], 10.0, p["CREB0"], 100.0, 0.0,
        126.0, 1000 * p["Pic0"], p["Pic0"], p["OB0"] * p["FracOBfast"], p["OB0"] * (1 - p["FracOBfast"]),
        p["k3"] * p["RNK0"] * p["RANKL0"] / p["k4"], p["k1"] * p["OPG0"] * p["RANKL0"] / p["k2"],
    ]  # fmt: skip


def rising(x, base, top, gamma, reference, target):
    """Sigmoid ``base + top x^g/(x^g + c)`` with c set so that it equals ``target`` at ``reference``."""
    c = top * reference**gamma / (target - base) - reference**gamma
    return base + top * x**gamma / (x**gamma + c)


class Minerals(NamedTuple):
    """Release of calcium from bone and uptake into it [mmol/h]."""

    exchange_out: float
    resorbed: float
    exchange_in: float
    deposited: float


def minerals(y, p, calcium_amount):
    """J14 and J15 in their two parts each; ``calcium_amount`` is the plasma calcium seen [mmol]."""
    s = dict(zip(STATES, y, strict=False))
    t13 = p["CaDay"] / 24 / p["Q0"]
    t15 = p["CaDay"] / (2.35 * 14 * 24)
    gam = p["J14OCgam"]
    oc50_gam = p["J14OCmax"] * p["OC0"] ** gam / t13 - p["OC0"] ** gam
    oc_eqn = p["J14OCmax"] * s["OC"] ** gam / (s["OC"] ** gam + oc50_gam)
    m0 = p["k3"] * p["RNK0"] * p["RANKL0"] / p["k4"]
    moc = ((s["M"] / s["OC"]) / (m0 / p["OC0"])) ** p["MOCratioGam"]
    return Minerals(
        exchange_out=t13 * p["Q0"] * (1 - p["FracJ14"]),
        resorbed=oc_eqn * p["Q0"] * p["FracJ14"] * moc,
        exchange_in=t15 * calcium_amount * (1 - p["FracJ15"]),
        deposited=t15 * calcium_amount * p["FracJ15"] * s["HAp"],
    )


def bone_cells(y, p, pth):
    """Rates of the bone cells and their signals; ``pth`` [pM] is what the osteoblast line sees."""
    s = dict(zip(STATES, y, strict=False))
    pic0, act = p["Pic0"], s["TGFBact"]
    ob = s["OBfast"] + s["OBslow"]
    oc = s["OC"]
    m0 = p["k3"] * p["RNK0"] * p["RANKL0"] / p["k4"]
    d = {}

    d["HAp"] = (ob / p["OB0"] - s["HAp"]) / p["HApMRT"]

    # TGF-beta, latent and active.
    activated = p["koutTGF0"] * s["TGFB"] * (oc / p["OC0"]) ** p["OCtgfGAM"]
    d["TGFB"] = p["koutTGF0"] * 1000 * pic0 * (ob / p["OB0"]) ** p["OBtgfGAM"] - activated
    d["TGFBact"] = activated - 1000 * p["koutTGF0"] * act

    # Responding osteoblasts.
    pic_rob = rising(act, p["FracPicROB"] * pic0, p["EmaxPicROB"], p["PicROBgam"], pic0, pic0)
    pic_ob = rising(act, p["FracPicOB"] * pic0, p["EmaxPicOB"], p["PicOBgam"], pic0, pic0)
    matured = p["kb"] * p["OB0"] * pic0 / p["ROB0"] / pic_ob * s["ROB1"]
    d["ROB1"] = p["kb"] * p["OB0"] / pic0 * pic_rob - matured

    # Osteoblasts: death rates of the slow and the fast pool.
    kbprime = osteoblast_death(s, p)
    kbslow = kbprime * p["Frackb"]
    fast0 = p["OB0"] * p["FracOBfast"]
    kbfast = (p["kb"] * p["OB0"] + kbslow * fast0 - kbslow * p["OB0"]) / fast0
    d["OBfast"] = matured * p["FracOBfast"] * kbfast / kbprime - kbfast * s["OBfast"]
    d["OBslow"] = matured * (1 - p["FracOBfast"]) * p["Frackb"] - kbslow * s["OBslow"]

    # Osteoclasts.
    meff = rising(s["M"], p["E0Meff"], p["EmaxMeffOC"], p["kinOCgam"], m0, 1)
    pic_oc = rising(act, p["FracPicOC"] * pic0, p["EmaxPicOC"], p["PicOCgam"], pic0, pic0)
    survival = osteoclast_survival(s["M"], p)
    d["OC"] = p["Da"] * (pic0 * meff * p["OC0"] - pic_oc * survival * oc)

    d.update(osteoblast_signals(s, p, pth, ob))
    d.update(rank_ligand(s, p, pth, ob, m0))
    return d


def osteoclast_survival(bound, p):
    """LsurvOC: the death of osteoclasts falls with the bound RANK (M)."""
    gam = p["LsurvOCgam"]
    pil0 = p["k3"] / p["k4"] * p["RANKL0"]
    pil = bound / 10
    span = p["E0RANKL"] - p["EmaxL"]
    c = span * pil0**gam / (p["E0RANKL"] - 1) - pil0**gam
    return p["E0RANKL"] - span * pil**gam / (pil**gam + c)


def osteoblast_death(s, p):
    """kbprime [1/h] from active TGF-beta and RunX2 (through Bcl-2)."""
    pic0, gam = p["Pic0"], p["PicOBgamkb"]
    high, low = p["MultPicOBkb"] * pic0, p["FracPic0kb"] * pic0
    c = (high - low) * pic0**gam / (high - pic0) - pic0**gam
    act = s["TGFBact"] ** gam
    tgf_effect = (high - (high - low) * act / (act + c)) / pic0
    runx2 = s["BCL2"] - 90 if s["BCL2"] > 105 else 10.0
    base = p["E0RUNX2kbEffFACT"] * p["kb"]
    top = base * p["RUNkbMaxFact"]
    prime = rising(runx2, 0.0, top, p["RUNkbGAM"], p["RUNX20"], base - p["kb"])
    return base * tgf_effect - prime


def osteoblast_signals(s, p, pth, ob):
    """RunX2, CREB and Bcl-2."""
    ec50_rx2 = p["EmaxPTHRX2x"] * 3.85 / (p["RX2Kout0"] - p["E0rx2Kout"]) - 3.85
    ec50_creb = p["EmaxPTHcreb"] * 3.85 / (1 - p["E0crebKin"]) - 3.85
    rx2_out = p["E0rx2Kout"] + p["EmaxPTHRX2x"] * pth / (pth + ec50_rx2)
    creb_in = p["E0crebKin"] + p["EmaxPTHcreb"] * pth / (pth + ec50_creb)
    return {
        "RX2": p["RX2Kout0"] * 10.0 - rx2_out * s["RX2"],
        "CREB": p["crebKout"] * (p["CREB0"] * creb_in - s["CREB"]),
        "BCL2": 0.693 * s["RX2"] * s["CREB"] - p["bcl2Kout"] * s["BCL2"],
    }


def rank_ligand(s, p, pth, ob, m0):
    """RANK, RANKL, OPG and their complexes: forming the OPG complex consumes neither RANKL nor OPG."""
    osteo = (ob / p["OB0"]) ** p["OsteoEffectGam"]
    pth50 = p["EmaxLpth"] * 3.85 - 3.85
    made = p["koutL"] * p["RANKL0"] * osteo * p["EmaxLpth"] * pth / (pth50 * osteo ** p["TESTPOWER"] + pth)
    binding = p["k3"] * s["RNK"] * s["L"] - p["k4"] * s["M"]
    sink = p["kden"] * p["denosumab"] * s["L"]
    gam = p["kinRNKgam"]
    rank_in = (p["koutRNK"] * p["RNK0"] + p["k3"] * p["RNK0"] * p["RANKL0"] - p["k4"] * m0) / p["Pic0"] ** gam
    rob = s["ROB1"] / p["ROB0"]
    opg_in = p["kO"] * p["OPG0"] * rob * (pth + p["opgPTH50"] * rob) / (2 * pth) + p["IO"]
    return {
        "L": made - p["koutL"] * s["L"] - binding - sink,
        "RNK": rank_in * s["TGFBact"] ** gam - p["koutRNK"] * s["RNK"] - binding,
        "M": binding,
        "O": opg_in - p["kO"] * s["O"],
        "N": p["k1"] * s["O"] * s["L"] - p["k2"] * s["N"],
    }


def gut(y, p):
    """Return (J40 [mmol/h], oral calcium entering [mmol/h], rate of R)."""
    s = dict(zip(STATES, y, strict=False))
    c8 = s["B"] / p["V1"]
    t29 = (p["T28"] * p["T0"] - 0.17533 * p["T0"]) / 0.17533
    t31 = p["T28"] * s["T"] / (s["T"] + t29)
    j40 = t31 * s["T"] * (s["R"] / 0.5) / (s["T"] + p["T81"]) + p["T87"] * s["T"]
    taken = p["OralCa"] * p["T77"] * s["R"] ** p["T80"] / (s["R"] ** p["T80"] + p["T81"] ** p["T80"])
    share = c8 ** p["CaPOgam"] / (p["T35"] ** p["CaPOgam"] + c8 ** p["CaPOgam"])
    t36 = p["T33"] + (p["T34"] - p["T33"]) * share
    t37 = p["T34"] - (p["T34"] - p["T33"]) * share
    return j40, taken, t36 * (1 - s["R"]) - t37 * s["R"]


def calcium_excretion(p, calcium, calcitriol, pth, gfr, *, filtered=1.0, capacity=1.0):
    """J27a [mmol/h], before negative values are cut off.

    ``filtered`` multiplies the filtered load, ``capacity`` the largest reabsorption.
    """
    load = 0.6 * 0.5 * gfr * calcium * filtered
    most = (0.3 * gfr * 2.35 - 0.149997) * (p["Reabs50"] + 2.35) / 2.35 * capacity
    t17 = 3.85 * p["T16"] - 3.85
    active = most * calcium / (p["Reabs50"] + calcium) * p["T16"] * pth / (pth + t17)
    t10 = p["T7"] * calcitriol / (calcitriol + p["T9"])
    return (2 - t10) * (load - active)


def phosphate_excretion(p, phosphate, gfr):
    """J48a [mmol/h], before negative values are cut off."""
    return 0.88 * gfr * phosphate - p["T46"] * 0.88 * gfr


def hydroxylase(y, p, pth, phosphate):
    """Rate of A, the renal 1-alpha-hydroxylase; ``pth`` [pM] is what the kidney cell sees."""
    a = dict(zip(STATES, y, strict=False))["A"]
    gam, half = p["AlphOHgam"], p["T67"]
    t66 = (half**gam + 3.85**gam) / 3.85**gam
    inhibition = (phosphate / 1.2) ** p["PO4inhPTHgam"]
    t68 = t66 * pth**gam / (half**gam * inhibition + pth**gam)
    effect = 1.0
    if phosphate > 1.2:
        g, e0, e50 = p["PhosEffGam"], p["PhosEff0"], p["PhosEff50"]
        most = (e0 - 1) * (1.2**g + e50**g) / (e0 * 1.2**g)
        effect = e0 - most * e0 * phosphate**g / (phosphate**g + e50**g)
    return p["T65"] * t68 * effect - p["T64"] * a


def gland(y, p, calcium):
    """Rates of PTH, S, PTmax, SC, TERISC and B; ``calcium`` [mM] is what the gland sees."""
    s = dict(zip(STATES, y, strict=False))
    c8 = s["B"] / p["V1"]
    t74 = tanh(p["T71"] * (c8 - 90 * (2.35 / calcium) ** p["ScaEffGam"]))
    t75 = p["T70"] * (0.85 * (1 + t74) + 0.15)
    t76 = p["T70"] * (0.85 * (1 - t74) + 0.15)
    gam = p["CtriolPTgam"]
    span = p["CtriolMax"] - p["CtriolMin"]
    # The SBML rule sets the half-effect from the CURRENT calcitriol, so this factor is 1 at every state.
    half = span * c8**gam / (p["CtriolMax"] - 1) - c8**gam
    growth = p["CtriolMax"] - span * c8**gam / (c8**gam + half)
    g, span = p["T59"], p["T58"] - p["T61"]
    t60 = span * 2.35**g / (p["T58"] - 385) - 2.35**g
    t63 = p["T58"] - span * calcium**g / (calcium**g + t60)
    secreted = t63 * s["S"] / 0.5 * s["PTmax"] + 0.693 * s["SC"] + p["IPTHinf"]
    teriparatide = s["TERISC"] * p["TERICL"] / p["TERIVC"]
    return {
        "PTH": secreted + teriparatide - p["T57"] / 14 * s["PTH"],
        "S": (1 - s["S"]) * t76 - s["S"] * t75,
        "PTmax": p["PTout"] * (growth - s["PTmax"]),
        "SC": p["IPTHint"] - 0.693 * s["SC"],
        "TERISC": -teriparatide,
        "B": s["A"] - p["T69"] * s["B"],
    }


def ordered(d):
    """Put a mapping of rates into the order of STATES; OB is a constant of the SBML file."""
    return [d.get(name, 0.0) for name in STATES]


def rates(t, y, p=PARAMETERS):
    """Right-hand side per hour."""
    s = dict(zip(STATES, y, strict=True))
    calcium, phosphate, pth = s["P"] / p["V1"], s["ECCPhos"] / p["V1"], s["PTH"] / p["V1"]
    d = bone_cells(y, p, pth)
    d.update(gland(y, p, s["P"] / 14))
    d["A"] = hydroxylase(y, p, pth, phosphate)
    flux = minerals(y, p, s["P"])
    released, bound = flux.exchange_out + flux.resorbed, flux.exchange_in + flux.deposited
    absorbed, eaten, d["R"] = gut(y, p)
    j27 = max(calcium_excretion(p, calcium, s["B"] / p["V1"], pth, p["GFR"]), 0.0)
    j48 = max(phosphate_excretion(p, phosphate, p["GFR"]), 0.0)
    j53, j54, j56 = p["T52"] * s["PhosGut"], p["T49"] * phosphate, p["T55"] * s["IntraPO"]
    back, away = p["k14a"] * s["Qbone"], p["k14a"] * p["QboneInit"] / p["Q0"] * s["Q"]
    d["P"] = released + absorbed - bound - j27
    d["T"] = eaten - absorbed
    d["Q"] = bound - released + back - away
    d["Qbone"] = away - back
    d["ECCPhos"] = PHOSPHATE_PER_CALCIUM * (released - bound) + j53 + j56 - j48 - j54
    d["PhosGut"] = p["OralPhos"] * p["F12"] - j53
    d["IntraPO"] = j54 - j56
    return ordered(d)


def teriparatide_pmol(micrograms):
    """Amount of teriparatide as the SBML event writes it."""
    return micrograms * 1e6 / 4117.8
