"""Partial dates, calendar months and ages; date vectors of the clinical specification (F.7)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eligibility.dates import PartialDate, add_months, completed_years, within
from eligibility.truth import Truth
from tests.eligibility_records import status

DAYS = st.dates(date(1950, 1, 1), date(2080, 1, 1))


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024", "2024-01-01", "2024-12-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2023-02", "2023-02-01", "2023-02-28"),
        ("2024-02-29", "2024-02-29", "2024-02-29"),
    ],
)
def test_a_partial_date_is_the_days_it_may_be(text: str, first: str, last: str) -> None:
    day = PartialDate.parse(text)

    assert (day.first.isoformat(), day.last.isoformat(), str(day)) == (first, last, text)


@pytest.mark.parametrize(
    "text",
    [
        "2025-02-30",
        "2023-02-29",
        "2025-13",
        "2025-00",
        "25-01-01",
        "2025-1-1",
        "",
        "2025-06-25T10:00",
        "٢٠٢٥",
    ],
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a da"):
        PartialDate.parse(text)


@given(DAYS)
def test_the_three_spellings_of_a_day_contain_it(day: date) -> None:
    for text in (day.isoformat(), day.isoformat()[:7], day.isoformat()[:4]):
        parsed = PartialDate.parse(text)
        assert parsed.first <= day <= parsed.last
        assert str(parsed) == text


# fmt: off
MONTHS = {
    "a plain month":                       ("2025-07-15", -3, "2025-04-15"),
    "31 May minus three months":           ("2025-05-31", -3, "2025-02-28"),
    "the same in a leap year":             ("2024-05-31", -3, "2024-02-29"),
    "over the turn of the year":           ("2025-01-31", -3, "2024-10-31"),
    "29 February minus two years":         ("2024-02-29", -24, "2022-02-28"),
    "forward":                             ("2025-11-30", 3, "2026-02-28"),
}
AGES = {
    "the birthday itself":                 ("2006-03-03", "2025-03-03", 19),
    "the day before":                      ("2006-03-04", "2025-03-03", 18),
    "born on 29 February, common year":    ("2004-02-29", "2023-02-28", 18),
    "a day later":                         ("2004-02-29", "2023-03-01", 19),
    "born on 29 February, leap year":      ("2004-02-29", "2024-02-29", 20),
}
# fmt: on


@pytest.mark.parametrize(("start", "months", "expected"), MONTHS.values(), ids=MONTHS)
def test_calendar_months(start: str, months: int, expected: str) -> None:
    assert add_months(date.fromisoformat(start), months).isoformat() == expected


@pytest.mark.parametrize(("born", "on", "expected"), AGES.values(), ids=AGES)
def test_completed_years(born: str, on: str, expected: int) -> None:
    assert completed_years(date.fromisoformat(born), date.fromisoformat(on)) == expected


@given(DAYS, st.integers(0, 400), st.integers(0, 60), st.integers(0, 60))
def test_a_window_is_decided_only_where_every_day_agrees(
    start: date, offset: int, span: int, width: int
) -> None:
    event = PartialDate(start + timedelta(offset), start + timedelta(offset + span))
    end = start + timedelta(width + 180)
    inside = {start <= day <= end for day in event.days()}
    expected = Truth.UNKNOWN if len(inside) == 2 else Truth.TRUE if inside == {True} else Truth.FALSE

    assert within(event, start, end) is expected


TACE = {"type": "TACE", "site": "liver", "end_date": "2025-03-01", "complications_recovered": True}
BONE = {**TACE, "type": "EBRT", "site": "bone", "intent": "palliative", "end_date": "2025-03-22"}

# fmt: off
VECTORS = {
    "28 days after locoregional therapy":  ("E5", TACE, "treatment_start", "2025-03-29", "FAIL"),
    "29 days after it":                    ("E5", TACE, "treatment_start", "2025-03-30", "PASS"),
    "7 days after radiation of a bone":    ("E5", BONE, "treatment_start", "2025-03-29", "PASS"),
    "6 days after it":                     ("E5", BONE, "treatment_start", "2025-03-28", "FAIL"),
    "blood drawn 28 days before":          ("I8.1", None, "screening", "2025-04-02", "PASS"),
    "blood drawn 29 days before":          ("I8.1", None, "screening", "2025-04-03", "UNKNOWN"),
    "blood drawn on the day of screening": ("I8.1", None, "screening", "2025-03-05", "PASS"),
    "blood drawn a day after screening":   ("I8.1", None, "screening", "2025-03-04", "UNKNOWN"),
}
# fmt: on


@pytest.mark.parametrize(("criterion", "therapy", "anchor", "day", "expected"), VECTORS.values(), ids=VECTORS)
def test_date_vectors(
    criterion: str, therapy: dict[str, object] | None, anchor: str, day: str, expected: str
) -> None:
    changes: dict[str, object] = {f"reference_dates.{anchor}": day}
    if therapy:
        changes["treatments.locoregional"] = [therapy]

    assert status(criterion, changes) == expected
