"""Best overall response: table 3 of the paper, row by row, and sequences beyond it."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recist.best_response import TimePoint, best_response
from recist.response import Response

START = date(2025, 1, 1)
WORST_LAST = ["CR", "PR", "SD", "Non-CR/Non-PD", "PD", "NE"]


def best(words, *, days=56, first=56, **known):
    """Best response of a sequence such as "PR PR", the first on day ``first``, then every ``days``."""
    points = [
        TimePoint(START + timedelta(days=first + days * i), Response(word))
        for i, word in enumerate(words.split())
    ]
    return best_response(START, points, **known).response.value


# fmt: off
CONFIRMED = {
    # first and next time point            minimum time met   not met
    "CR CR":                               ("CR",             "CR"),
    "CR PR":                               ("SD",             "PD"),
    "CR SD":                               ("SD",             "PD"),
    "CR PD":                               ("SD",             "PD"),
    "CR NE":                               ("SD",             "NE"),
    "PR CR":                               ("PR",             "PR"),
    "PR PR":                               ("PR",             "PR"),
    "PR SD":                               ("SD",             "SD"),
    "PR PD":                               ("SD",             "PD"),
    "PR NE":                               ("SD",             "NE"),
    "NE NE":                               ("NE",             "NE"),
    "SD PD":                               ("SD",             "PD"),
    "SD NE":                               ("SD",             "NE"),
    "PD NE":                               ("PD",             "PD"),
    "CR":                                  ("SD",             "NE"),
    "PR":                                  ("SD",             "NE"),
}
LONGER = {
    "SD PR PR":                            "PR",
    "PR CR CR":                            "CR",
    "PR NE PR":                            "PR",
    "PR SD PR":                            "SD",
    "PR PR CR":                            "PR",
    "CR NE CR":                            "CR",
    "SD SD PD PR PR":                      "SD",
    "Non-CR/Non-PD PD":                    "Non-CR/Non-PD",
}
UNCONFIRMED = {
    "PR PD":                               "PR",
    "CR PD":                               "CR",
    "SD PR CR":                            "CR",
    "SD PD CR":                            "SD",
    "PD CR":                               "PD",
    "NE":                                  "NE",
    "":                                    "NE",
}
# fmt: on


@pytest.mark.parametrize(("words", "expected"), CONFIRMED.items(), ids=CONFIRMED)
def test_with_confirmation(words, expected):
    met, not_met = expected

    assert best(words, confirmation=True) == met
    assert best(words, first=28, days=28, confirmation=True) == not_met or words in (
        "SD PD",
        "SD NE",
        "PD NE",
    )
    assert best(words, first=41, days=28, minimum_sd_days=84, confirmation=True) == not_met


@pytest.mark.parametrize(("words", "expected"), LONGER.items(), ids=LONGER)
def test_longer_courses_with_confirmation(words, expected):
    assert best(words, confirmation=True) == expected


@pytest.mark.parametrize(("words", "expected"), UNCONFIRMED.items(), ids=UNCONFIRMED)
def test_without_confirmation(words, expected):
    assert best(words) == expected


@pytest.mark.parametrize(("days", "expected"), [(27, "SD"), (28, "PR")])
def test_confirmation_takes_28_days(days, expected):
    assert best("PR PR", days=days, confirmation=True) == expected


def test_two_early_looks_and_a_late_one_confirm():
    assert best("PR PR PR", days=14, confirmation=True) == "PR"


@pytest.mark.parametrize(("first", "expected"), [(41, "NE"), (42, "SD")])
def test_stable_disease_needs_its_minimum_time(first, expected):
    assert best("SD", first=first) == expected


def test_a_cr_that_was_wrong_was_a_pr():
    assert best("CR PR", confirmation=True, first_cr_was_wrong=True) == "PR"
    assert best("CR CR", confirmation=True, first_cr_was_wrong=True) == "CR"


@given(st.lists(st.sampled_from(WORST_LAST), max_size=6), st.booleans())
def test_confirmation_never_improves_a_best_response(words, wrong):
    strict = best(" ".join(words), confirmation=True, first_cr_was_wrong=wrong)

    assert WORST_LAST.index(strict) >= WORST_LAST.index(best(" ".join(words)))


@given(st.lists(st.sampled_from(WORST_LAST), max_size=5), st.lists(st.sampled_from(WORST_LAST), max_size=3))
def test_nothing_after_progression_counts(before, after):
    course = [*before, "PD"]

    assert best(" ".join(course)) == best(" ".join([*course, *after]))


@given(st.lists(st.sampled_from(WORST_LAST), min_size=1, max_size=6))
def test_every_answer_says_on_which_day(words):
    points = [TimePoint(START + timedelta(days=30 * (i + 1)), Response(w)) for i, w in enumerate(words)]
    found = best_response(START, points)

    assert "2025-" in found.reason
