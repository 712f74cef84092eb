"""Small drawn figures: one panel per regimen, so that no band hides another and nothing depends on colour."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from markupsafe import Markup

from osteocast.report.svg import Point, number, picture, polyline, tag
from osteocast.report.wording import Style, whole

_INK: Final = "#14202B"
_QUIET: Final = "#66717B"
_RULE: Final = "#D5DADE"
_OTHERS: Final = "#A3ABB2"
_WIDTH: Final = 210.0
_HEIGHT: Final = 104.0
_DEEP: Final = 5
"""Dots in a column of the hundred."""

Series = Mapping[str, Any]
"""Lists of equal length by name: ``months`` and values, None where a value is undefined."""


@final
@dataclass(frozen=True, slots=True)
class Frame:
    """The rectangle of a panel and the values its edges stand for."""

    months: float
    low: float
    high: float
    left: float = 30.0
    top: float = 9.0
    right: float = _WIDTH - 8.0
    bottom: float = _HEIGHT - 20.0

    def at(self, month: float, value: float) -> Point:
        """Return where a value at a month is drawn; values beyond the frame stay on its edge."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        x = self.left + (self.right - self.left) * month / self.months
        return x, self.bottom - (self.bottom - self.top) * share


def round_limit(highest: float) -> float:
    """Return the next of 1, 2, 2.5, 3, 4, 5, 6 or 8 times a power of ten that is not below `highest`."""
    if not highest > 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(highest))
    return next((s * power for s in (1, 2, 2.5, 3, 4, 5, 6, 8) if s * power >= highest * (1 - 1e-9)), 10 * power)


def tick_values(low: float, high: float) -> list[float]:
    """Return three to six round values between two ends."""
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(s * power for s in (1, 2, 2.5, 5, 10) if s * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [i * step for i in range(first, last + 1)]


def risk_panel(all_series: Sequence[Series], index: int, style: Style, top: float) -> Markup:
    """Draw one regimen's risk by month with its band; the other regimens are thin grey lines.

    Parameters
    ----------
    all_series : sequence of mapping
        ``months``, ``probability``, ``low``, ``high`` of every regimen [1].
    index : int
        The regimen this panel is about.
    style : Style
    top : float
        Upper end of the scale [1], the same for all panels.
    """
    months = max(*(max(s["months"], default=1) for s in all_series), 1)
    frame = Frame(float(months), 0.0, top)
    drawn = _grid(frame, [(v, f"{whole(100 * v)}") for v in tick_values(0.0, top)], months)
    for other in (s for i, s in enumerate(all_series) if i != index):
        for run in _runs(frame, other, "probability"):
            drawn.append(_line(run, _OTHERS, "none", 0.9))
    drawn += _curve(frame, all_series[index], "probability", style)
    return picture((_WIDTH, _HEIGHT), f"Regimen {style.letter}: any event by month, per cent", drawn, "panel")


def course_panel(course: Series, style: Style, limits: tuple[float, float], lines: Sequence[float]) -> Markup:
    """Draw the course of one quantity under one regimen: median and band.

    Parameters
    ----------
    course : mapping
        ``months``, ``median``, ``low``, ``high``.
    style : Style
    limits : (low, high)
        Ends of the scale, the same for all regimens.
    lines : sequence of float
        Reference values drawn across the panel as dotted lines.
    """
    months = max(*course["months"], 1)
    frame = Frame(float(months), *limits)
    drawn = _grid(frame, [(value, f"{value:.3g}") for value in tick_values(*limits)], months)
    drawn += _curve(frame, course, "median", style)
    for value in lines:
        across = polyline([frame.at(0, value), frame.at(frame.months, value)])
        drawn.append(tag("path", d=across, stroke=_INK, stroke_width=1.1, stroke_dasharray="1.2 2.4"))
    return picture((_WIDTH, _HEIGHT), f"Regimen {style.letter}: course by month", drawn, "panel")


def dots(probability: float, low: float, high: float) -> Markup:
    """Draw a hundred abstract dots in twenty columns of five, filled from the left like a bar.

    Full dots lie below the interval, cored dots between its lower end and the forecast, rings between the
    forecast and the upper end; small dots lie above it.
    """
    counts = [min(max(whole(100 * p), 0), 100) for p in (low, probability, high)]
    step, edge = 13.0, 9.0
    drawn = []
    for i in range(100):
        column, row = divmod(i, _DEEP)
        x, y = edge + step * column, edge + step * row
        drawn.append(_dot(x, y, sum(i < c for c in counts)))
    title = f"{counts[1]} of 100, between {counts[0]} and {counts[2]}"
    size = (2 * edge + (100 / _DEEP - 1) * step, 2 * edge + (_DEEP - 1) * step)
    return picture(size, title, drawn, "dots")


def dot_sample(level: int) -> Markup:
    """Draw one dot for the legend: 3 full, 2 cored, 1 ring, 0 small."""
    return picture((14, 14), "dot", [_dot(7, 7, level)], "marker")


def difference_bar(low: float, middle: float, high: float, reach: float, apart: bool) -> Markup:
    """Draw a paired difference with its interval about a line of no difference; to the right is fewer.

    Parameters
    ----------
    low, middle, high : float
        Events avoided per 100.
    reach : float
        Value at both ends of the scale, the same for all bars.
    apart : bool
        Whether the run separates the two: a full circle, otherwise an open one.
    """
    width, height = 200.0, 20.0
    x = [width / 2 + (width / 2 - 6) * min(max(v / reach, -1.0), 1.0) for v in (low, middle, high)]
    y = height / 2
    drawn = [
        tag("path", d=f"M{number(width / 2)},0V{number(height)}", stroke=_QUIET, stroke_width=0.9),
        tag("path", d=f"M{number(x[0])},{y}H{number(x[2])}", stroke=_INK, stroke_width=2.2),
        tag("path", d="".join(f"M{number(v)},{y - 4}v8" for v in (x[0], x[2])), stroke=_INK, stroke_width=1.6),
        tag("circle", cx=x[1], cy=y, r=4.4, fill=_INK if apart else "#FFFFFF", stroke=_INK, stroke_width=1.8),
    ]
    return picture((width, height), "Paired difference with its interval", drawn, "bar")


def difference_scale(reach: float) -> Markup:
    """Draw the scale that stands above the bars of `difference_bar`."""
    drawn = [
        _words((0, 11), f"{whole(reach)} more", "start"),
        _words((100, 11), "0", "middle"),
        _words((200, 11), f"{whole(reach)} fewer", "end"),
        tag("path", d="M6,15V20M100,15V20M194,15V20M6,17.5H194", stroke=_QUIET, stroke_width=0.9, fill="none"),
    ]
    return picture((200, 20), "Scale of the differences", drawn, "bar")


def key_line(style: Style) -> Markup:
    """Draw the line of a regimen alone, for headings."""
    line = tag("path", d="M1,5H33", stroke=style.colour, stroke_width=2.6, stroke_dasharray=style.dash, fill="none")
    return picture((34, 10), f"line of regimen {style.letter}", [line], "key")


def course_limits(courses: Sequence[Series], least: Sequence[float]) -> tuple[float, float]:
    """Return one scale for a quantity under all regimens; it shows the values in `least` too."""
    shown = [v for c in courses for name in ("low", "high") for v in c[name] if v is not None and math.isfinite(v)]
    shown += least
    low, high = min(shown, default=0.0), max(shown, default=1.0)
    if low <= 0.5 * high:
        return min(0.0, -round_limit(-low) if low < 0 else 0.0), round_limit(high)
    step = round_limit((high - low) / 3) if high > low else 1.0
    return step * math.floor(low / step), step * math.ceil(high / step)


def _dot(x: float, y: float, level: int) -> Markup:
    if level == 0:
        return tag("circle", cx=x, cy=y, r=1.5, fill="#9BA4AB")
    fill = "#FFFFFF" if level == 1 else _INK
    drawn = tag("circle", cx=x, cy=y, r=4.6, fill=fill, stroke=_INK, stroke_width=1.1)
    return drawn + tag("circle", cx=x, cy=y, r=1.9, fill="#FFFFFF") if level == 2 else drawn


def _grid(frame: Frame, ticks: Sequence[tuple[float, str]], months: float) -> list[Markup]:
    drawn = []
    for value, words in ticks:
        x, y = frame.at(0, value)
        drawn.append(tag("path", d=polyline([(x, y), (frame.right, y)]), stroke=_RULE, stroke_width=0.8))
        drawn.append(_words((x - 4, y + 3.4), words, "end"))
    last = int(months)
    step = next((s for s in (1, 2, 3, 6, 12, 24) if last / s <= 5), 60)
    for month in range(0, last + 1, step):
        x, y = frame.at(month, frame.low)
        drawn.append(tag("path", d=polyline([(x, y), (x, y + 3)]), stroke=_QUIET, stroke_width=0.8))
        end = month + step > last
        drawn.append(
            _words(
                (x + (7 if end else 0), y + 14),
                f"{month} mo" if end else str(month),
                "end" if end else "middle",
            )
        )
    return drawn


def _words(at: Point, words: str, anchor: str) -> Markup:
    return tag("text", words, x=at[0], y=at[1], text_anchor=anchor, font_size=10.5, fill=_QUIET)


def _runs(frame: Frame, series: Series, name: str) -> list[list[Point]]:
    """Split a series at its gaps (months nobody survives have no value)."""
    runs: list[list[Point]] = [[]]
    for month, value in zip(series["months"], series[name], strict=True):
        if month is None or value is None or not math.isfinite(value):
            runs.append([])
        else:
            runs[-1].append(frame.at(month, value))
    return [run for run in runs if len(run) > 1]


def _line(points: Sequence[Point], colour: str, dash: str, width: float) -> Markup:
    line = {"stroke": colour, "stroke_dasharray": dash, "stroke_linejoin": "round", "fill": "none"}
    return tag("path", d=polyline(points), stroke_width=width, **line)


def _curve(frame: Frame, series: Series, middle: str, style: Style) -> list[Markup]:
    drawn = []
    for low, high in zip(_runs(frame, series, "low"), _runs(frame, series, "high"), strict=False):
        band = polyline([*low, *reversed(high)]) + "Z"
        drawn.append(tag("path", d=band, fill=style.colour, fill_opacity=0.2, stroke="none"))
    drawn += [_line(run, style.colour, style.dash, 2.3) for run in _runs(frame, series, middle)]
    return drawn


def finite(values: Sequence[Any]) -> list[float]:
    """Return the values that are numbers."""
    return [float(v) for v in values if isinstance(v, int | float) and math.isfinite(v)]
