"""Drawn figures of a strength: what the bone carries beside loads of daily life, and force against displacement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup

from osteocast.report.figures import round_limit, tick_values
from osteocast.report.svg import Point, group, picture, polyline, tag

__all__ = ["carries", "curve"]

_INK: Final = "#14202B"
_QUIET: Final = "#5A6570"
_RULE: Final = "#D5DADE"
_STRONG: Final = "#00507D"
_OTHER: Final = "#8A949C"
_WIDTH: Final = 420.0
_LEFT: Final = 8.0
_RIGHT: Final = 264.0
_ROW: Final = 34.0
_NAME: Final = 13.0
_AXIS: Final = 26.0
_BAND: Final = 0.13
_CURVE: Final = (460.0, 250.0)
_KILO: Final = 1000.0

Row = Mapping[str, Any]
"""``title``, ``load_n`` and, where known, ``low_n`` and ``high_n``; ``kind`` is "carried", "without" or "daily"."""


def carries(rows: Sequence[Row]) -> Markup:
    """Draw failure load and loads of daily life as bars on one scale; the first row is the bone.

    The dashed line and its band carry the bone's load and interval down through the other rows. Names stand above
    their bars and numbers right of the scale, so that no line crosses them and a phone shows them legibly.
    """
    top = max(max(r["load_n"], r.get("high_n") or 0.0) for r in rows)
    scale = round_limit(top / _KILO)
    height = _AXIS + _ROW * len(rows) + 6.0
    drawn = [_grid(scale, height)]
    bone = rows[0]
    middle = _x(bone["load_n"], scale)
    low, high = (middle if bone.get(k) is None else _x(bone[k], scale) for k in ("low_n", "high_n"))
    drawn.append(
        tag("rect", x=low, y=_AXIS, width=max(high - low, 0.1), height=height - _AXIS, fill=_STRONG, fill_opacity=_BAND)
    )
    line = "".join(f"M{middle:.2f},{_AXIS + _ROW * n + _NAME + 2.0}v{_ROW - _NAME - 2.0}" for n in range(len(rows)))
    drawn.append(tag("path", d=line, stroke=_STRONG, stroke_width=1.4, stroke_dasharray="4 3"))
    for number, row in enumerate(rows):
        drawn.append(_bar(row, _AXIS + _ROW * number, scale, bone))
    return picture((_WIDTH, height), "Load this bone carries beside loads of daily life, kN", drawn, "carries")


def _x(newton: float, scale: float) -> float:
    return _LEFT + (_RIGHT - _LEFT) * min(max(newton / _KILO / scale, 0.0), 1.0)


def _grid(scale: float, height: float) -> Markup:
    drawn = []
    for value in tick_values(0.0, scale):
        x = _x(value * _KILO, scale)
        drawn.append(tag("path", d=polyline([(x, _AXIS - 4), (x, height)]), stroke=_RULE, stroke_width=0.8))
        drawn.append(_words((x, 14.0), f"{value:g} kN" if value else "0", "middle", _QUIET))
    return group(drawn)


def _bar(row: Row, top: float, scale: float, bone: Row) -> Markup:
    daily = row["kind"] == "daily"
    thick = 9.0 if daily else 13.0
    middle = top + (_NAME + _ROW) / 2.0
    style: dict[str, Any] = {"fill": _OTHER} if daily else {"fill": _STRONG}
    if row["kind"] == "without":
        style = {"fill": "#FFFFFF", "stroke": _STRONG, "stroke_width": 1.6}
    drawn = [
        _words((_LEFT, top + _NAME - 1.0), row["title"], "start", _INK, weight=None if daily else "600"),
        tag(
            "rect",
            x=_LEFT,
            y=middle - thick / 2.0,
            width=max(_x(row["load_n"], scale) - _LEFT, 0.6),
            height=thick,
            **style,
        ),
    ]
    if row.get("low_n") is not None and row.get("high_n") is not None:
        a, b = _x(row["low_n"], scale), _x(row["high_n"], scale)
        drawn.append(tag("path", d=f"M{a:.2f},{middle}H{b:.2f}", stroke=_INK, stroke_width=1.6))
        ends = "".join(f"M{x:.2f},{middle - 5}v10" for x in (a, b))
        drawn.append(tag("path", d=ends, stroke=_INK, stroke_width=1.6))
    text = f"{row['load_n'] / _KILO:.2g}" if row["load_n"] < 10 * _KILO else f"{row['load_n'] / _KILO:.0f}"
    said = _standing(row["load_n"], bone) if daily else " kN"
    weight = "600" if not daily or "exceeds" in said else None
    drawn.append(_words((_RIGHT + 12.0, middle + 4.0), text + said, "start", _INK, weight))
    return group(drawn)


def _standing(load_n: float, bone: Row) -> str:
    """Return where a load stands to what the bone carries; nothing is told apart inside of the interval."""
    low, high = bone.get("low_n"), bone.get("high_n")
    if low is None or high is None or load_n < low:
        return ""
    return " within its interval" if load_n <= high else " exceeds it"


def curve(all_series: Sequence[Mapping[str, Any]]) -> Markup:
    """Draw force against displacement; each series has ``title``, ``displacement_mm``, ``force_n``, ``at_mm``,
    ``at_n``.

    The first is drawn in full, others dashed; a ring marks failure.
    """
    width, height = _CURVE
    left, right, top, bottom = 46.0, width - 12.0, 14.0, height - 34.0
    reach = round_limit(max(max(one["displacement_mm"]) for one in all_series))
    limit = round_limit(max(max(one["force_n"]) for one in all_series) / _KILO)

    def at(mm: float, newton: float) -> Point:
        """Return the point of a displacement and a force."""
        return left + (right - left) * mm / reach, bottom - (bottom - top) * newton / _KILO / limit

    drawn = []
    for value in tick_values(0.0, limit):
        x, y = at(0.0, value * _KILO)
        drawn.append(tag("path", d=polyline([(x, y), (right, y)]), stroke=_RULE, stroke_width=0.8))
        drawn.append(_words((x - 6.0, y + 4.0), f"{value:g}", "end", _QUIET))
    for value in tick_values(0.0, reach):
        x, y = at(value, 0.0)
        drawn.append(tag("path", d=polyline([(x, y), (x, y + 4.0)]), stroke=_QUIET, stroke_width=0.8))
        drawn.append(_words((x, y + 17.0), f"{value:g}", "middle", _QUIET))
    drawn.append(_words((right, bottom + 31.0), "displacement of the loaded surface, mm", "end", _QUIET))
    drawn.append(_words((left - 38.0, 9.0), "kN", "start", _QUIET))
    highest = max(one["at_n"] for one in all_series)
    for number, one in enumerate(all_series):
        points = [at(mm, n) for mm, n in zip(one["displacement_mm"], one["force_n"], strict=True)]
        dash = None if number == 0 else "5 3"
        line = {"stroke": _STRONG if number == 0 else _QUIET, "stroke_dasharray": dash, "fill": "none"}
        drawn.append(tag("path", d=polyline(points), stroke_width=2.2, stroke_linejoin="round", **line))
        x, y = at(one["at_mm"], one["at_n"])
        drawn.append(tag("circle", cx=x, cy=y, r=4.6, fill="#FFFFFF", stroke=_INK, stroke_width=1.8))
        drawn.append(_words((x - 4.0, y - 9.0 if one["at_n"] == highest else y + 19.0), one["title"], "end", _INK))
    return picture(_CURVE, "Force against displacement until failure", drawn, "curve")


def _words(at: Point, words: str, anchor: str, fill: str, weight: str | None = None) -> Markup:
    return tag("text", words, x=at[0], y=at[1], text_anchor=anchor, font_size=12.0, fill=fill, font_weight=weight)
