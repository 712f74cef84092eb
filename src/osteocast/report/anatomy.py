"""Shapes and places of a drawn human skeleton, seen from the front.

An original drawing made of point lists. Coordinates are drawing units with x = 0 on the midline, x > 0 on the
viewer's right (the patient's left), y downwards; the figure ends below the knee, as no site lies lower.
"""

from __future__ import annotations

from typing import Final

from osteocast.report.svg import Point

CROP: Final = 716.0
"""Height at which the drawing ends."""

SKULL: Final[tuple[Point, ...]] = (
    (0, 2), (18, 5), (32, 16), (39.5, 34), (39, 50), (36, 60), (37, 69), (33, 77), (25, 80),
    (20, 89), (10, 95), (0, 95.5),
)  # fmt: skip
MANDIBLE: Final[tuple[Point, ...]] = (
    (0, 95), (10, 94.5), (19, 91), (26, 82), (30, 70), (35, 74), (33, 92), (25, 105), (13, 114),
    (0, 115),
)  # fmt: skip
NASAL: Final[tuple[Point, ...]] = ((0, 64), (3.5, 69), (6.5, 78), (4, 81), (0, 79))

STERNUM: Final[tuple[Point, ...]] = (
    (0, 155), (8, 150), (16, 153), (13, 168), (8.5, 177), (9.5, 200), (11, 225), (7, 240),
    (3.5, 244), (3, 254), (0, 260),
)  # fmt: skip
SACRUM: Final[tuple[Point, ...]] = (
    (0, 386), (12, 385), (22, 388), (23, 400), (15, 420), (8, 434), (5, 446), (2, 453), (0, 454),
)  # fmt: skip

# Bones of the patient's left side; the other side is their mirror image.
CLAVICLE: Final[tuple[Point, ...]] = (
    (9, 150), (22, 144), (42, 146), (62, 141), (84, 135), (91, 137), (88, 142), (66, 147),
    (44, 152), (24, 150), (11, 157),
)  # fmt: skip
SCAPULA: Final[tuple[Point, ...]] = (
    (52, 150), (70, 150), (86, 142), (97, 141), (98, 147), (89, 152), (90, 166), (84, 178),
    (76, 214), (69, 231), (63, 222),
    (57, 184),
)  # fmt: skip
HUMERUS: Final[tuple[Point, ...]] = (
    (88, 156), (93, 149), (101, 147), (109, 152), (111, 161), (109, 175), (111, 200), (113, 240),
    (117, 268), (126, 283),
    (124, 292), (115, 294), (104, 293), (101, 285), (106, 270), (105, 240), (101, 200), (97, 176),
    (90, 167),
)  # fmt: skip
ULNA: Final[tuple[Point, ...]] = (
    (103, 297), (110, 296), (112, 310), (114, 345), (118, 384), (117, 391), (112, 390), (109, 350),
    (104, 312),
)  # fmt: skip
RADIUS: Final[tuple[Point, ...]] = (
    (115, 297), (123, 297), (122, 306), (126, 340), (131, 378), (133, 391), (121, 394), (122, 376),
    (118, 340), (117, 308),
)  # fmt: skip
CARPUS: Final[tuple[Point, ...]] = ((113, 396), (123, 397), (134, 395), (136, 404), (126, 410), (115, 407))
FINGERS: Final[tuple[tuple[Point, Point, Point], ...]] = (
    ((137, 404), (147, 418), (152, 432)),
    ((132, 411), (139, 436), (142, 461)),
    ((127, 412), (131, 440), (132, 468)),
    ((121, 411), (123, 438), (122, 464)),
    ((116, 409), (115, 434), (112, 455)),
)
HIP_BONE: Final[tuple[Point, ...]] = (
    (17, 391), (24, 374), (38, 361), (56, 358), (71, 365), (78, 378), (76, 392), (69, 401),
    (68, 409), (71, 416), (70, 428),
    (64, 438), (56, 446), (52, 458), (44, 474), (34, 481), (27, 474), (17, 465), (5, 459), (3, 450),
    (5, 440), (16, 438),
    (28, 432), (34, 424), (31, 412), (23, 404),
)  # fmt: skip
OBTURATOR: Final[tuple[Point, ...]] = ((22, 447), (31, 443), (41, 446), (43, 456), (36, 466), (26, 461))
ILIAC_FOSSA: Final[tuple[Point, ...]] = (
    (28, 396), (36, 376), (54, 369), (68, 376), (64, 396),
    (50, 410), (38, 412),
)  # fmt: skip
FEMUR: Final[tuple[Point, ...]] = (
    (46, 425), (48, 417), (56, 414), (64, 418), (68, 427), (76, 429), (84, 436), (84, 448),
    (80, 460), (77, 490), (71, 540),
    (66, 590), (67, 620), (70, 632), (66, 645), (57, 647), (51, 640), (45, 647), (35, 646),
    (31, 634), (38, 618), (49, 590),
    (58, 540), (63, 490), (62, 464), (60, 452), (58, 442), (49, 436),
)  # fmt: skip
PATELLA: Final[tuple[Point, ...]] = ((52, 617), (60, 622), (60, 632), (52, 639), (44, 632), (44, 622))
TIBIA: Final[tuple[Point, ...]] = (
    (33, 652), (50, 650), (67, 652), (68, 661), (60, 676), (57, 700), (57, 730), (45, 730),
    (44, 700), (42, 678), (33, 663),
)  # fmt: skip
FIBULA: Final[tuple[Point, ...]] = (
    (66, 666), (72, 665), (72, 676), (68, 700), (67, 730),
    (62, 730), (63, 700), (65, 678),
)  # fmt: skip

_RIB_SIDE = (33, 49, 59, 66, 71, 74, 76, 76, 74, 69, 59, 46)
_RIB_DROP = (8, 14, 20, 26, 30, 33, 35, 35, 34, 31, 25, 16)
_RIB_END = (21, 26, 29, 30, 32, 35, 40, 47, 54, 60)
_RIB_END_DROP = (15, 27, 37, 46, 52, 56, 59, 60, 57, 50)
_CARTILAGE = (
    (13, 160), (10, 177), (9.5, 191), (10, 204), (10.5, 216), (10, 227),
    (8, 238), (24, 271), (33, 287), (41, 300),
)  # fmt: skip


def vertebra(level: str) -> tuple[float, float, float, float]:
    """Return centre x, centre y, width and height of a vertebral body.

    Parameters
    ----------
    level : str
        ``C1``-``C7``, ``T1``-``T12`` or ``L1``-``L5``.
    """
    region, place = level[0], int(level[1:])
    if region == "C":
        return 0.0, 96 + 6.4 * (place - 1), 17 + place, 5.4
    if region == "T":
        return 0.0, 142 + 13.6 * (place - 1), 19 + 0.9 * place, 11.6
    return 0.0, 306.5 + 16.6 * (place - 1), 30 + 1.4 * place, 13.8


def vertebrae() -> tuple[str, ...]:
    """Return all vertebral levels from the neck down."""
    return (
        *(f"C{i}" for i in range(1, 8)),
        *(f"T{i}" for i in range(1, 13)),
        *(f"L{i}" for i in range(1, 6)),
    )


def rib_path(place: int) -> tuple[str, str | None]:
    """Return path data of a left rib (1-12) and of its cartilage (None for the two free ribs)."""
    i = place - 1
    _, top, width, _ = vertebra(f"T{place}")
    side, bend = _RIB_SIDE[i], top + _RIB_DROP[i]
    start = f"M{width / 2:.1f},{top:.1f}C{side * 0.55:.1f},{top - 8:.1f} {side},{top + 1:.1f} "
    start += f"{side},{bend:.1f}"
    if place > len(_RIB_END):
        return start, None
    end, low = _RIB_END[i], top + _RIB_END_DROP[i]
    front = f"C{side},{bend + 14:.1f} {end + 14:.1f},{low - 1:.1f} {end},{low:.1f}"
    sternal_x, sternal_y = _CARTILAGE[i]
    cartilage = f"M{end},{low:.1f}Q{(end + sternal_x) / 2 - 3:.1f},{low - 1:.1f} {sternal_x},{sternal_y}"
    return start + front, cartilage


_FIXED: Final[dict[str, Point]] = {
    "sacrum": (0, 403),
    "sternum": (0, 200),
    "skull": (0, 26),
    "ilium": (55, 380),
    "acetabulum": (66, 412),
    "pubis-ischium": (24, 440),
    "femur-head-neck": (57, 427),
    "femur-trochanteric": (77, 445),
    "femur-subtrochanteric": (70, 484),
    "femur-shaft": (64, 550),
    "femur-distal": (53, 608),
    "humerus-proximal": (101, 160),
    "humerus-shaft": (107, 222),
    "humerus-distal": (114, 284),
}


def place_of(site: str) -> Point | None:
    """Return where a site lies on the drawing, or None for a site it does not show (``other``)."""
    if site in vertebrae():
        x, y, _, _ = vertebra(site)
        return x, y
    for side, sign in (("left", 1), ("right", -1)):
        bone, found, part = site.partition(f"-{side}-")
        if not found:
            continue
        if bone == "rib" and part.isascii() and part.isdigit() and 1 <= int(part) <= len(_RIB_SIDE):
            i = int(part) - 1
            return sign * (_RIB_SIDE[i] - 2), vertebra(f"T{part}")[1] + _RIB_DROP[i]
        point = _FIXED.get(part if bone == "pelvis" else f"{bone}-{part}")
        return None if point is None else (sign * point[0], point[1])
    return _FIXED.get(site) if site in {"sacrum", "sternum", "skull"} else None
