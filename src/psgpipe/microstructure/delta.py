"""The delta sleep ratio."""

from __future__ import annotations


def delta_sleep_ratio(mean_swa_uv2: tuple[float | None, ...]) -> float | None:
    """Slow-wave activity of the first cycle over that of the second; None without both.

    References
    ----------
    Kupfer DJ et al. (1990). Arch Gen Psychiatry 47:1100-1105. (There: delta counts.)
    """
    if len(mean_swa_uv2) < 2:
        return None
    first, second = mean_swa_uv2[:2]
    return first / second if first is not None and second else None
