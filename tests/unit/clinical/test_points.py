"""The point tables written down a second time, word by word, so that a slip of the file shows."""

import pytest

import osteocast

SPINE = {
    3: "occiput C1 C2 C7 T1 T2 T11 T12 L1 L5 S1",
    2: "C3 C4 C5 C6 L2 L3 L4",
    1: "T3 T4 T5 T6 T7 T8 T9 T10",
    0: "S2 S3 S4 S5",
}
POINTS = {
    ("sins", "location"): SPINE,
    ("sins", "pain"): {3: "mechanical", 1: "occasional", 0: "none"},
    ("sins", "lesion"): {2: "lytic", 1: "mixed", 0: "blastic"},
    ("sins", "alignment"): {4: "subluxation translation", 2: "kyphosis scoliosis", 0: "normal"},
    ("sins", "collapse"): {3: "51 80 100", 2: "1 20 49", 1: "involved", 0: "none"},
    ("sins", "posterolateral"): {3: "bilateral", 1: "unilateral", 0: "none"},
    ("mirels", "site"): {1: "humerus upper", 2: "lower tibia", 3: "peritrochanteric"},
    ("mirels", "pain"): {1: "mild", 2: "moderate", 3: "functional"},
    ("mirels", "lesion"): {1: "blastic", 2: "mixed", 3: "lytic"},
    ("mirels", "size"): {1: "<1/3", 2: "1/3-2/3", 3: ">2/3"},
    ("tokuhashi", "kps"): {0: "10 40", 1: "50 70", 2: "80 100"},
    ("tokuhashi", "extraspinal_bone"): {0: "3 9", 1: "1 2", 2: "0"},
    ("tokuhashi", "vertebral"): {0: "3 9", 1: "2", 2: "1"},
    ("tokuhashi", "organs"): {0: "unremovable", 1: "removable", 2: "none"},
    ("tokuhashi", "primary"): {
        0: "lung osteosarcoma stomach bladder oesophagus pancreas",
        1: "liver unidentified",
        2: "others",
        3: "kidney uterus",
        4: "rectum",
        5: "thyroid breast prostate carcinoid",
    },
    ("tokuhashi", "frankel"): {0: "A B", 1: "C D", 2: "E"},
    ("tomita", "primary_class"): {
        1: "breast thyroid prostate",
        2: "kidney uterus",
        4: "lung stomach liver colon unknown",
    },
    ("tomita", "visceral"): {0: "none", 2: "treatable", 4: "untreatable"},
    ("tomita", "bone"): {1: "solitary", 2: "multiple"},
    ("bauer", "primary"): {0: "lung", 1: "prostate colorectal thyroid", 2: "breast kidney lymphoma myeloma"},
    ("bauer", "visceral"): {0: "yes", 1: "no"},
    ("bauer", "solitary"): {0: "no", 1: "yes"},
    ("van-der-linden", "kps"): {2: "80 100", 1: "50 70", 0: "20 40"},
    ("van-der-linden", "primary"): {3: "breast", 2: "prostate", 1: "lung", 0: "other kidney"},
    ("van-der-linden", "visceral"): {1: "no absent", 0: "yes present"},
    ("katagiri", "primary_class"): {
        0: "thyroid myeloma lymphoma",
        2: "kidney ovary sarcoma",
        3: "stomach liver unknown",
    },
    ("katagiri", "visceral"): {0: "none", 1: "nodular", 2: "disseminated"},
    ("katagiri", "lab"): {0: "normal", 1: "abnormal", 2: "critical"},
    ("katagiri", "ecog"): {0: "0 1 2 no", 1: "3 4 yes"},
    ("katagiri", "prior_chemo"): {0: "no", 1: "yes"},
    ("katagiri", "multiple_bone"): {0: "no", 1: "yes"},
}


@pytest.mark.parametrize(("name", "item"), sorted(POINTS), ids="-".join)
def test_words_have_the_published_points(name, item):
    for points, words in POINTS[name, item].items():
        for word in words.split():
            found = osteocast.score(name, unchecked=True, **{item: word})
            assert [one.points for one in found.items] == [points], word


def test_the_cord_ends_at_l1():
    levels = [f"{part}{n}" for part, last in (("C", 7), ("T", 12), ("L", 5), ("S", 5)) for n in range(1, last + 1)]
    applies = [level for level in levels if osteocast.score("escc", grade="2", level=level).applicable]
    assert applies == levels[: levels.index("L1") + 1]
