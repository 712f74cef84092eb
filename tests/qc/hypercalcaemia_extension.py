"""Calcium of malignancy on top of Peterson & Riggs 2010: a prototype's equations, read a second time.

Hours, mmol, pM.  Added states: extracellular volume ``v`` (relative), tumour ``TT``, calcium held in lesions
``Lb`` [mmol], lesion osteoclasts ``OCL`` (relative), denosumab (3 states, ug) and bisphosphonate (plasma,
shallow, surface, buried, urine, depth, effect; mg), and the calcium ledger ``urine`` and ``absorbed`` [mmol].

The values below are tuned or assumed, not measured.  ``NEUTRAL`` switches every new term off.
"""

from math import exp, log, log1p

from . import denosumab_pk, zoledronate_pk
from . import peterson2010 as body

ADDED = [
    "v", "TT", "Lb", "OCL", *denosumab_pk.STATES, *zoledronate_pk.STATES, "effect_mg", "urine", "absorbed",
]  # fmt: skip
STATES = [*body.STATES, *ADDED]
POSITION = {name: i for i, name in enumerate(STATES)}

TYPICAL = body.PARAMETERS | {
    "GFR": 80 / 16.667,
    "nQ": 1.0,
    "fQb": 1.0,
    "fx": 4.0,
    "gx": 0.1,
    "wB": 1.1,
    "wA": 0.2,
    "wT": 1.0,
    "uAct": 0.46,
    "uDiff": 0.46,
    "kv": 0.0029,
    "aI": 0.6,
    "eN": 2.2,
    "gN": 8.0,
    "kg": 3.0,
    "cG": 0.25,
    "kprox": 0.3,
    "tP": 0.012,
    "pP": 17.0,
    "gT": log(2) / (60 * 24),
    "TTmax": 4.0,
    "kL": 3e-4,
    "pL": 2.0,
    "pI": 0.1,
    "JF": 0.0,
    "width27": 0.015,  # mmol/h; smooths the cut of J27 at 0
    "width48": 0.0,  # mmol/h; 0 keeps the kink of J48
    "saline": 0.0,  # L/d
    "infusion": 0.0,  # mg/h of zoledronate equivalents
    "kden": 3e-3,  # 1/(nM h)
    "pk_denosumab": denosumab_pk.CANCER,
    "pk_bisphosphonate": zoledronate_pk.WITH_RESORPTION,
    "effect": zoledronate_pk.EFFECT,
}

NEUTRAL = TYPICAL | {
    "GFR": body.PARAMETERS["GFR"],
    "nQ": 0.0,
    "fQb": 0.0,
    "fx": 1.0,
    "gx": 0.0,
    "wB": 0.0,
    "wA": 0.0,
    "wT": 0.0,
    "uAct": 0.0,
    "uDiff": 0.0,
    "aI": 0.0,
    "eN": 0.0,
    "cG": 0.0,
    "kg": 0.0,
    "kprox": 0.0,
    "tP": 0.0,
    "gT": 0.0,
    "kL": 0.0,
    "pI": 0.0,
    "JF": 0.0,
    "width27": 0.0,
    "kden": 0.0,
}


def initial(p=TYPICAL, tumour=0.0, lesion_calcium=150.0):
    """Healthy body with a given tumour; normal extracellular volume, no drug."""
    return [*body.initial(p), 1.0, tumour, lesion_calcium, 1 + p["pL"] * tumour, *[0.0] * 12]


def cut(x, width):
    """``max(x, 0)``, smooth over ``width``."""
    if width == 0:
        return max(x, 0.0)
    z = x / width
    return x + width * log1p(exp(-z)) if z > 0 else width * log1p(exp(z))


def hypercalcaemia(calcium):
    """h: 0 at 2.35 mM, 1 far above 3.2 mM."""

    def hill(c):
        return c**10 / (c**10 + 3.2**10)

    return (hill(calcium) - hill(2.35)) / (1 - hill(2.35))


def filtration(p, v, calcium):
    """GFRe [L/h]."""
    return p["GFR"] * 2 * v ** p["kg"] / (1 + v ** p["kg"]) * (1 - p["cG"] * hypercalcaemia(calcium))


def bone_death(s, p):
    """Multiplier of osteoclast death, normal and in lesions."""
    return zoledronate_pk.osteoclast_death_factor(s["effect_mg"], p["effect"])


def cells(y, s, p, pth):
    """Bone cells with uncoupling, bisphosphonate and the RANKL sink."""
    drug = denosumab_pk.nanomolar(s["central_ug"] / p["pk_denosumab"]["Vc"])
    d = body.bone_cells(y, p | {"denosumab": drug}, pth)
    ob = s["OBfast"] + s["OBslow"]
    d["HAp"] -= p["uAct"] * ob / p["OB0"] / p["HApMRT"]
    act, pic0 = s["TGFBact"], p["Pic0"]
    pic_rob = body.rising(act, p["FracPicROB"] * pic0, p["EmaxPicROB"], p["PicROBgam"], pic0, pic0)
    d["ROB1"] -= p["uDiff"] * p["kb"] * p["OB0"] / pic0 * pic_rob
    pic_oc = body.rising(act, p["FracPicOC"] * pic0, p["EmaxPicOC"], p["PicOCgam"], pic0, pic0)
    survival = body.osteoclast_survival(s["M"], p)
    death = bone_death(s, p)
    d["OC"] -= p["Da"] * pic_oc * survival * s["OC"] * (death - 1)
    m0 = p["k3"] * p["RNK0"] * p["RANKL0"] / p["k4"]
    meff = body.rising(s["M"], p["E0Meff"], p["EmaxMeffOC"], p["kinOCgam"], m0, 1)
    d["OCL"] = p["Da"] * ((1 + p["pL"] * s["TT"]) * meff - s["OCL"] * survival * death)
    return d


def lesion_fluxes(s, p, calcium):
    """(invaded, released, taken) [mmol/h]."""
    ob = (s["OBfast"] + s["OBslow"]) / p["OB0"]
    return p["pI"] * s["TT"], p["kL"] * s["Lb"] * s["OCL"], p["JF"] * calcium / 2.35 * ob


def mineral_rates(y, s, p, pth, gfr):
    """Calcium and phosphate pools and the ledger."""
    d = {}
    v, pthrp = s["v"], p["pP"] * s["TT"]
    calcium, phosphate = s["P"] / (14 * v), s["ECCPhos"] / (14 * v)
    flux = body.minerals(y, p, s["P"] / v)
    exchange_out = flux.exchange_out * (s["Q"] / p["Q0"]) ** p["nQ"]
    faster = p["fx"] * p["k14a"]
    back = faster * s["Qbone"] * (pth / 3.85) ** p["gx"]
    away = faster * p["QboneInit"] / p["Q0"] * s["Q"]
    invaded, released, taken = lesion_fluxes(s, p, calcium)
    absorbed, eaten, d["R"] = body.gut(y, p)
    tubule = p["wT"] * pthrp
    j27a = body.calcium_excretion(
        p, calcium, s["B"] / 14, s["PTH"] / 14 + tubule, gfr,
        filtered=v ** p["kprox"], capacity=1 + p["tP"] * tubule / (tubule + 5),
    )  # fmt: skip
    j27 = cut(j27a, p["width27"])
    j48 = cut(body.phosphate_excretion(p, phosphate, gfr), p["width48"])
    out, into = exchange_out + flux.resorbed + released, flux.exchange_in + flux.deposited + taken
    deep = p["fQb"] * (flux.resorbed - flux.deposited)
    d["P"] = out - into + absorbed - j27
    d["T"] = eaten - absorbed
    d["Q"] = flux.exchange_in + flux.deposited - exchange_out - flux.resorbed + deep + back - away
    d["Qbone"] = away - back - deep - invaded
    d["Lb"] = invaded + taken - released
    d["urine"], d["absorbed"] = j27, eaten
    j53, j54, j56 = p["T52"] * s["PhosGut"], p["T49"] * phosphate, p["T55"] * s["IntraPO"]
    d["ECCPhos"] = body.PHOSPHATE_PER_CALCIUM * (out - into) + j53 + j56 - j48 - j54
    d["PhosGut"] = p["OralPhos"] * p["F12"] - j53
    d["IntraPO"] = j54 - j56
    return d


def drug_rates(s, p):
    """Denosumab and bisphosphonate."""
    names = denosumab_pk.STATES
    found = denosumab_pk.rates(0, [s[n] for n in names], p["pk_denosumab"])
    d = dict(zip(names, found, strict=True))
    names = zoledronate_pk.STATES
    amounts = [s[n] for n in names]
    clasts = s["OC"] / p["OC0"]
    found = zoledronate_pk.rates(0, amounts, p["pk_bisphosphonate"], p["infusion"], clasts)
    d.update(zip(names, found, strict=True))
    q = p["effect"]
    d["effect_mg"] = zoledronate_pk.effect_rate(s["effect_mg"], s["surface_mg"], s["buried_mg"], q)
    return d


def rates(t, y, p=TYPICAL):
    """Right-hand side per hour."""
    s = dict(zip(STATES, y, strict=True))
    y = list(y)[: len(body.STATES)]
    v, pthrp = s["v"], p["pP"] * s["TT"]
    calcium, phosphate, pth = s["P"] / (14 * v), s["ECCPhos"] / (14 * v), s["PTH"] / 14
    h = hypercalcaemia(calcium)
    gfr = filtration(p, v, calcium)
    seen = pth + p["wB"] * pthrp
    d = cells(y, s, p, seen)
    d.update(body.gland(y, p, calcium))
    d["A"] = body.hydroxylase(y, p, pth + p["wA"] * pthrp, phosphate)
    d.update(mineral_rates(y, s, p, seen, gfr))
    d["v"] = p["kv"] * (1 - p["aI"] * h + p["saline"] - v ** p["gN"] * (1 + p["eN"] * h))
    d["TT"] = p["gT"] * s["TT"] * (1 - s["TT"] / p["TTmax"])
    d.update(drug_rates(s, p))
    return [d.get(name, 0.0) for name in STATES]


def calcium_ledger(y):
    """A sum that must stay constant [mmol]: pools + urine - calcium that entered the gut pool."""
    s = dict(zip(STATES, y, strict=True))
    return s["P"] + s["Q"] + s["Qbone"] + s["T"] + s["Lb"] + s["urine"] - s["absorbed"]
