"""Progression of one treated lesion (inclusion 5.a): the vectors and both sides of both limits."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recist.errors import LengthError
from recist.progression import DatedLength, grew_enough, subsequently_progressed

TREATED = date(2025, 1, 10)
NADIR, NOW = date(2025, 3, 1), date(2025, 6, 1)


def course(nadir, now):
    return [DatedLength(NADIR, nadir), DatedLength(NOW, now)]


# fmt: off
VECTORS = {
    "A-18 22 to 27":                        (22,     27,     True),
    "A-19 24 to 28.5":                      (24,     "28.5", False),
    "A-20 15 to 18.9":                      (15,     "18.9", False),
    "A-21 25 to 30, both limits exactly":   (25,     "30.0", True),
    "A-22 25 to 29.9":                      (25,     "29.9", False),
    "A-23 24.9 to 29.9":                    ("24.9", "29.9", True),
    "A-23 as floating point":               (24.9,   29.9,   True),
    "+5.0 mm but 19.9 %":                   ("25.1", "30.1", False),
    "shrinking":                            (30,     20,     False),
    "from nothing to 5 mm":                 (0,      5,      True),
    "from nothing to 4.9 mm":               (0,      "4.9",  False),
}
# fmt: on


@pytest.mark.parametrize(("nadir", "now", "progressed"), VECTORS.values(), ids=VECTORS)
def test_progression_of_one_lesion(nadir, now, progressed):
    found = subsequently_progressed(course(nadir, now), treated_on=TREATED)

    assert found.progressed is progressed
    assert found.recomputed
    assert "limits +20 % and +5 mm" in found.reason


def test_floating_point_would_have_lost_a_progression():
    assert 16.4 - 11.4 < 5.0
    assert subsequently_progressed(course(11.4, 16.4), treated_on=TREATED).progressed


def test_a_printed_percentage_does_not_round_up_to_the_limit():
    found = subsequently_progressed(course("250.1", "300.1"), treated_on=TREATED)

    assert found.progressed is False
    assert "+19.99 %" in found.reason


def test_a_25_no_earlier_scan():
    found = subsequently_progressed([DatedLength(NOW, 30)], treated_on=TREATED)

    assert found.progressed is None
    assert "1 are recorded" in found.reason


def test_scans_before_treatment_do_not_count():
    before = [DatedLength(date(2025, 1, 9), 10), *course(28, 30)]

    assert subsequently_progressed(before, treated_on=TREATED).progressed is False


def test_the_day_of_treatment_counts():
    scans = [DatedLength(TREATED, 20), DatedLength(NOW, 26)]

    assert subsequently_progressed(scans, treated_on=TREATED).progressed is True


def test_the_nadir_is_the_smallest_since_treatment_not_the_last():
    scans = [DatedLength(date(2025, 2, 1), 20), DatedLength(NADIR, 24), DatedLength(NOW, 26)]

    assert subsequently_progressed(scans, treated_on=TREATED).nadir_tenths == 200


@pytest.mark.parametrize("attested", [True, False])
def test_a_readers_word_decides_only_where_nothing_can_be_computed(attested):
    alone = subsequently_progressed([], treated_on=TREATED, attested=attested)
    undated = subsequently_progressed(course(20, 30), treated_on=None, attested=attested)
    against = subsequently_progressed(course(20, 30), treated_on=TREATED, attested=attested)

    assert alone.progressed is attested and not alone.recomputed
    assert "not recomputed" in alone.reason
    assert undated.progressed is attested
    assert against.progressed is True
    assert bool(against.notes) is (attested is False)


def test_an_unknown_date_of_treatment_is_unknown():
    assert subsequently_progressed(course(20, 30), treated_on=None).progressed is None


def test_regrown_enhancement_explains_but_never_decides():
    found = subsequently_progressed(course(30, 30), treated_on=TREATED, enhancement_regrew=True)

    assert found.progressed is False
    assert "mRECIST" in found.notes[0]


def test_two_diameters_of_one_day_that_disagree_are_unknown():
    scans = [DatedLength(NADIR, 20), DatedLength(NOW, 24), DatedLength(NOW, 26)]
    found = subsequently_progressed(scans, treated_on=TREATED)

    assert found.progressed is None
    assert "24.0 and 26.0 mm" in found.reason


def test_a_length_finer_than_tenths_is_refused():
    with pytest.raises(LengthError):
        subsequently_progressed(course("24.95", "30"), treated_on=TREATED)


@given(st.integers(0, 3000), st.integers(0, 3000), st.integers(0, 200))
def test_progression_is_never_undone_by_growing_more(nadir, now, more):
    if grew_enough(nadir, now):
        assert grew_enough(nadir, now + more)


@given(st.permutations([*course(20, 30), DatedLength(date(2025, 4, 1), 22)]))
def test_the_order_of_scans_does_not_matter(scans):
    assert subsequently_progressed(scans, treated_on=TREATED).nadir_tenths == 200
