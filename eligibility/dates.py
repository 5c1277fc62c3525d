"""Calendar days of which sometimes only the year or the month is known.

A partial date is the closed range of the days it may be. Months and years are calendar months and years;
a day that a month lacks becomes its last day (31 May minus three months is 28 or 29 February).
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from eligibility.truth import Truth

_FORM = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A day known to lie between two days, both included.

    >>> str(PartialDate.parse("2024-02")), PartialDate.parse("2024-02").last.day
    ('2024-02', 29)
    """

    first: date
    last: date

    @classmethod
    def parse(cls, text: str) -> PartialDate:
        """Read ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``; ValueError says what is wrong."""
        form = _FORM.match(text)
        if form is None:
            msg = f"{text!r} is not a date of the form YYYY-MM-DD, YYYY-MM or YYYY"
            raise ValueError(msg)
        year, month, day = (int(part) if part else None for part in form.groups())
        try:
            if year is not None and month is not None and day is not None:
                return cls.on(date(year, month, day))
            if year is not None and month is not None:
                return cls(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))
            return cls(date(int(text), 1, 1), date(int(text), 12, 31))
        except (ValueError, calendar.IllegalMonthError) as error:
            msg = f"{text!r} is not a day of the calendar"
            raise ValueError(msg) from error

    @classmethod
    def on(cls, day: date) -> PartialDate:
        """A day that is known."""
        return cls(day, day)

    @property
    def exact(self) -> bool:
        """Whether the day itself is known."""
        return self.first == self.last

    def days(self) -> Iterator[date]:
        """Every day it may be."""
        for offset in range((self.last - self.first).days + 1):
            yield self.first + timedelta(offset)

    def __str__(self) -> str:
        if self.exact:
            return self.first.isoformat()
        if (self.first.month, self.first.day, self.last.month, self.last.day) == (1, 1, 12, 31):
            return f"{self.first.year:04d}"
        return f"{self.first.year:04d}-{self.first.month:02d}"


def add_months(day: date, months: int) -> date:
    """The same day some calendar months later, or the last day of that month.

    >>> add_months(date(2025, 5, 31), -3).isoformat()
    '2025-02-28'
    """
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def completed_years(born: date, on: date) -> int:
    """Age in completed years; who was born on 29 February turns a year older on 1 March of common years.

    >>> completed_years(date(2004, 2, 29), date(2023, 2, 28))
    18
    """
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def within(event: PartialDate, start: date, end: date) -> Truth:
    """Whether a day lies in the closed window from start to end."""
    if start <= event.first and event.last <= end:
        return Truth.TRUE
    if event.last < start or end < event.first:
        return Truth.FALSE
    return Truth.UNKNOWN
