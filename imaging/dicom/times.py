"""DICOM dates and times.

A time without a date cannot be ordered across midnight, so it stays seconds; date and time together
become one datetime, with its offset from UTC where that is recorded.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone

_TIME = re.compile(r"(\d{2})(?::?(\d{2})(?::?(\d{2})(?:\.(\d{1,6}))?)?)?")
_DATE = re.compile(r"(\d{4})[.]?(\d{2})[.]?(\d{2})")
_OFFSET = re.compile(r"([+-])(\d{2})(\d{2})")
_DATETIME = re.compile(r"(\d{8})(\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?)([+-]\d{4})?")


def seconds(text: str | None) -> float | None:
    """Seconds since midnight of a TM value; None where absent or not a time. [s]

    Examples
    --------
    >>> seconds("101500.5")
    36900.5
    >>> seconds("240000") is None
    True
    """
    found = _TIME.fullmatch(text.strip()) if text else None
    if not found:
        return None
    hours, minutes, whole = (int(found.group(i) or 0) for i in (1, 2, 3))
    if hours > 23 or minutes > 59 or whole > 60:
        return None
    return hours * 3600.0 + minutes * 60.0 + whole + float(f"0.{found.group(4) or 0}")


def day(text: str | None) -> date | None:
    """Day of a DA value; None where absent or not a date."""
    found = _DATE.fullmatch(text.strip()) if text else None
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def offset(text: str | None) -> timezone | None:
    """Time zone of a ``+HHMM`` text; None where absent or not one."""
    found = _OFFSET.fullmatch(text.strip()) if text else None
    if not found:
        return None
    minutes = int(found.group(2)) * 60 + int(found.group(3))
    if minutes > 14 * 60:
        return None
    return timezone(timedelta(minutes=minutes if found.group(1) == "+" else -minutes))


def moment(day_text: str | None, time_text: str | None, zone: timezone | None = None) -> datetime | None:
    """Date and time together; None unless both are recorded."""
    on, at = day(day_text), seconds(time_text)
    if on is None or at is None:
        return None
    return datetime.combine(on, time(0), tzinfo=zone) + timedelta(seconds=at)


def moment_of(text: str | None, zone: timezone | None = None) -> datetime | None:
    """A DT value with at least an hour; its own offset wins over ``zone``."""
    found = _DATETIME.fullmatch(text.strip()) if text else None
    if not found:
        return None
    return moment(found.group(1), found.group(2), offset(found.group(3)) or zone)
