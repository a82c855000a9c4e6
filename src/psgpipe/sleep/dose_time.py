"""The time from a dose to a night, as far as it is possible."""

LONGEST_SINCE_DOSE_D = 60.0
"""A dose longer ago than this belongs to another night, or one of the dates is wrong."""
_DAY_S = 24 * 3600.0


def dose_doubt(dose_end_s: float, night_end_s: float) -> str | None:
    """Why a dose can not have been before or in the night, in words; None where it can.

    Parameters
    ----------
    dose_end_s
        Seconds from the start of the night to the end of the dose; negative before it.
    night_end_s
        Seconds from the start of the night to lights on.
    """
    if dose_end_s >= night_end_s:
        return f"the dose ended {_span(dose_end_s - night_end_s)} after the night"
    if -dose_end_s > LONGEST_SINCE_DOSE_D * _DAY_S:
        return f"the dose ended {_span(-dose_end_s)} before the night"
    return None


def _span(seconds: float) -> str:
    days = seconds / _DAY_S
    return f"{days:.0f} days" if days >= 2 else f"{seconds / 3600:.1f} h"
