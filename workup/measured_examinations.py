"""Which examinations of a folder a case's measurements lie on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from imaging.phases.examination import Examination, examinations
from imaging.volume import Study


def measured_examinations(study: Study, keys: Iterable[str | None]) -> tuple[Examination, ...]:
    """Those that hold an acquisition of these keys; all of them where nothing was measured."""
    held, measured = examinations(study.acquisitions), set(keys)
    return tuple(e for e in held if measured & set(e.keys)) or held


def earliest_day(found: Iterable[Examination]) -> date | None:
    """The first day of examinations; None where none has a date that can be read."""
    return min((e.day for e in found if e.day is not None), default=None)
