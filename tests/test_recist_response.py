"""Responses at one time point: every row of the paper's tables, and every limit from both sides."""

import csv
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recist.errors import LengthError
from recist.lengths import recorded_tenths
from recist.mrecist import viable_target_response
from recist.response import (
    NewLesion,
    NonTargetState,
    Response,
    non_target_response,
    overall_response,
    target_response,
)
from tests.real_data import REAL_DATA, needs_real_data

CR, PR, SD, PD, NE = Response.CR, Response.PR, Response.SD, Response.PD, Response.NE
NON = Response.NON_CR_NON_PD
NO, YES, MAYBE = NewLesion.NO, NewLesion.YES, NewLesion.EQUIVOCAL

# fmt: off
SUMS = {
    # what the row is about                    baseline  nadir   now     before  expected
    "everything gone":                         ( 80.0,   80.0,   0.0,    False,  CR),
    "exactly -30 % of baseline":               (100.0,  100.0,  70.0,    False,  PR),
    "a tenth short of -30 %":                  (100.0,  100.0,  70.1,    False,  SD),
    "-30 % that floating point calls -29.99":  ( 14.0,   14.0,   9.8,    False,  PR),
    "exactly +20 % and more than 5 mm":        (100.0,   90.0, 108.0,    False,  PD),
    "a tenth short of +20 %":                  (100.0,   90.0, 107.9,    False,  SD),
    "+20 % that floating point calls 19.99":   ( 27.0,   27.0,  32.4,    False,  PD),
    "+25 % but only 4.9 mm":                   ( 25.0,   19.6,  24.5,    False,  SD),
    "+25.5 % and exactly 5.0 mm":              ( 25.0,   19.6,  24.6,    False,  PD),
    "rebound after a deep response":           (100.0,   20.0,  25.0,    False,  PD),
    "rebound a tenth short":                   (100.0,   20.0,  24.9,    False,  PR),
    "stable below both limits":                (100.0,  100.0, 100.0,    False,  SD),
    "A-26 by arithmetic":                      (100.0,   60.0,  71.0,    False,  SD),
    "A-26 once PR was reached":                (100.0,   60.0,  71.0,    True,   PR),
    "A-27 exactly -30 %":                      ( 50.0,   50.0,  35.0,    False,  PR),
    "EORTC 165 to 63 to 65":                   (165.0,   63.0,  65.0,    True,   PR),
    "PR before, PD now":                       (100.0,   60.0,  72.0,    True,   PD),
    "growth from nothing by 4.9 mm":           ( 30.0,    0.0,   4.9,    True,   PR),
    "growth from nothing by 5 mm":             ( 30.0,    0.0,   5.0,    True,   PD),
}
OVERALL = {
    # row of the paper                           target  non-target  new    overall
    "CR, CR":                                    (CR,    CR,    NO,    CR),
    "CR, no non-targets":                        (CR,    None,  NO,    CR),
    "CR, Non-CR/Non-PD":                         (CR,    NON,   NO,    PR),
    "CR, not evaluated":                         (CR,    NE,    NO,    PR),
    "PR, CR":                                    (PR,    CR,    NO,    PR),
    "PR, Non-CR/Non-PD":                         (PR,    NON,   NO,    PR),
    "PR, not all evaluated":                     (PR,    NE,    NO,    PR),
    "PR, no non-targets":                        (PR,    None,  NO,    PR),
    "SD, CR":                                    (SD,    CR,    NO,    SD),
    "SD, Non-CR/Non-PD":                         (SD,    NON,   NO,    SD),
    "SD, not all evaluated":                     (SD,    NE,    NO,    SD),
    "not all evaluated, Non-PD":                 (NE,    NON,   NO,    NE),
    "not all evaluated, CR":                     (NE,    CR,    NO,    NE),
    "PD, any":                                   (PD,    CR,    NO,    PD),
    "PD, not evaluated":                         (PD,    NE,    NO,    PD),
    "any, PD":                                   (CR,    PD,    NO,    PD),
    "not evaluated, PD":                         (NE,    PD,    NO,    PD),
    "new lesion after CR":                       (CR,    CR,    YES,   PD),
    "new lesion, nothing evaluated":             (NE,    NE,    YES,   PD),
    "an equivocal lesion is followed":           (PR,    NON,   MAYBE, PR),
    "non-targets only: CR":                      (None,  CR,    NO,    CR),
    "non-targets only: Non-CR/Non-PD":           (None,  NON,   NO,    NON),
    "non-targets only: not all evaluated":       (None,  NE,    NO,    NE),
    "non-targets only: PD":                      (None,  PD,    NO,    PD),
    "non-targets only: new lesion":              (None,  CR,    YES,   PD),
    "nothing followed":                          (None,  None,  NO,    NE),
}
GONE, HERE, WORSE, UNSEEN = NonTargetState
NON_TARGETS = {
    "none":                                      ([],                    None,   None),
    "all gone, markers normal":                  ([GONE, GONE],          False,  CR),
    "all gone, markers not used":                ([GONE],                None,   CR),
    "all gone, markers elevated":                ([GONE],                True,   NON),
    "one left":                                  ([GONE, HERE],          False,  NON),
    "one not evaluated":                         ([GONE, UNSEEN],        False,  NE),
    "unequivocal progression":                   ([GONE, WORSE],         False,  PD),
    "progression outranks what was not seen":    ([UNSEEN, WORSE],       False,  PD),
}
# fmt: on


@pytest.mark.parametrize(("baseline", "nadir", "now", "before", "expected"), SUMS.values(), ids=SUMS)
def test_target_response(baseline, nadir, now, before, expected):
    found = target_response(
        baseline_tenths=recorded_tenths(baseline),
        nadir_tenths=recorded_tenths(nadir),
        sum_tenths=recorded_tenths(now),
        all_gone=now == 0,
        responded_before=before,
    )

    assert found is expected


def test_sums_in_millimeters_are_not_taken_for_tenths():
    with pytest.raises(LengthError, match="whole tenths"):
        target_response(baseline_tenths=50.0, nadir_tenths=30.0, sum_tenths=40.0, all_gone=False)


def test_a_complete_response_of_nodes_need_not_be_zero():
    assert target_response(baseline_tenths=340, nadir_tenths=340, sum_tenths=180, all_gone=True) is CR


@pytest.mark.parametrize(("measured", "expected"), [(700, NE), (1199, NE), (1200, PD)])
def test_what_was_measured_may_prove_progression_but_nothing_else(measured, expected):
    found = target_response(
        baseline_tenths=1000, nadir_tenths=1000, sum_tenths=measured, all_gone=False, complete=False
    )

    assert found is expected


@pytest.mark.parametrize(("states", "markers", "expected"), NON_TARGETS.values(), ids=NON_TARGETS)
def test_non_target_response(states, markers, expected):
    assert non_target_response(states, markers_elevated=markers) is expected


@pytest.mark.parametrize(("target", "non_target", "new", "expected"), OVERALL.values(), ids=OVERALL)
def test_overall_response(target, non_target, new, expected):
    assert overall_response(target, non_target, new) is expected


@given(st.integers(0, 5000), st.integers(0, 5000), st.integers(0, 5000), st.integers(0, 100), st.booleans())
def test_progression_is_never_undone_by_shrinking_less(baseline, nadir, now, more, before):
    def at(sum_tenths):
        return target_response(
            baseline_tenths=baseline,
            nadir_tenths=min(nadir, baseline),
            sum_tenths=sum_tenths,
            all_gone=sum_tenths == 0,
            responded_before=before,
        )

    if at(now) is PD:
        assert at(now + more) is PD


@given(st.sampled_from([CR, PR, SD, PD, NE]), st.sampled_from([CR, NON, NE]))
def test_an_added_non_target_without_progression_never_improves_nor_breaks_a_response(target, non_target):
    alone = overall_response(target, None, NO)
    with_one = overall_response(target, non_target, NO)

    assert with_one is alone or (alone is CR and with_one is PR)


@given(st.integers(1, 5000), st.integers(0, 5000), st.integers(2, 9))
def test_units_do_not_matter_to_a_partial_response(baseline, now, scale):
    """Relative limits are blind to the unit; only the 5 mm are not."""
    small = target_response(baseline_tenths=baseline, nadir_tenths=now, sum_tenths=now, all_gone=False)
    large = target_response(
        baseline_tenths=baseline * scale, nadir_tenths=now * scale, sum_tenths=now * scale, all_gone=False
    )

    assert small is large


VIABLE = {
    "no enhancement left": (445, 445, 0, CR),
    "-30 %": (1000, 1000, 700, PR),
    "+20 % of a small sum": (100, 100, 120, PD),
    "+19 %": (1000, 1000, 1190, SD),
    "enhancement came back": (445, 0, 10, PD),
}


@pytest.mark.parametrize(("baseline", "nadir", "now", "expected"), VIABLE.values(), ids=VIABLE)
def test_mrecist_measures_the_enhancing_part(baseline, nadir, now, expected):
    assert viable_target_response(baseline_tenths=baseline, nadir_tenths=nadir, sum_tenths=now) is expected


def test_mrecist_of_what_was_not_measured():
    facts = {"baseline_tenths": 500, "nadir_tenths": 500, "complete": False}

    assert viable_target_response(sum_tenths=100, **facts) is NE
    assert viable_target_response(sum_tenths=600, **facts) is PD


CODES = {CR: 1, PR: 2, SD: 3, PD: 4}


@needs_real_data
@pytest.mark.parametrize("reader", [1, 2, 3])
@pytest.mark.parametrize("criteria", ["RECIST", "mRECIST"])
def test_codes_of_three_readers_of_a_real_trial(reader, criteria):
    """HCC-TACE-Seg (DOI 10.7937/TCIA.5FNA-0924): every published code from the published sums."""
    name = f"{reader}_{criteria}"
    checked = Counter()
    with (REAL_DATA / "hcctace_clinical_recist" / "clinical.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if not row[name]:
                continue
            baseline, now = (recorded_tenths(row[f"{name}_{when}"]) for when in ("BL", "FU"))
            facts = {"baseline_tenths": baseline, "nadir_tenths": baseline, "sum_tenths": now}
            if criteria == "mRECIST":
                found = viable_target_response(**facts)
            else:
                found = target_response(**facts, all_gone=now == 0)
            assert CODES[found] == float(row[name]), row["TCIA_ID"]
            checked[found] += 1

    assert sum(checked.values()) >= 63
    assert len(checked) >= 3
