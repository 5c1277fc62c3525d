"""Lengths: compared unrounded, recorded in tenths, printed on the side they were judged."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recist.errors import LengthError
from recist.lengths import (
    at_least,
    change_percent,
    millimeters,
    recorded_tenths,
    shown_mm,
    shown_percent,
)

# fmt: off
REACHED = {
    "exactly the limit":                        (10.0,       10.0, True),
    "a hundredth below":                        (9.99,       10.0, False),
    "noise of floating point below":            (9.9999999,  10.0, True),
    "just within the tolerance":                (9.9991,     10.0, True),
    "just outside the tolerance":               (9.9989,     10.0, False),
    "sum that floating point misses":           (0.1 + 0.2,  0.3,  True),
}
TENTHS = {
    "text":                                     ("29.9",           299),
    "text with a zero more":                    ("29.90",          299),
    "an integer is millimeters":                (24,               240),
    "a decimal":                                (Decimal("12.3"),  123),
    "a float is rounded half up":               (10.25,            103),
    "a float just below the half":              (10.249,           102),
    "nothing left":                             ("0",              0),
}
REFUSED = {
    "two decimals in text":                     ("9.95",           "FINER_THAN_TENTHS"),
    "two decimals in a decimal":                (Decimal("9.95"),  "FINER_THAN_TENTHS"),
    "a decimal comma":                          ("9,9",            "NOT_A_LENGTH"),
    "no number":                                ("ten",            "NOT_A_LENGTH"),
    "negative":                                 ("-1",             "NOT_A_LENGTH"),
    "not finite":                               (float("inf"),     "NOT_A_LENGTH"),
    "not a number":                             (float("nan"),     "NOT_A_LENGTH"),
    "a truth value":                            (True,             "NOT_A_LENGTH"),
    "nothing":                                  (None,             "NOT_A_LENGTH"),
}
SHOWN = {
    "tenths are enough":                        (12.34,     10.0, "12.3"),
    "half up":                                  (12.25,     10.0, "12.3"),
    "9.95 is not 10.0":                         (9.95,      10.0, "9.95"),
    "9.996 is not 10.00":                       (9.996,     10.0, "9.996"),
    "noise is the limit":                       (9.9999999, 10.0, "10.0"),
    "14.95 of a node":                          (14.95,     15.0, "14.95"),
    "no limit in sight":                        (9.95,      None, "10.0"),
}
# fmt: on


@pytest.mark.parametrize(("value", "limit", "reached"), REACHED.values(), ids=REACHED)
def test_measured_lengths_are_compared_unrounded(value, limit, reached):
    assert at_least(value, limit) is reached


@pytest.mark.parametrize(("length", "tenths"), TENTHS.values(), ids=TENTHS)
def test_recorded_lengths_are_whole_tenths(length, tenths):
    assert recorded_tenths(length) == tenths


@pytest.mark.parametrize(("length", "code"), REFUSED.values(), ids=REFUSED)
def test_other_lengths_are_refused_with_their_text(length, code):
    with pytest.raises(LengthError) as refused:
        recorded_tenths(length)

    assert refused.value.code == code
    assert str(length) in str(refused.value)


@pytest.mark.parametrize(("value", "limit", "printed"), SHOWN.values(), ids=SHOWN)
def test_a_printed_length_never_contradicts_its_verdict(value, limit, printed):
    assert shown_mm(value, limit) == printed


@given(st.floats(0, 60, allow_nan=False), st.sampled_from([10.0, 10.2, 12.0, 15.0, 16.0, 20.0]))
def test_what_is_printed_is_what_was_compared(value, limit):
    printed = Decimal(shown_mm(value, limit))

    assert (printed >= Decimal(str(limit))) == at_least(value, limit)


@given(st.integers(0, 60_000))
def test_tenths_survive_printing(tenths):
    assert recorded_tenths(str(millimeters(tenths))) == tenths
    assert recorded_tenths(float(millimeters(tenths))) == tenths


def test_changes_are_exact_where_floating_point_is_not():
    assert change_percent(140, 98) == -30
    assert 100 * (9.8 - 14.0) / 14.0 != -30
    assert change_percent(0, 50) is None


def test_a_printed_change_stays_off_a_limit_it_misses():
    assert shown_percent(Fraction(-30), -30) == "-30.0"
    assert shown_percent(Fraction(-29999, 1000), -30) == "-29.999"
    assert shown_percent(Fraction(200, 9), 20) == "+22.2"


def test_beyond_a_millionth_printing_gives_up_on_more_places():
    assert shown_mm(10.24, 10.2400001) == "10.240000"
    assert shown_percent(Fraction(-30) + Fraction(1, 10**12), -30) == "-30.00000000"
