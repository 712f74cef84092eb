"""The few lines needed to write SVG as text: escaped, rounded, and the same bytes every time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

Point = tuple[float, float]


def number(value: float) -> str:
    """Write a coordinate with at most two decimals and no negative zero."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def tag(name: str, *children: str, **attributes: str | float | None) -> Markup:
    """Return one element; text children and attribute values are escaped, `Markup` children are kept.

    Underscores in attribute names become hyphens (``stroke_width``), a trailing one is dropped (``class_``),
    and an attribute that is None is left out.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(number(v) if isinstance(v, int | float) else v)}"'
        for key, v in attributes.items()
        if v is not None
    )
    inner = "".join(escape(child) for child in children)
    return Markup(f"<{name}{written}>{inner}</{name}>" if inner else f"<{name}{written}/>")


def group(children: Iterable[Markup], **attributes: str | float | None) -> Markup:
    """Return the elements inside one ``g``."""
    return tag("g", *children, **attributes)


def picture(size: tuple[float, float], title: str, children: Iterable[Markup], class_: str) -> Markup:
    """Return a whole ``svg`` with a title that screen readers read out.

    Parameters
    ----------
    size : (width, height)
        Size of the drawing in its own units; the page decides how large it is shown.
    """
    box = f"0 0 {number(size[0])} {number(size[1])}"
    return tag("svg", tag("title", title), *children, viewBox=box, role="img", class_=class_)


def polyline(points: Sequence[Point]) -> str:
    """Return path data through the points in straight lines."""
    return "M" + "L".join(f"{number(x)},{number(y)}" for x, y in points)


def outline(points: Sequence[Point]) -> str:
    """Return path data of a smooth closed curve through the points (Catmull-Rom, as cubic Beziers)."""
    count = len(points)
    parts = [f"M{number(points[0][0])},{number(points[0][1])}"]
    for i in range(count):
        before, start, end, after = (points[(i + k) % count] for k in (-1, 0, 1, 2))
        first = (start[0] + (end[0] - before[0]) / 6, start[1] + (end[1] - before[1]) / 6)
        second = (end[0] - (after[0] - start[0]) / 6, end[1] - (after[1] - start[1]) / 6)
        parts.append("C" + " ".join(f"{number(x)},{number(y)}" for x, y in (first, second, end)))
    return "".join(parts) + "Z"


def mirrored(points: Sequence[Point]) -> list[Point]:
    """Return the points with left and right exchanged about x = 0."""
    return [(-x, y) for x, y in points]


def symmetric(half: Sequence[Point]) -> list[Point]:
    """Close a right half, given from top to bottom with both ends on the midline, into a whole outline."""
    return [*half, *reversed(mirrored(half[1:-1]))]
