"""Figures of a simulated trial: curves by arm with numbers at risk, and simulated beside published figures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from markupsafe import Markup

from osteocast.report.figures import finite, round_limit, tick_values
from osteocast.report.svg import number, picture, polyline, tag
from osteocast.report.wording import Style, whole

INK: Final = "#14202B"
_QUIET: Final = "#5A6570"
_RULE: Final = "#D5DADE"
_BAND: Final = 0.16
MOST_BANDS: Final = 3
"""Arms with bands at most: more of them would hide one another."""
_WIDTH: Final = 420.0
_PLOT: Final = 190.0
_ROW: Final = 13.0
_APART: Final = 11.0
_LEFT: Final = 40.0
_RIGHT: Final = _WIDTH - 14.0
_STRIP: Final = 220.0
_STRIP_HEIGHT: Final = 22.0


@final
@dataclass(frozen=True, slots=True)
class Scale:
    """A scale of the figures of one unit.

    Attributes
    ----------
    low, high : values at its ends. ratio : whether it is logarithmic about 1.
    """

    low: float
    high: float
    ratio: bool

    def share(self, value: float) -> float:
        """Return where a value lies between the ends [1]; values beyond stay on the edge."""
        low, high, at = self.low, self.high, min(max(value, self.low), self.high)
        if self.ratio:
            low, high, at = math.log(low), math.log(high), math.log(at)
        return (at - low) / (high - low)


def curves(
    all_series: Sequence[Mapping[str, Any]],
    styles: Sequence[Style],
    percent: bool,
    title: str,
    axis: str = "months after entry",
) -> Markup:
    """Draw curves of all arms with their bands on one scale, and the numbers at risk below.

    Parameters
    ----------
    all_series : one an arm: ``months``, ``value``, ``low``, ``high``, ``at_risk`` (left out for markers).
    percent : whether values are shares, drawn from 0 to 100 per cent. axis : what the months are counted from.
    """
    months = max((max(s["months"], default=1) for s in all_series), default=1)
    low, top = (0.0, 1.0) if percent else _limits(all_series)
    at_risk = [s for s in all_series if "at_risk" in s]
    height = _PLOT + 34 + (_ROW * (len(at_risk) + 1) if at_risk else 0)

    def place(month: float, value: float) -> tuple[float, float]:
        """Return where a value stands in the figure."""
        share = (min(max(value, low), top) - low) / (top - low)
        return _LEFT + (_RIGHT - _LEFT) * month / months, _PLOT - (_PLOT - 8) * share

    drawn = []
    for value in tick_values(low, top):
        (x, y), words = place(0, value), f"{whole(100 * value)}" if percent else f"{value:.3g}"
        drawn.append(tag("path", d=polyline([(x, y), (_RIGHT, y)]), stroke=_RULE, stroke_width=0.8))
        drawn.append(_words((x - 5, y + 3.6), words, "end"))
    ticks = _months(months)
    for month in ticks:
        x, y = place(month, low)
        drawn.append(tag("path", d=polyline([(x, y), (x, y + 4)]), stroke=_QUIET, stroke_width=0.8))
        drawn.append(_words((x, y + 15), str(month), "middle"))
    drawn.append(_words((_RIGHT, _PLOT + 28), axis, "end"))
    for one, style in zip(all_series, styles, strict=True):
        drawn += _curve(one, style, place, len(all_series) <= MOST_BANDS)
    drawn += _ends(all_series, styles, place)
    if at_risk:
        drawn.append(_words((2, _PLOT + 28), "At risk", "start"))
        for row, (one, style) in enumerate(zip(all_series, styles, strict=True), start=1):
            y = _PLOT + 28 + _ROW * row
            drawn.append(_words((2, y), style.letter, "start", INK, True))
            numbers = dict(zip(one["months"], one["at_risk"], strict=True))
            drawn += [_words((place(m, low)[0], y), str(numbers.get(m, 0)), "middle", INK) for m in ticks]
    return picture((_WIDTH, height), title, drawn, "plot")


def strip(endpoint: Mapping[str, Any], scale: Scale) -> Markup:
    """Draw a simulated figure (full circle, solid line) above the published one (open diamond, thin line)."""
    drawn = [tag("path", d=f"M4,{_STRIP_HEIGHT / 2}H{_STRIP - 4}", stroke=_RULE, stroke_width=0.8)]
    if scale.ratio:
        x = _across(scale, 1.0)
        drawn.append(tag("path", d=f"M{number(x)},0V{_STRIP_HEIGHT}", stroke=_QUIET, stroke_width=0.9))
    drawn += _whisker(scale, endpoint["low"], endpoint["high"], 7.0, 2.2)
    if endpoint["value"] is not None:
        x = _across(scale, endpoint["value"])
        drawn.append(tag("circle", cx=x, cy=7.0, r=4.2, fill=INK))
    published = endpoint["published"]
    if published is not None:
        drawn += _whisker(scale, published["low"], published["high"], 16.0, 1.1)
        x = _across(scale, published["value"])
        d = f"M{number(x)},11.2l4.8,4.8l-4.8,4.8l-4.8,-4.8Z"
        drawn.append(tag("path", d=d, fill="#FFFFFF", stroke=INK, stroke_width=1.4))
    return picture((_STRIP, _STRIP_HEIGHT), "simulated and published figure", drawn, "strip")


def strip_scale(scale: Scale, unit: str) -> Markup:
    """Draw the scale above the strips of one unit."""
    values = _ratio_ticks(scale) if scale.ratio else tick_values(scale.low, scale.high)
    drawn = [tag("path", d=f"M4,18H{_STRIP - 4}", stroke=_QUIET, stroke_width=0.9)]
    for value in values:
        x = _across(scale, value)
        text = f"{value:g}".replace("-", "−")
        anchor = "start" if x < 12 else "end" if x > _STRIP - 12 else "middle"
        drawn.append(tag("path", d=f"M{number(x)},15V21", stroke=_QUIET, stroke_width=0.9))
        drawn.append(_words((x, 11), text, anchor))
    return picture((_STRIP, _STRIP_HEIGHT), f"scale, {unit or 'ratio'}", drawn, "strip")


def scale_of(endpoints: Sequence[Mapping[str, Any]], ratio: bool) -> Scale:
    """Return one scale for figures of one unit, simulated and published."""
    both = [one for e in endpoints for one in (e, e["published"] or {})]
    shown = [v for one in both for v in finite([one.get("value")])]
    limits = [v for one in both for v in finite([one.get("low"), one.get("high")])]
    if ratio:
        far = max((abs(math.log(v)) for v in [*shown, *limits] if v > 0), default=0.7)
        reach = min(max(math.exp(far), 1.5), 8.0)
        return Scale(1 / reach, reach, True)
    # One wide interval must not press all others together.
    most = 2.5 * max(map(abs, shown), default=1.0)
    values = [*shown, *(min(max(v, -most), most) for v in limits)]
    low, high = min([0.0, *values]), max([0.0, *values])
    top = round_limit(high) if high > 0 or low == 0 else 0.0
    return Scale(-round_limit(-low) if low < 0 else 0.0, top, False)


def marks() -> dict[str, Markup]:
    """Draw the marks of the legend: simulated and published."""
    full = [tag("path", d="M1,7H27", stroke=INK, stroke_width=2.2), tag("circle", cx=14, cy=7, r=4.2, fill=INK)]
    rhomb = tag("path", d="M14,2.2l4.8,4.8l-4.8,4.8l-4.8,-4.8Z", fill="#FFFFFF", stroke=INK, stroke_width=1.4)
    thin = [tag("path", d="M1,7H27", stroke=INK, stroke_width=1.1), rhomb]
    return {
        "simulated": picture((28, 14), "full circle, thick line", full, "mark"),
        "published": picture((28, 14), "open diamond, thin line", thin, "mark"),
    }


def _across(scale: Scale, value: float) -> float:
    return 6.0 + (_STRIP - 12.0) * scale.share(value)


def _whisker(scale: Scale, low: float | None, high: float | None, y: float, width: float) -> list[Markup]:
    """Draw an interval; an end that is missing or beyond the scale runs to the edge without a stop."""
    if low is None and high is None:
        return []
    ends = [scale.low if low is None else low, scale.high if high is None else high]
    x = [_across(scale, v) for v in ends]
    drawn = [tag("path", d=f"M{number(x[0])},{number(y)}H{number(x[1])}", stroke=INK, stroke_width=width)]
    stops = [at for at, v in zip(x, (low, high), strict=True) if v is not None and scale.low <= v <= scale.high]
    if stops:
        d = "".join(f"M{number(at)},{number(y - 3)}v6" for at in stops)
        drawn.append(tag("path", d=d, stroke=INK, stroke_width=1.1))
    return drawn


def _ratio_ticks(scale: Scale) -> list[float]:
    # on a long scale neighbours would be written over one another
    more = (0.7, 1.4) if scale.high < 2.6 else (0.25, 4.0) if scale.high < 5.5 else (0.125, 8.0)
    return sorted(v for v in (0.5, 1.0, 2.0, *more) if scale.low <= v <= scale.high)


def _months(last: int) -> list[int]:
    step = next((s for s in (1, 2, 3, 6, 12, 24) if last / s <= 6), 60)
    return list(range(0, last + 1, step))


def _words(at: tuple[float, float], words: str, anchor: str, fill: str = _QUIET, bold: bool = False) -> Markup:
    weight = "700" if bold else None
    return tag("text", words, x=at[0], y=at[1], text_anchor=anchor, font_size=11, fill=fill, font_weight=weight)


def _runs(series: Mapping[str, Any], place: Any, name: str) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = [[]]
    for month, value in zip(series["months"], series[name], strict=True):
        if value is None:
            runs.append([])
        else:
            runs[-1].append(place(month, value))
    return [run for run in runs if len(run) > 1]


def _curve(series: Mapping[str, Any], style: Style, place: Any, band_too: bool) -> list[Markup]:
    drawn = []
    limits = [_runs(series, place, name) for name in ("low", "high")] if band_too else [[], []]
    for low, high in zip(*limits, strict=False):
        band = polyline([*low, *reversed(high)]) + "Z"
        drawn.append(tag("path", d=band, fill=style.colour, fill_opacity=_BAND, stroke="none"))
    line = {"stroke": style.colour, "stroke_dasharray": style.dash, "stroke_linejoin": "round", "fill": "none"}
    drawn += [tag("path", d=polyline(run), stroke_width=2.2, **line) for run in _runs(series, place, "value")]
    return drawn


def _ends(all_series: Sequence[Mapping[str, Any]], styles: Sequence[Style], place: Any) -> list[Markup]:
    """Write each arm's letter at the end of its curve, those that would cover one another apart, in their order."""
    ends = []
    for series, style in zip(all_series, styles, strict=True):
        known = [(m, v) for m, v in zip(series["months"], series["value"], strict=True) if v is not None]
        if known:
            x, y = place(*known[-1])
            ends.append((y, x, style))
    ends.sort(key=lambda one: (one[0], one[2].letter))
    heights: list[float] = []
    for y, _, _ in ends:
        heights.append(max(y, heights[-1] + _APART) if heights else y)
    over = max(heights, default=0.0) - _PLOT
    for back in range(len(heights) - 1, -1, -1):
        below = heights[back + 1] - _APART if back + 1 < len(heights) else _PLOT
        heights[back] = min(heights[back], below) if over > 0 else heights[back]
    return [
        _words((x + 3, y + 4), style.letter, "start", style.colour, True)
        for y, (_, x, style) in zip(heights, ends, strict=True)
    ]


def _limits(all_series: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """Return one scale for all arms, from 0 unless all values lie far above it."""
    shown = [v for s in all_series for name in ("low", "value", "high") for v in finite(s[name])]
    low, high = min(shown, default=0.0), max(shown, default=1.0)
    if low <= 0.5 * high:
        return 0.0, round_limit(high)
    step = round_limit((high - low) / 3) if high > low else 1.0
    return step * math.floor(low / step), step * math.ceil(high / step)
