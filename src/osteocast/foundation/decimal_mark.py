"""Numbers written with a decimal comma, as most of Europe writes them."""

import re

__all__ = ["with_point"]

_COMMA = re.compile(r"(\s*[<>=≤≥]{0,2}\s*[-+−]?)(\d+),(\d+)(?![\d.,])", re.DOTALL)
_THOUSAND = 3


def with_point(text: str) -> str:
    """Return a text that begins with a number with its decimal comma as a point: ``"2,61 mmol/L"``.

    Three digits behind the comma may be decimals or thousands: ``"1,234"`` stays as it is, so that whoever reads it
    refuses it. A number that begins with 0 has no thousands.
    """
    match = _COMMA.match(text)
    if match is None or (len(match[3]) == _THOUSAND and match[2].strip("0")):
        return text
    return f"{match[1]}{match[2]}.{match[3]}{text[match.end() :]}"
