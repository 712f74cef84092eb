"""The drawn skeleton: each lesion at its site, its kind told by shape and filling, never by colour alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from markupsafe import Markup

from osteocast.report import anatomy
from osteocast.report.svg import Point, group, mirrored, number, outline, picture, polyline, symmetric, tag
from osteocast.report.wording import lesion_text, plain, site_text

_TOP: Final = -8.0
_COLUMN: Final = 162.0
"""Distance of the labels from the midline."""
_RADIUS: Final = 7.5
_LINE: Final = 26.0
_LETTER: Final = 13.6
"""Mean width of a letter of a label, on the generous side."""
_LONGEST: Final = 21
"""Characters that fit beside the drawing."""

_Look = dict[str, str | float | None]

_BONE: Final[_Look] = {
    "fill": "#F4F0E6",
    "stroke": "#8C8677",
    "stroke_width": 1.1,
    "stroke_linejoin": "round",
}
_CARTILAGE: Final[_Look] = {
    "fill": "none",
    "stroke": "#D9D4C6",
    "stroke_width": 3.0,
    "stroke_linecap": "round",
}
_DARK: Final[_Look] = {"fill": "#B9B3A3", "stroke": "#8C8677", "stroke_width": 0.8}
_INK = "#14202B"


@final
@dataclass(frozen=True, slots=True)
class _Mark:
    number: int
    at: Point
    kind: str | None
    lines: tuple[str, ...]

    @property
    def height(self) -> float:
        """Room its label takes."""
        return _LINE * (len(self.lines) + 0.35)


def skeleton(lesions: Sequence[Mapping[str, Any]]) -> Markup:
    """Draw the skeleton with its lesions, numbered in the order given.

    Parameters
    ----------
    lesions : sequence of mapping
        ``patient.lesions`` of a result: ``site``, ``kind``, ``size_mm``.

    Returns
    -------
    Markup
        One inline SVG picture. Sites the drawing does not show stand in a line below it.
    """
    marks, elsewhere = _marks(lesions)
    left, right = _sides(marks)
    drawn = [*_back(), *_trunk(), *_limbs(), _fade()]
    drawn += [*_labels(left, -1), *_labels(right, 1), *(_marker(m) for m in marks)]
    drawn += [_side_name(-1), _side_name(1)]
    height = anatomy.CROP + 14.0
    if elsewhere:
        names = "; ".join(f"{', '.join(m.lines)}" for m in elsewhere)
        drawn.append(_text((0, height + 10), f"Not drawn: {names}", 22, "middle"))
        height += 26
    title = f"Skeleton seen from the front with {len(lesions)} lesion{'' if len(lesions) == 1 else 's'}"
    # The picture is as wide as its labels need, so that they are as large as the page allows.
    longest = max((len(line) for m in marks for line in m.lines), default=0)
    half = max(_COLUMN + _LETTER * longest, 240.0)
    moved = group(drawn, transform=f"translate({number(half)} {number(-_TOP)})")
    return picture((2 * half, height - _TOP), title, [_patterns(), moved], "skeleton")


_SHOWN: Final = {
    "skull": "skull",
    "vertebra-cervical": "C5",
    "vertebra-thoracic": "T6",
    "rib": "rib-left-7",
    "sternum": "sternum",
    "humerus": "humerus-left-shaft",
    "vertebra-lumbar": "L3",
    "pelvis": "pelvis-left-ilium",
    "femur-proximal": "femur-left-trochanteric",
    "femur-shaft": "femur-left-shaft",
}
"""One place of each class of sites that stands for all of it."""


def skeleton_shares(shares: Mapping[str, float]) -> Markup:
    """Draw the skeleton with the share of lesions in each class of sites, as circles of that area.

    Parameters
    ----------
    shares : mapping
        By label of the site class [1]; a class that the drawing does not show stands in a line below it.
    """
    shown = [(name, place) for name, site in _SHOWN.items() if (place := anatomy.place_of(site)) is not None]
    shown.sort(key=lambda one: one[1][1])
    heights = spread([place[1] for _, place in shown], [1.6 * _LINE] * len(shown), 14, anatomy.CROP)
    drawn = [*_back(), *_trunk(), *_limbs(), _fade()]
    for (name, place), y in zip(shown, heights, strict=True):
        share = shares.get(name, 0.0)
        line = polyline([place, (_COLUMN - 24, y), (_COLUMN - 4, y)])
        drawn.append(tag("path", d=line, fill="none", stroke="#4A5661", stroke_width=1.1))
        size = 60.0 * share**0.5
        drawn.append(tag("circle", cx=place[0], cy=place[1], r=size, fill="#0072B2", fill_opacity=0.55, stroke=_INK))
        words = f"{name.replace('-', ' ')} {100 * share:.0f} %"
        drawn.append(_text((_COLUMN, y + 8), words, 23, "start"))
    other = f"other bones {100 * shares.get('other', 0.0):.0f} %"
    drawn.append(_text((0, anatomy.CROP + 24), other, 22, "middle"))
    half = 150.0
    moved = group(drawn, transform=f"translate({number(half)} {number(-_TOP)})")
    size_of_picture = (half + _COLUMN + 24 * _LETTER, anatomy.CROP + 40.0 - _TOP)
    return picture(size_of_picture, "Share of lesions by site", [_patterns(), moved], "skeleton")


_THIGH: Final = 540.0
"""Height at which a drawing without the knees ends."""

_USUAL: Final = {
    "skull": ("skull",),
    "rib": ("rib-left-5", "rib-right-8"),
    "humerus": ("humerus-left-proximal", "humerus-right-proximal"),
    "sternum": ("sternum",),
    "vertebra": ("L2", "C5", "T10"),
    "pelvis": ("pelvis-left-ilium", "pelvis-right-ilium"),
    "femur": ("femur-left-trochanteric", "femur-right-trochanteric"),
}
"""Places that stand for the usual bones; the label of a bone belongs to its first place."""


def skeleton_places(labels: Mapping[str, str], title: str) -> Markup:
    """Draw the skeleton with the bones where metastases are most often found.

    Parameters
    ----------
    labels : mapping
        Words by bone, in the keys of `_USUAL`.
    title : str
        What a screen reader says the picture is.
    """
    places = {bone: [place for site in sites if (place := anatomy.place_of(site))] for bone, sites in _USUAL.items()}
    shown = sorted(places, key=lambda bone: places[bone][0][1])
    heights = spread([places[bone][0][1] for bone in shown], [1.7 * _LINE] * len(shown), 14, _THIGH)
    drawn = [*_back(), *_trunk(), *_limbs(), _fade(_THIGH)]
    for bone, y in zip(shown, heights, strict=True):
        line = polyline([places[bone][0], (_COLUMN - 24, y), (_COLUMN - 4, y)])
        drawn.append(tag("path", d=line, fill="none", stroke="#FFFFFF", stroke_width=4.4, opacity=0.85))
        drawn.append(tag("path", d=line, fill="none", stroke=_INK, stroke_width=1.6))
        drawn += [tag("circle", cx=x, cy=y, r=10, fill=_INK, stroke="#FFFFFF", stroke_width=2) for x, y in places[bone]]
        drawn.append(_text((_COLUMN + 2, y + 10), labels[bone], 32, "start", weight="600"))
    half = 150.0
    longest = max(len(label) for label in labels.values())
    moved = group(drawn, transform=f"translate({number(half)} {number(-_TOP)})")
    size = (half + _COLUMN + 8 + 1.5 * _LETTER * longest, _THIGH - _TOP)
    return picture(size, title, [_patterns(), moved], "skeleton")


def legend_marker(kind: str | None) -> Markup:
    """Draw the marker of a kind alone, for legends and tables on the page that holds the skeleton."""
    mark = _Mark(0, (10, 10), kind, ())
    return picture((20, 20), kind or "kind unknown", [_marker(mark)], "marker")


def _marks(lesions: Sequence[Mapping[str, Any]]) -> tuple[list[_Mark], list[_Mark]]:
    marks: list[_Mark] = []
    elsewhere: list[_Mark] = []
    used: dict[Point, int] = {}
    for index, lesion in enumerate(lesions, start=1):
        site = plain(lesion["site"])
        bone, _, part = site_text(site).partition(", ")
        lines = tuple(_cut(line) for line in (f"{index} {bone}", part, lesion_text(lesion)) if line)
        place = anatomy.place_of(site)
        if place is None:
            elsewhere.append(_Mark(index, (0, 0), lesion.get("kind"), lines))
            continue
        # Lesions of one site stand side by side instead of hiding one another.
        shift = used.get(place, 0)
        used[place] = shift + 1
        at = (place[0] + shift * 1.6 * _RADIUS, place[1])
        marks.append(_Mark(index, at, lesion.get("kind"), lines))
    return marks, elsewhere


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _sides(marks: Sequence[_Mark]) -> tuple[list[_Mark], list[_Mark]]:
    """Share the labels between both sides: side bones go to their own, midline bones to the emptier one."""
    left = [m for m in marks if m.at[0] < -20]
    right = [m for m in marks if m.at[0] > 20]
    for mark in sorted((m for m in marks if abs(m.at[0]) <= 20), key=lambda m: m.at[1]):
        near_left = sum(1 / (1 + abs(m.at[1] - mark.at[1]) / (2 * _LINE)) for m in left)
        near_right = sum(1 / (1 + abs(m.at[1] - mark.at[1]) / (2 * _LINE)) for m in right)
        (left if near_left < near_right else right).append(mark)
    return sorted(left, key=lambda m: m.at[1]), sorted(right, key=lambda m: m.at[1])


def spread(wanted: Sequence[float], sizes: Sequence[float], low: float, high: float) -> list[float]:
    """Move sorted positions as little as a forward and a backward pass need to keep them apart.

    Parameters
    ----------
    wanted : sequence of float
        Positions in ascending order.
    sizes : sequence of float
        Room each one needs after its position.
    low, high : float
        Limits. Positions that do not fit are pressed together evenly.
    """
    scale = min(1.0, (high - low) / max(sum(sizes), 1.0))
    placed: list[float] = []
    for i, y in enumerate(wanted):
        placed.append(max(y, low if i == 0 else placed[-1] + scale * sizes[i - 1]))
    limit = high
    for i in range(len(placed) - 1, -1, -1):
        placed[i] = min(placed[i], limit - scale * sizes[i])
        limit = placed[i]
    return placed


def _labels(marks: Sequence[_Mark], side: int) -> list[Markup]:
    room = anatomy.CROP
    short = sum(m.height for m in marks) > room
    # A body full of lesions keeps only the first line of each label; the table has the rest.
    sizes = [1.1 * _LINE if short else m.height for m in marks]
    heights = spread([m.at[1] for m in marks], sizes, 14, room)
    anchor = "start" if side > 0 else "end"
    drawn = []
    for mark, y in zip(marks, heights, strict=True):
        x = side * _COLUMN
        line = polyline([mark.at, (x - side * 24, y), (x - side * 4, y)])
        drawn.append(tag("path", d=line, fill="none", stroke="#FFFFFF", stroke_width=3.4, opacity=0.85))
        drawn.append(tag("path", d=line, fill="none", stroke="#4A5661", stroke_width=1.1))
        drawn.append(_text((x, y + 8), mark.lines[0], 25, anchor, weight="700"))
        for i, words in enumerate([] if short else mark.lines[1:], start=1):
            drawn.append(_text((x, y + 8 + i * _LINE), words, 23, anchor, colour="#3D4852"))
    return drawn


def _text(at: Point, words: str, size: float, anchor: str, colour: str = _INK, weight: str = "400") -> Markup:
    style: _Look = {"font_size": size, "text_anchor": anchor, "fill": colour, "font_weight": weight}
    return tag("text", words, x=at[0], y=at[1], **style)


def _side_name(side: int) -> Markup:
    name = "Patient's left" if side > 0 else "Patient's right"
    return _text((side * 96, anatomy.CROP - 10), name, 18, "start" if side > 0 else "end", colour="#6A7580")


def _marker(mark: _Mark) -> Markup:
    x, y = mark.at
    r = _RADIUS
    edge: _Look = {"stroke": _INK, "stroke_width": 2.2}
    if mark.kind == "lytic":
        shape = tag("circle", cx=x, cy=y, r=r, fill="#FFFFFF", **edge)
        return group([shape, tag("circle", cx=x, cy=y, r=r * 0.3, fill=_INK)])
    if mark.kind == "sclerotic":
        return tag("rect", x=x - r, y=y - r, width=2 * r, height=2 * r, fill=_INK, stroke="#FFFFFF", stroke_width=1.2)
    reach = r * 1.3
    if mark.kind == "mixed":
        corners = f"M{number(x)},{number(y - reach)}l{number(reach)},{number(reach)}"
        corners += f"l-{number(reach)},{number(reach)}"
        corners += f"l-{number(reach)},-{number(reach)}z"
        return group([tag("path", d=corners, fill=fill, **edge) for fill in ("#FFFFFF", "url(#hatch)")])
    corners = f"M{number(x)},{number(y - reach)}l{number(reach)},{number(1.8 * reach)}h-{number(2 * reach)}z"
    return tag("path", d=corners, fill="#FFFFFF", **edge)


def _patterns() -> Markup:
    line = tag("path", d="M0,0V4", stroke=_INK, stroke_width=2.2)
    hatch = Markup(
        '<pattern id="hatch" width="4" height="4" patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(45)">'
        f"{line}</pattern>"
    )
    stops = tag("stop", offset=0, stop_color="#FFFFFF", stop_opacity=0) + tag("stop", offset=1, stop_color="#FFFFFF")
    fade = Markup(f'<linearGradient id="fade" x1="0" y1="0" x2="0" y2="1">{stops}</linearGradient>')
    return tag("defs", hatch, fade)


def _fade(bottom: float = anatomy.CROP) -> Markup:
    """Let the legs fade out where the drawing ends."""
    top = bottom - 46
    return tag("rect", x=-100, y=top, width=200, height=64, fill="url(#fade)")


def _bone(points: Sequence[Point]) -> Markup:
    return tag("path", d=outline(points), **_BONE)


def _pair(points: Sequence[Point]) -> list[Markup]:
    return [_bone(points), _bone(mirrored(points))]


def _both(shapes: Sequence[Markup]) -> Markup:
    """Draw left-side shapes and their mirror image."""
    return group([group(shapes), group(shapes, transform="scale(-1 1)")])


def _tube(data: str, width: float) -> list[Markup]:
    """Draw a line as a bone: an edge and a lighter core."""
    line: _Look = {"d": data, "fill": "none", "stroke_linecap": "round"}
    edge = tag("path", stroke="#8C8677", stroke_width=width, **line)
    return [edge, tag("path", stroke="#F4F0E6", stroke_width=width - 2.2, **line)]


def _back() -> list[Markup]:
    """Shoulder blades, ribs seen behind the spine, and the spine."""
    drawn = [*_pair(anatomy.SCAPULA)]
    for level in reversed(anatomy.vertebrae()):
        x, y, width, height = anatomy.vertebra(level)
        reach = width / 2 + {"C": 3, "T": 4, "L": 10}[level[0]]
        drawn += _tube(f"M{number(-reach)},{number(y)}H{number(reach)}", 4.6)
        drawn.append(tag("rect", x=x - width / 2, y=y - height / 2, width=width, height=height, rx=2.6, **_BONE))
    return drawn


def _trunk() -> list[Markup]:
    drawn: list[Markup] = []
    for place in range(12, 0, -1):
        rib, cartilage = anatomy.rib_path(place)
        shapes = [] if cartilage is None else [tag("path", d=cartilage, **_CARTILAGE)]
        drawn.append(_both([*shapes, *_tube(rib, 5.4)]))
    # The breastbone is translucent so that lesions of the thoracic spine stay in sight of their bone.
    drawn.append(tag("path", d=outline(symmetric(anatomy.STERNUM)), opacity=0.8, **_BONE))
    drawn += _pair(anatomy.CLAVICLE)
    drawn += [_bone(symmetric(anatomy.MANDIBLE)), _bone(symmetric(anatomy.SKULL))]
    eye = tag("ellipse", cx=16, cy=57, rx=10, ry=8.6, transform="rotate(8 16 57)", **_DARK)
    drawn += [_both([eye]), tag("path", d=outline(symmetric(anatomy.NASAL)), **_DARK)]
    teeth = "".join(f"M{x},92V99" for x in range(-12, 13, 4))
    drawn.append(tag("path", d="M-16,94.5Q0,97.5 16,94.5" + teeth, fill="none", stroke="#8C8677", stroke_width=0.9))
    return drawn


def _limbs() -> list[Markup]:
    drawn = [_bone(symmetric(anatomy.SACRUM))]
    holes = [tag("circle", cx=9 - i, cy=397 + 11 * i, r=1.7, **_DARK) for i in range(4)]
    hollow = tag("path", d=outline(anatomy.ILIAC_FOSSA), fill="#EAE4D6", stroke="none")
    window = tag("path", d=outline(anatomy.OBTURATOR), fill="#FFFFFF", stroke="#8C8677", stroke_width=0.9)
    hip = tag("path", d=outline(anatomy.HIP_BONE), **_BONE)
    drawn.append(_both([*holes, hip, hollow, window]))
    for points in (anatomy.FIBULA, anatomy.TIBIA, anatomy.FEMUR, anatomy.PATELLA):
        drawn += _pair(points)
    for points in (anatomy.ULNA, anatomy.RADIUS, anatomy.CARPUS, anatomy.HUMERUS):
        drawn += _pair(points)
    fingers = [shape for line in anatomy.FINGERS for shape in _tube(polyline(line), 4.4)]
    drawn.append(_both(fingers))
    return drawn
