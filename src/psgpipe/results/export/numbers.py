"""Numbers as other tools read them: no exponent, no needless digit."""

from __future__ import annotations


def plain_number(value: float, decimals: int = 6) -> str:
    """``30`` for 30.0, ``0.25`` for 0.25; at most `decimals` digits behind the point."""
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
