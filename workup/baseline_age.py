"""Whether images are too old to be a baseline for the planned start of treatment (rule G6)."""

from __future__ import annotations

from datetime import date

from eligibility.dates import PartialDate
from recist.targets import baseline_age_warning


def age_warnings(imaged_on: date | None, start: PartialDate | None) -> tuple[str, ...]:
    """One sentence where images lie more than 28 days before the start of treatment, or after it.

    A start known to the month or year only warns if some day of it would; nothing is said where the day of
    the images or the start is not recorded.
    """
    if imaged_on is None or start is None:
        return ()
    days = [(day - imaged_on).days for day in (start.first, start.last)]
    said = [warning for each in days if (warning := baseline_age_warning(each)) is not None]
    if not said:
        return ()
    if start.exact:
        return (said[0],)
    sure = len(said) == len(days) and (min(days) >= 0 or max(days) < 0)
    return (said[0] if sure else f"the start is known as {start} only: {said[-1]} at the latest day of it",)
