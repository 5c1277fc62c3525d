"""A number printed beside a limit never reads as if it lay on the other side of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from imaging.findings.adjacency import Adjacency
from imaging.findings.enhancement import enhancement_finding
from imaging.findings.finding import Finding, Reason
from imaging.findings.guards import region_blocks
from imaging.findings.mr_scaling import scaling_doubts
from imaging.findings.policy import DEFAULT_POLICY
from imaging.findings.printed_numbers import EPSILON, shown, shown_beside, side
from imaging.findings.washout import LesionAndLiver, washout_finding
from imaging.phases.phase import Phase
from imaging.regions.statistics import RegionSample, RegionStatistics
from imaging.volume import AcquisitionHeader

POS, NEG, IND, NA = (
    Finding.POSITIVE,
    Finding.NEGATIVE,
    Finding.INDETERMINATE,
    Finding.NOT_COMPUTABLE,
)
#: From the findings: answer and reason.
Said = tuple[Finding, Reason]


def sample(
    mean: float, sd: float = 5, n: float = 400, area_mm2: float = 2500, voxels: int = 2000
) -> RegionSample:
    return RegionSample(mean, sd, n, area_mm2, voxels)


def enhances(before: float, after: float) -> Said:
    found = enhancement_finding(sample(before), sample(after))
    return found.finding, found.reasons[0]


def portal(liver: float, lesion: float) -> Said:
    arterial = LesionAndLiver(sample(95), sample(75))
    late = {Phase.PORTAL_VENOUS: LesionAndLiver(sample(lesion), sample(liver))}
    found = washout_finding(enhancement_finding(sample(40), sample(95)), arterial, late).by_phase[0]
    return found.finding, found.reasons[0]


def distance(millimeters: float) -> Said:
    found = Adjacency(millimeters, ((0, 0, 0), (0, 0, millimeters)), contact=False)
    return found.finding, found.reason


def sized(area_mm2: float, code: str) -> Said:
    small = sample(40, n=16, area_mm2=area_mm2, voxels=20)
    found = enhancement_finding(small, small)
    return found.finding, next(r for r in found.reasons if r.code == code)


BESIDE_ITS_LIMIT: dict[str, tuple[Callable[[], Said], Finding, str]] = {
    "19.96 HU does not reach 20": (lambda: enhances(40, 59.96), IND, "19.96 HU ["),
    "10.04 HU does not stay at 10": (lambda: enhances(40, 50.04), IND, "10.04 HU ["),
    "9.97 HU stays at 10 or less": (lambda: enhances(40, 49.97), NEG, "9.97 HU ["),
    "20 HU out of floating point reaches 20": (lambda: enhances(40.1, 60.1), POS, "20.0 HU ["),
    "an unenhanced 100.04 HU is above 100 HU": (
        lambda: enhances(100.04, 150),
        NA,
        "unenhanced 100.04 HU is above 100",
    ),
    "106.96 % is below 107 %": (lambda: portal(106.96, 100), IND, "PAR 106.96 % ["),
    "107.04 % reaches 107 %": (lambda: portal(107.04, 100), POS, "PAR 107.04 % ["),
    "20.04 mm is more than 20 mm": (
        lambda: distance(20.04),
        IND,
        "20.04 mm from the primary tumor, more than 20 mm",
    ),
    "19.96 mm is within 20 mm": (
        lambda: distance(19.96),
        POS,
        "19.96 mm from the primary tumor, within 20 mm",
    ),
    "20 mm and less than a micrometer is 20 mm": (
        lambda: distance(20.0004),
        POS,
        "20.0 mm from the primary tumor, within 20 mm",
    ),
    "24.96 mm2 is less than 25 mm2": (lambda: sized(24.96, "REGION_TOO_SMALL"), NA, "of 24.96 mm2 and"),
    "99.7 mm2 is below 100 mm2": (lambda: sized(99.7, "REGION_SMALL"), NEG, "99.7 mm2 is below"),
}


@pytest.mark.parametrize("name", BESIDE_ITS_LIMIT)
def test_what_is_printed_is_what_was_compared(name: str) -> None:
    ask, finding, words = BESIDE_ITS_LIMIT[name]

    found, reason = ask()

    assert found is finding
    assert words in reason.message


def test_five_percent_of_padding_and_a_little_is_printed_as_more_than_five() -> None:
    measured = RegionStatistics(40, 5, 2500, 2000, 400, 0.0504, 20, 60, (0,))

    assert [r.message for r in region_blocks("d1", measured, None)] == [
        "5.04% of d1 is padding, more than 5%"
    ]


def test_a_muscle_that_changes_by_ten_percent_and_a_little_prints_the_change() -> None:
    sequence = (("RepetitionTime", "4"), ("EchoTime", "2"), ("FlipAngle", "10"))
    header = AcquisitionHeader(modality="MR", series_uid="1.2", scanner="Maker", mr_sequence=sequence)

    said = scaling_doubts(header, header, DEFAULT_POLICY, (100.0, 110.04))

    assert "went from 100.0 to 110.0, by 10.04 % and more than 10 %" in said[0].message


@given(st.floats(-500, 500), st.sampled_from([0.0, 10.0, 20.0, 101.5, 107.0]))
@example(107.0 - 2 * EPSILON, 107.0)
@example(-0.0, 0.0)
def test_a_printed_number_lies_on_the_side_on_which_it_was_compared(value: float, limit: float) -> None:
    printed = float(shown(value, limit))

    assert (printed > limit) - (printed < limit) == side(value, limit)
    assert not shown(value, limit).startswith("-0.0 ")


@given(st.floats(-50, 50), st.floats(-50, 50))
def test_two_printed_numbers_keep_their_order(first: float, second: float) -> None:
    a, b = (float(text) for text in shown_beside(first, second))

    if side(first, second):
        assert (a > b) == (first > second)
