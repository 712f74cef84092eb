"""Pivonka 2008 cell-population model of one bone unit; days and pM.

Structure: the physiome.org description; values: the MIT-licensed ``bone-models`` package.  The rate of
pre-osteoblast maturation is 0.26741 /d: the value written as 0.26741/0.05 there does not give the
published steady state.
"""

STATES = ["OBp", "OBa", "OCa"]

PARAMETERS = {
    "D_OBu": 7.0e-4,  # pM/d
    "D_OBp": 0.26741,  # 1/d
    "A_OBa": 0.189,
    "D_OCp": 2.1e-3,  # pM/d
    "A_OCa": 0.7,
    "K_act_TGFb": 4.5455e-3,  # differentiation of OBu and death of OCa
    "K_rep_TGFb": 1.41562e-3,  # maturation of OBp
    "K_act_RANKL": 4.45745,
    "KA_RANKL": 3.41176e-2,  # 1/pM, RANK-RANKL
    "KA_OPG": 1e-3,  # 1/pM, OPG-RANKL
    "K_act_PTH": 150.0,
    "K_rep_PTH": 0.22258,
    "PTH_production": 250.0,  # pM/d
    "PTH_degradation": 86.0,  # 1/d
    "OPG_per_OBa": 1.6249e8,  # 1/d
    "OPG_max": 2e8,  # pM
    "OPG_degradation": 0.35,  # 1/d
    "RANKL_per_OBp": 2.70348e6,  # pM per pM
    "RANKL_production": 168.42,  # pM/d
    "RANKL_degradation": 10.1325,  # 1/d
    "RANK": 10.0,  # pM
    # Dosing terms of the published experiments.
    "I_PTH": 0.0,
    "I_OPG": 0.0,
    "I_RANKL": 0.0,
    "I_TGFb": 0.0,
    "P_OBp": 0.0,
    "P_OBa": 0.0,
    "P_OCa": 0.0,
    # Extensions: tumour factors (all neutral at 0), denosumab binding KD*L and bisphosphonate effect.
    "PTHrP": 0.0,
    "r": 0.0,
    "d": 0.0,
    "w": 0.0,
    "o": 0.0,
    "KD_L": 0.0,
    "E_bp": 1.0,
}

STEADY_STATE = (6.196390628e-4, 5.5839319e-4, 8.069635263e-4)


def act(x, k):
    """Activating Michaelis-Menten function."""
    return x / (x + k)


def rep(x, k):
    """Repressing Michaelis-Menten function."""
    return k / (x + k)


def rank_ligand(ob_p, ob_a, p, tumour=0.0):
    """Free RANKL [pM]."""
    pth = (p["PTH_production"] + p["I_PTH"]) / p["PTH_degradation"] + p["PTHrP"] * tumour
    made = p["OPG_per_OBa"] * ob_a * rep(pth, p["K_rep_PTH"])
    opg = (made + p["I_OPG"]) * p["OPG_max"] / (made + p["OPG_degradation"] * p["OPG_max"])
    effective = p["RANKL_per_OBp"] * ob_p * act(pth, p["K_act_PTH"]) * (1 + p["r"] * tumour)
    free = effective / (1 + p["KA_OPG"] * opg + p["KA_RANKL"] * p["RANK"] + p["KD_L"])
    made_ligand = p["RANKL_production"] + p["I_RANKL"]
    return free * made_ligand / (p["RANKL_production"] + p["RANKL_degradation"] * effective)


def rates(t, y, p=PARAMETERS, tumour=0.0):
    """Right-hand side [pM/d]; ``tumour`` scales the tumour factors (0 to 1)."""
    ob_p, ob_a, oc_a = y
    tgf = oc_a + p["I_TGFb"]
    rankl = rank_ligand(ob_p, ob_a, p, tumour)
    born = p["D_OBu"] * act(tgf, p["K_act_TGFb"]) * (1 + p["w"] * tumour) / (1 + p["d"] * tumour)
    matured = p["D_OBp"] * ob_p * rep(tgf, p["K_rep_TGFb"])
    died = p["A_OBa"] * ob_a * (1 + p["o"] * tumour)
    bound = p["KA_RANKL"] * rankl * p["RANK"]
    clasts = p["D_OCp"] * act(bound, p["K_act_RANKL"])
    clasts_died = p["A_OCa"] * oc_a * act(tgf, p["K_act_TGFb"]) * p["E_bp"]
    return [born - matured + p["P_OBp"], matured - died + p["P_OBa"], clasts - clasts_died + p["P_OCa"]]
