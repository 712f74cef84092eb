"""The score command and the guards: what is printed, refused and not applicable."""

import contextlib
import json
from random import Random

import pytest

import osteocast
from osteocast import cli
from osteocast.formats.instrument_file import instrument, instrument_names
from osteocast.foundation.banner import BANNER
from osteocast.foundation.errors import InputError


def run(*arguments, capsys):
    code = cli.run(["score", *arguments])
    captured = capsys.readouterr()
    assert "Traceback" not in captured.out + captured.err
    return code, captured.out, captured.err


def test_an_open_score_is_told_in_words(capsys):
    code, shown, _ = run(
        "sins", "--location", "T9", "--pain=mechanical", "--lesion", "lytic", "--collapse", ">50 %",
        "--posterolateral", "bilateral", capsys=capsys,
    )  # fmt: skip
    assert code == 0
    flat = " ".join(shown.split())
    assert BANNER in flat
    assert "Total: open, 12 to 16 of 18" in flat
    assert "Band: open, potentially unstable or unstable" in flat
    assert "(7 and more): yes, settled" in flat
    assert "the most useful first: alignment (settles it)" in flat
    assert "Guards not checked: age not given; origin of the tumour not given" in flat
    assert "contradict each other on pain, bands, collapse" in flat
    assert "Published: " in flat
    assert max(map(len, shown.splitlines())) <= 80


def test_json_holds_everything(capsys):
    code, shown, _ = run("mirels", "--site", "humerus", "--pain", "none", "--json", capsys=capsys)
    found = json.loads(shown)
    assert code == 0
    assert found["banner"] == BANNER
    assert found["values"] == {"total": None, "band": None}
    assert found["answers"][0]["bounds"] == [4, 8]
    assert {"licence", "population", "accuracy", "conflicts", "sources", "status", "version"} <= set(found)


def test_list_and_items(capsys):
    code, shown, _ = run("--list", capsys=capsys)
    assert code == 0
    assert [line.split("\t")[0] for line in shown.splitlines()] == list(instrument_names())
    assert "pain-response\tmemory\t" in shown
    code, shown, _ = run("van-der-linden", capsys=capsys)
    assert code == 0
    assert "--kps" in shown
    assert json.loads(run("--list", "--json", capsys=capsys)[1]).keys() == set(instrument_names())
    assert json.loads(run("escc", "--json", capsys=capsys)[1])["title"]


@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        ([], ["instrument.unknown"]),
        (["mirel"], ["instrument.unknown"]),
        (["sins", "T9"], ["instrument.argument"]),
        (["sins", "--location"], ["instrument.argument"]),
        (["sins", "--location", "--pain", "none"], ["instrument.argument"]),
        (["sins", "--location", "T99", "--pian", "x"], ["instrument.item-unknown", "instrument.level"]),
        (["sins", "--location", "T9", "--level", "T10"], ["instrument.item-twice"]),
        (["pain-band", "--pain", "4.5"], ["instrument.number"]),
        (["pain-band", "--pain", "11"], ["instrument.range"]),
        (["pain-band", "--pain", "nan"], ["instrument.number"]),
        (["tokuhashi", "--kps", "45"], ["instrument.level"]),
        (["tomita", "--primary", "breast", "--primary-class", "rapid"], ["instrument.contradiction"]),
        (["pain-response", "--pain-before", "8"], ["instrument.unchecked"]),
        (["--cases", "no-such-file.json"], ["file.missing"]),
    ],
)
def test_problems_are_coded_and_told_all_at_once(arguments, codes, capsys):
    code, shown, told = run(*arguments, capsys=capsys)
    assert code == 2
    assert not shown
    assert [line[1:].partition("]")[0] for line in told.splitlines() if line.startswith("[")] == codes


@pytest.mark.parametrize(
    ("name", "items", "word"),
    [
        ("sins", {"age": 12, "location": "T9"}, "adults"),
        ("sins", {"origin": "Ewing sarcoma", "location": "T9"}, "arise in bone"),
        ("mirels", {"site": "rib"}, "long bones"),
        ("escc", {"grade": "2", "level": "L3"}, "conus"),
        ("axial-cortical", {"axial": 31, "bone": "humerus"}, "femur"),
        ("zoledronate-dose", {"crcl": 80, "indication": "hypercalcaemia"}, "hypercalcaemia"),
        ("pain-response", {"pain_before": 0}, "Without pain"),
    ],
)
def test_out_of_its_population_an_instrument_does_not_apply(name, items, word):
    found = osteocast.score(name, unchecked=True, **items)
    assert not found.applicable
    assert not found.answers
    assert any(word in reason for reason in found.reasons)


def test_junk_is_refused_in_words(capsys):
    """A thousand odd values for every item: an answer or a coded message, never anything else."""
    random = Random(20261128)
    junk = ["", " ", "-", "--", "nan", "inf", "1e999", "-5", "0", "50", "T0", "T9-", "-T9", "T9-T99", ",", "<", ">=3"]
    junk += ["\x00", "é" * 500, "1/0", "7 mg/dL", "7 furlongs", "[]", "None", "9" * 5000, "yes", "no", "true", "µmol/L"]
    odd = [*junk, None, True, False, 3, -1, 2.5, float("nan"), float("inf"), 10**400, [], ["T9", 4], {}, (), object()]
    names = instrument_names()
    for _ in range(1000):
        name = random.choice(names)
        items = {key: random.choice(odd) for key in instrument(name).items if random.random() < 0.6}
        with contextlib.suppress(InputError):
            json.dumps(osteocast.score(name, unchecked=True, **items).to_dict())
    for value in junk:
        assert run("sins", "--location", value, capsys=capsys)[0] in (0, 2)


def test_myeloma_is_a_caveat_of_corrected_calcium():
    found = osteocast.score("corrected-calcium-mg-dl", ca_mg_dl=9, albumin_g_dl=4, origin="Myeloma")
    assert found.values == {"corrected_mg_dl": 9.0}
    assert any("paraprotein" in note for note in found.notes)


def test_tokuhashi_knows_osteosarcoma():
    assert osteocast.score("tokuhashi", primary="osteosarcoma").applicable


def test_a_primary_that_leaves_two_classes_open_is_asked_about():
    found = osteocast.score("katagiri", unchecked=True, primary="breast")
    assert found.answer("total").bounds == (0, 9)
    assert any("Hormone sensitivity" in note for note in found.notes)
    settled = osteocast.score("tomita", primary="kidney")
    assert [one.points for one in settled.items if one.name == "primary_class"] == [2]
