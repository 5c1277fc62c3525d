"""The worked values of the specification, computed by hand there, and the laws of the verdicts."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.findings.enhancement import enhancement_finding
from imaging.findings.finding import Finding, Reason
from imaging.findings.policy import EnhancementPolicy
from imaging.findings.washout import LesionAndLiver, washout_finding
from imaging.phases.phase import Phase
from imaging.regions.statistics import RegionSample

POS, NEG, IND, NA = (
    Finding.POSITIVE,
    Finding.NEGATIVE,
    Finding.INDETERMINATE,
    Finding.NOT_COMPUTABLE,
)


def sample(mean: float, sd: float, n_eff: float) -> RegionSample:
    """A region of ``n_eff`` correlation areas in one slice."""
    return RegionSample(mean, sd, n_eff, n_eff * 6.25, max(9, round(n_eff * 6.25 / 0.5)))


CT_CASES = {
    "C-01 95 against 45 HU in 100 mm2 enhances": (95, 14, 45, 12, 16, 50, (39.0, 61.0), POS),
    "C-02 the same in 25 mm2 still enhances": (95, 14, 45, 12, 4, 50, (27.2, 72.8), POS),
    "C-03 42 against 40 HU in 100 mm2 does not": (42, 12, 40, 12, 16, 2, (-8.4, 12.4), NEG),
    "C-04 the same in 25 mm2 cannot be told": (42, 12, 40, 12, 4, 2, (-19.0, 23.0), IND),
    "C-05 62 against 40 HU enhances": (62, 12, 40, 12, 16, 22, (11.6, 32.4), POS),
    "C-06 24.9 HU in 25 mm2 is within noise": (64.9, 12, 40, 12, 4, 24.9, (4.0, 45.9), IND),
    "C-07 exactly 20 HU in 200 mm2 enhances": (60, 12, 40, 12, 32, 20, (11.6, 28.4), POS),
    "C-08 12 HU is equivocal": (52, 12, 40, 12, 32, 12, (3.6, 20.4), IND),
    "C-09 9.9 HU in 200 mm2 does not enhance": (49.9, 12, 40, 12, 32, 9.9, (1.5, 18.3), NEG),
    "10 HU less may be noise and does not enhance": (30, 12, 40, 12, 32, -10, (-18.4, -1.6), NEG),
    "30 HU less lies on other tissue": (10, 12, 40, 12, 32, -30, (-38.4, -21.6), IND),
    "lung in the arterial phase is no bland clot": (-700, 12, 40, 12, 32, -740, (-748.4, -731.6), IND),
}


@pytest.mark.parametrize("name", CT_CASES)
def test_ct_enhancement(name: str) -> None:
    after, sd_after, before, sd_before, n, change, interval, expected = CT_CASES[name]

    found = enhancement_finding(sample(before, sd_before, n), sample(after, sd_after, n))

    assert found.difference == pytest.approx(change)
    assert found.ci95 == pytest.approx(interval, abs=0.06)
    assert (found.finding, found.unit) == (expected, "HU")


MR_CASES = {
    "C-17 300 against 200 is +50 %": (300, 25, 200, 20, 50, (37.5, 63.6), POS),
    "C-18 250 against 200 is +25 %": (250, 25, 200, 20, 25, (14.1, 36.9), POS),
    "C-19 240 against 200 is +20 % within noise": (240, 25, 200, 20, 20, (9.5, 31.6), IND),
    "C-20 208 against 200 does not enhance": (208, 20, 200, 20, 4, (-4.9, 13.8), NEG),
}


@pytest.mark.parametrize("name", MR_CASES)
def test_mr_enhancement(name: str) -> None:
    after, sd_after, before, sd_before, change, interval, expected = MR_CASES[name]

    found = enhancement_finding(sample(before, sd_before, 16), sample(after, sd_after, 16), unit="MR")

    assert found.difference == pytest.approx(change)
    assert found.ci95 == pytest.approx(interval, abs=0.06)
    assert (found.finding, found.unit) == (expected, "%")


@pytest.mark.parametrize(("unit", "count"), [("MR", 1), ("HU", 0)])
def test_the_signal_that_percent_are_taken_of_is_said_on_mr(unit: Literal["HU", "MR"], count: int) -> None:
    """C.7: a bright clot that gains 55 gains 9.2 %; one of 200 would gain 27.5 % of the same contrast."""
    found = enhancement_finding(sample(600, 10, 64), sample(655, 10, 64), unit=unit)

    said = [r.message for r in found.reasons if r.code == "MR_SIGNAL"]
    assert len(said) == count
    assert all("600 before contrast and 655 in the arterial phase" in message for message in said)


def test_an_ignored_mr_slope_is_never_negative() -> None:
    """C-21: 200 -> 260 (+30 %) looks like +4 % when the slope of 1.25 is ignored."""
    scale = Reason("MR_SCALING_DIFFERS", "RescaleSlope 1 and 1.25")

    found = enhancement_finding(sample(200, 20, 16), sample(208, 20, 16), unit="MR", blocks=[scale])

    assert found.finding is NA
    assert scale in found.reasons
    assert found.difference == pytest.approx(4)  # still shown


ENHANCES = enhancement_finding(sample(45, 12, 16), sample(95, 14, 16))
BLAND = enhancement_finding(sample(40, 12, 16), sample(42, 12, 16))
UNSURE = enhancement_finding(sample(40, 12, 4), sample(42, 12, 4))
ARTERIAL = LesionAndLiver(sample(95, 14, 16), sample(75, 12, 64))

WASHOUT_CASES = {
    "C-10 PVP liver 110, lesion 85": (110, 12, 64, 85, 14, 16, (129.4, 118.9, 140.9), (25, 15.3, 34.7), POS),
    "C-11 delayed liver 100, lesion 80": (
        100,
        12,
        64,
        80,
        14,
        16,
        (125.0, 114.2, 136.9),
        (20, 10.3, 29.7),
        POS,
    ),
    "C-12 delayed liver 100, lesion 97": (100, 12, 64, 97, 12, 16, (103.1, 96.4, 110.3), None, IND),
    "C-13 delayed liver 100, lesion 112": (100, 12, 64, 112, 12, 16, (89.3, 84.1, 94.8), None, NEG),
    "C-14 ratio of 107 that noise explains": (
        107,
        12,
        64,
        100,
        12,
        16,
        (107.0, None, None),
        (7, -2, 16),
        IND,
    ),
    "C-15 the same in large regions": (107, 12, 200, 100, 12, 100, (107.0, None, None), (7, 0.5, 13.5), POS),
}


@pytest.mark.parametrize("name", WASHOUT_CASES)
def test_ct_washout(name: str) -> None:
    liver, sd_liver, n_liver, lesion, sd_lesion, n_lesion, par, gap, expected = WASHOUT_CASES[name]
    late = LesionAndLiver(sample(lesion, sd_lesion, n_lesion), sample(liver, sd_liver, n_liver))

    found = washout_finding(ENHANCES, ARTERIAL, {Phase.DELAYED: late}).by_phase[0]

    assert found.ratio_percent == pytest.approx(par[0], abs=0.06)
    if par[1] is not None:
        assert found.ratio_ci95 == pytest.approx(par[1:], abs=0.06)
    if gap is not None:
        assert found.liver_minus_lesion == pytest.approx(gap[0])
        assert found.liver_minus_lesion_ci95 == pytest.approx(gap[1:], abs=0.06)
    assert found.finding is expected


def test_contrast_falls_from_plus_20_to_minus_25() -> None:
    """C-10: a drop of 45 HU since the arterial phase."""
    late = LesionAndLiver(sample(85, 14, 16), sample(110, 12, 64))

    found = washout_finding(ENHANCES, ARTERIAL, {Phase.PORTAL_VENOUS: late})

    assert found.by_phase[0].contrast_drop == pytest.approx(45)
    assert found.finding is POS


def test_a_bland_clot_is_dark_and_does_not_wash_out() -> None:
    """C-16, the bland trap: PAR 255.8 % in a clot that never enhanced."""
    late = LesionAndLiver(sample(43, 12, 16), sample(110, 12, 64))

    found = washout_finding(BLAND, ARTERIAL, {Phase.PORTAL_VENOUS: late})

    assert found.by_phase[0].ratio_percent == pytest.approx(255.8, abs=0.06)
    assert found.by_phase[0].ratio_ci95 == pytest.approx((222, 294), abs=1)
    assert found.finding is NEG


DARK = LesionAndLiver(sample(80, 12, 64), sample(110, 12, 64))
BRIGHT = LesionAndLiver(sample(130, 12, 64), sample(110, 12, 64))

OVERALL = {
    "dark in either phase is enough": (ENHANCES, {Phase.PORTAL_VENOUS: BRIGHT, Phase.DELAYED: DARK}, POS),
    "bright in both phases is none": (ENHANCES, {Phase.PORTAL_VENOUS: BRIGHT, Phase.DELAYED: BRIGHT}, NEG),
    "bright in one phase leaves the other open": (ENHANCES, {Phase.PORTAL_VENOUS: BRIGHT}, IND),
    "no late phase": (ENHANCES, {}, NA),
    "no late phase, no enhancement": (BLAND, {}, NA),
    "enhancement not told": (UNSURE, {Phase.PORTAL_VENOUS: DARK}, IND),
    "transitional phase of gadoxetate": (ENHANCES, {Phase.TRANSITIONAL: DARK}, IND),
    "hepatobiliary phase": (ENHANCES, {Phase.HEPATOBILIARY: DARK}, IND),
    "liver not drawn": (ENHANCES, {Phase.DELAYED: LesionAndLiver(sample(80, 12, 64), None)}, NA),
    "lesion at 15 HU has no ratio": (
        ENHANCES,
        {Phase.DELAYED: LesionAndLiver(sample(15, 12, 64), sample(110, 12, 64))},
        NA,
    ),
}


@pytest.mark.parametrize("name", OVERALL)
def test_washout_over_all_phases(name: str) -> None:
    enhancement, late, expected = OVERALL[name]

    assert washout_finding(enhancement, ARTERIAL, late).finding is expected


def test_transitional_phase_counts_by_the_korean_guideline_only() -> None:
    korean = EnhancementPolicy(gadoxetate_washout="KLCA")

    found = washout_finding(ENHANCES, ARTERIAL, {Phase.TRANSITIONAL: DARK}, policy=korean)

    assert found.finding is POS


GUARDS = {
    "no unenhanced series": (None, sample(95, 14, 16), Phase.LATE_ARTERIAL, "NO_UNENHANCED"),
    "no arterial series": (sample(45, 12, 16), None, Phase.LATE_ARTERIAL, "NO_ARTERIAL"),
    "portal phase is not arterial": (
        sample(45, 12, 16),
        sample(95, 14, 16),
        Phase.PORTAL_VENOUS,
        "NOT_ARTERIAL",
    ),
    "Lipiodol": (sample(100.1, 12, 16), sample(180, 14, 16), Phase.LATE_ARTERIAL, "DENSE_MATERIAL"),
    "24 mm2": (sample(45, 12, 3.84), sample(95, 14, 16), Phase.LATE_ARTERIAL, "REGION_TOO_SMALL"),
    "8 voxels": (
        replace(sample(45, 12, 16), voxels=8),
        sample(95, 14, 16),
        Phase.LATE_ARTERIAL,
        "REGION_TOO_SMALL",
    ),
}


@pytest.mark.parametrize("name", GUARDS)
def test_what_cannot_be_answered_is_not_answered(name: str) -> None:
    before, after, phase, code = GUARDS[name]

    found = enhancement_finding(before, after, arterial_phase=phase)

    assert found.finding is NA
    assert code in {reason.code for reason in found.reasons}


@pytest.mark.parametrize("phase", [Phase.EARLY_ARTERIAL, Phase.ARTERIAL])
def test_a_phase_not_proven_late_arterial_can_show_enhancement_but_not_its_absence(phase: Phase) -> None:
    enhances = enhancement_finding(sample(45, 12, 16), sample(95, 14, 16), arterial_phase=phase)
    bland = enhancement_finding(sample(40, 12, 16), sample(42, 12, 16), arterial_phase=phase)

    assert (enhances.finding, bland.finding) == (POS, IND)


def test_unconfirmed_regions_give_numbers_but_no_answer() -> None:
    moved = Reason("REGION_UNCONFIRMED", "propagated")

    found = enhancement_finding(sample(45, 12, 16), sample(95, 14, 16), unconfirmed=[moved])

    assert (found.finding, found.if_confirmed) == (IND, POS)
    assert found.difference == 50


means = st.floats(1, 2000)
sds = st.floats(0.1, 60)
numbers = st.floats(4, 400)
samples = st.builds(sample, means, sds, numbers)


@given(samples, samples, st.floats(0.01, 100))
def test_mr_ratios_to_liver_ignore_any_scale(
    lesion: RegionSample, liver: RegionSample, factor: float
) -> None:
    """Ratios within one image decide MR washout: a factor on one phase changes nothing."""
    scaled = LesionAndLiver(
        replace(lesion, mean=lesion.mean * factor, sd=lesion.sd * factor),
        replace(liver, mean=liver.mean * factor, sd=liver.sd * factor),
    )
    enhances = enhancement_finding(sample(200, 20, 16), sample(300, 25, 16), unit="MR")
    arterial = LesionAndLiver(sample(300, 25, 16), sample(280, 20, 64))

    plain = washout_finding(
        enhances, arterial, {Phase.PORTAL_VENOUS: LesionAndLiver(lesion, liver)}, unit="MR"
    ).by_phase[0]
    other = washout_finding(enhances, arterial, {Phase.PORTAL_VENOUS: scaled}, unit="MR").by_phase[0]

    assert other.ratio_percent == pytest.approx(plain.ratio_percent)
    assert other.contrast_drop == pytest.approx(plain.contrast_drop)


@pytest.mark.parametrize(("unit", "mean", "least"), [("HU", 12, "20 HU"), ("MR", -3, "0")])
def test_why_a_region_has_no_ratio_to_liver_is_said_in_its_own_unit(unit, mean, least) -> None:
    enhances = enhancement_finding(sample(40, 5, 64), sample(120, 5, 64))
    late = LesionAndLiver(sample(mean, 5, 64), sample(100, 5, 64))

    found = washout_finding(
        enhances, LesionAndLiver(sample(120, 5, 64), sample(80, 5, 64)), {Phase.DELAYED: late}, unit=unit
    )

    (reason,) = (r for r in found.by_phase[0].reasons if r.code == "NO_RATIO")
    assert f"not above {least}:" in reason.message


@given(samples, samples, st.floats(1, 4))
def test_more_noise_never_turns_an_open_answer_into_a_definite_one(
    before: RegionSample, after: RegionSample, more: float
) -> None:
    """A wider interval around the same difference can only withdraw an answer."""
    quiet = enhancement_finding(before, after)
    noisy = enhancement_finding(replace(before, sd=before.sd * more), replace(after, sd=after.sd * more))

    if quiet.finding not in (POS, NEG):
        assert noisy.finding not in (POS, NEG)


@given(samples, samples)
def test_positive_and_negative_exclude_each_other_and_the_interval_says_so(
    before: RegionSample, after: RegionSample
) -> None:
    found = enhancement_finding(before, after)

    if found.finding is POS:
        assert found.difference >= 20
        assert found.ci95[0] > 10
    if found.finding is NEG:
        assert found.difference <= 10
        assert found.ci95[1] < 20


def test_a_single_independent_value_has_no_interval_and_no_answer() -> None:
    found = enhancement_finding(RegionSample(40, 12, 1.0, 30, 60), RegionSample(95, 12, 1.0, 30, 60))

    assert found.ci95 is None
    assert found.finding is IND
    assert math.isfinite(found.difference)
