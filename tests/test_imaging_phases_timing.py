# ruff: noqa: E501 - tables are read across
"""Delays from clocks and words, the order of passes, and the windows of the phases."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.geometry import VolumeGeometry
from imaging.phases.agent import Agent
from imaging.phases.delays import written_delays
from imaging.phases.normalize import normalize
from imaging.phases.order import by_gap, order_conflicts, places
from imaging.phases.phase import Phase
from imaging.phases.timing import across_midnight, delay_from_injection, why_times_are_useless
from imaging.phases.windows import phase_at
from imaging.volume import Acquisition, AcquisitionHeader, Volume

NOON = 12 * 3600.0
MIDNIGHT = 24 * 3600.0


def header(uid="1", **values):
    return AcquisitionHeader(series_uid=uid, modality="CT", **values)


def at(second, date=15):
    hour, rest = divmod(int(second), 3600)
    return datetime(2025, 6, date, hour, rest // 60, rest % 60)


CLOCKS = {
    "a start and a time of the same day": (header(acquisition_time_s=NOON + 35, contrast_start_time_s=NOON), 35.0),
    "a date as well as a time": (header(acquisition_datetime=at(NOON + 70), contrast_start_time_s=NOON), 70.0),
    "injection before midnight, pass after": (header(acquisition_time_s=20.0, contrast_start_time_s=MIDNIGHT - 15), 35.0),
    "the same with a date": (header(acquisition_datetime=at(20, 16), contrast_start_time_s=MIDNIGHT - 15), 35.0),
    "unenhanced before midnight, injection after": (header(acquisition_time_s=MIDNIGHT - 60, contrast_start_time_s=180.0), -240.0),
    "both with dates across midnight": (
        header(acquisition_datetime=at(20, 16), contrast_start_datetime=at(MIDNIGHT - 15)), 35.0),
    "a pass before the injection": (header(acquisition_time_s=NOON - 200, contrast_start_time_s=NOON), -200.0),
    "MR counts to the middle of the breath-hold": (
        replace(header(acquisition_time_s=NOON + 28, contrast_start_time_s=NOON, acquisition_duration_s=16.0), modality="MR"), 36.0),
    "the duration of a whole series is no breath-hold": (
        replace(header(acquisition_time_s=NOON + 28, contrast_start_time_s=NOON, acquisition_duration_s=300.0), modality="MR"), 28.0),
}  # fmt: skip


@pytest.mark.parametrize("case", CLOCKS)
def test_delay_is(case):
    own, seconds = CLOCKS[case]
    other = header("2", acquisition_time_s=NOON - 4000, contrast_start_time_s=own.contrast_start_time_s)

    assert delay_from_injection(own, [own, other]).seconds == pytest.approx(seconds)


USELESS = {
    "nobody recorded a start": ([header(acquisition_time_s=NOON)], "no start of injection is recorded"),
    "the start was copied from the series time": (
        [header(acquisition_time_s=NOON + 9, series_time_s=NOON, contrast_start_time_s=NOON),
         header("2", acquisition_time_s=NOON + 60, series_time_s=NOON + 55, contrast_start_time_s=NOON + 55)], "copied"),
    "the start was copied from another series (portal venous would be late arterial)": (
        [header(acquisition_time_s=NOON + 35, contrast_start_time_s=NOON),
         header("2", acquisition_time_s=NOON, contrast_start_time_s=NOON)], "copied"),
    "the start was copied from the acquisition": ([header(acquisition_time_s=NOON, contrast_start_time_s=NOON)], "copied"),
    "de-identification set every time to midnight": (
        [header(acquisition_time_s=0.0, contrast_start_time_s=10.0), header("2", acquisition_time_s=0.0)], "same time"),
    "more than four hours": ([header(acquisition_time_s=NOON + 16000, contrast_start_time_s=NOON)], "implausible"),
    "more than an hour before": ([header(acquisition_time_s=NOON - 4000, contrast_start_time_s=NOON)], "implausible"),
    "no acquisition time": ([header(contrast_start_time_s=NOON), header("2", acquisition_time_s=1.0)], "no acquisition time"),
    "one time with an offset, one without": (
        [header(acquisition_datetime=at(NOON).replace(tzinfo=UTC), contrast_start_datetime=at(NOON - 35))], "UTC offset"),
}  # fmt: skip


@pytest.mark.parametrize("case", USELESS)
def test_no_delay_because(case):
    headers, reason = USELESS[case]
    reading = delay_from_injection(headers[0], headers)

    assert reading.seconds is None
    assert reason in reading.written


def test_passes_of_one_series_that_share_its_time_are_not_timed_by_it():
    plain = header(acquisition_time_s=NOON - 100)
    shared = {"acquisition_time_s": NOON + 35, "contrast_start_time_s": NOON}
    passes = [header("2", **shared, trigger_time_s=trigger) for trigger in (0.0, 30.0, 150.0)]
    told = [delay_from_injection(each, [plain, *passes]) for each in passes]

    assert [reading.seconds for reading in told] == [None] * 3
    assert "every pass of the series has the time 12:00:35" in told[0].written


def test_water_and_fat_of_one_moment_are_timed_by_it():
    shared = {"acquisition_time_s": NOON + 35, "contrast_start_time_s": NOON}
    water, fat = (header("2", **shared, image_type=("DERIVED", "PRIMARY", kind)) for kind in "WF")
    plain = header(acquisition_time_s=NOON - 100)

    assert delay_from_injection(water, [plain, water, fat]).seconds == 35


def test_an_unenhanced_pass_borrows_the_only_start_of_the_study():
    plain = header(acquisition_time_s=NOON - 240)
    arterial = header("2", acquisition_time_s=NOON + 35, contrast_start_time_s=NOON)

    assert delay_from_injection(plain, [plain, arterial]).seconds == -240


def test_two_injections_lend_nothing():
    plain = header(acquisition_time_s=NOON - 240)
    first = header("2", acquisition_time_s=NOON + 35, contrast_start_time_s=NOON)
    second = header("3", acquisition_time_s=NOON + 1235, contrast_start_time_s=NOON + 1200)

    assert delay_from_injection(plain, [plain, first, second]).seconds is None
    assert why_times_are_useless([plain, first, second]) == ""


@given(start=st.floats(0, MIDNIGHT - 1), delay=st.floats(-3000, 14000))
def test_midnight_never_matters(start, delay):
    taken = (start + delay) % MIDNIGHT

    assert across_midnight(taken - start) == pytest.approx(delay, abs=1e-6)


WRITTEN = {
    "70 SEC": [70], "70s": [70], "65s Portal": [65], "3 min": [180], "3MIN DELAY": [180], "30, 70, 120 SEC": [30, 70, 120],
    "20SEC/1MIN": [20, 60], "1 min 30 sec": [90], "70초": [70], "3분": [180], "70秒後": [70], "3分後": [180], "5'": [300],
    "180-sec": [180], "2,5 min": [150], "1.5 MIN": [90], "tardif 3mn": [180], "2 hr": [7200],
    "Topogram 0.6 T20s": [], "3.0 B31s": [], "5 MIN IP": [], "b=400 s/mm2": [], "0.5s rotation": [], "BH 20 sec": [],
    "15 sec breath hold": [], "TR 3000ms": [], "minIP 5": [], "70 kV": [], "3.0 B40f": [], "1st": [],
}  # fmt: skip


@pytest.mark.parametrize("text", WRITTEN)
def test_delays_are_read_and_other_numbers_are_not(text):
    assert [delay.seconds for delay in written_delays(normalize(text))] == WRITTEN[text]


EDGES = {
    -0.1: Phase.UNENHANCED, 11.9: Phase.UNDETERMINED, 12: Phase.EARLY_ARTERIAL, 27.9: Phase.EARLY_ARTERIAL, 28: Phase.LATE_ARTERIAL,
    48: Phase.LATE_ARTERIAL, 48.1: Phase.UNDETERMINED, 55: Phase.PORTAL_VENOUS, 95: Phase.PORTAL_VENOUS,
    95.1: Phase.UNDETERMINED, 119: Phase.UNDETERMINED, 120: Phase.DELAYED, 360: Phase.DELAYED, 361: Phase.UNDETERMINED,
    1200: Phase.UNDETERMINED,
}  # fmt: skip


@pytest.mark.parametrize("seconds", EDGES)
def test_windows(seconds):
    assert phase_at(seconds) is EDGES[seconds]


@pytest.mark.parametrize(
    ("agent", "seconds", "phase"),
    [
        (Agent.GADOXETATE, 180, Phase.TRANSITIONAL), (Agent.GADOXETATE, 1200, Phase.HEPATOBILIARY),
        (Agent.GADOXETATE, 600, Phase.UNDETERMINED), (Agent.GADOBENATE, 180, Phase.DELAYED),
        (Agent.GADOBENATE, 1200, Phase.UNDETERMINED), (Agent.GADOBENATE, 5400, Phase.HEPATOBILIARY),
        (Agent.EXTRACELLULAR, 1200, Phase.UNDETERMINED), (Agent.GADOXETATE, 70, Phase.PORTAL_VENOUS),
    ],
)  # fmt: skip
def test_windows_by_agent(agent, seconds, phase):
    assert phase_at(seconds, agent) is phase


def acquisition(key, uid="1", **values):
    volume = Volume(np.zeros((2, 2, 2), np.int16), VolumeGeometry((2, 2, 2), np.eye(4)[:, [2, 1, 0, 3]]))
    return Acquisition(key, header(uid, **values), volume)


ORDERS = {
    "clock times": ([{"acquisition_time_s": NOON + 70}, {"acquisition_time_s": NOON}], [1, 0], "AcquisitionTime"),
    "clock times across midnight": ([{"acquisition_time_s": 30.0}, {"acquisition_time_s": MIDNIGHT - 5}], [1, 0], "AcquisitionTime"),
    "temporal positions of one series": ([{"temporal_position": 2}, {"temporal_position": 1}], [1, 0], "TemporalPositionIdentifier"),
    "trigger times of one series": ([{"trigger_time_s": 35.0}, {"trigger_time_s": 0.0}], [1, 0], "TriggerTime"),
    "numbers, where series numbers agree": (
        [{"acquisition_number": 3, "series_number": 103}, {"acquisition_number": 1, "series_number": 4}], [1, 0], "AcquisitionNumber"),
}  # fmt: skip


@pytest.mark.parametrize("case", ORDERS)
def test_passes_are_ordered_by(case):
    values, expected, by = ORDERS[case]
    found = places([acquisition(str(i), **v) for i, v in enumerate(values)])

    assert [found[str(i)].position for i in range(len(values))] == expected
    assert {place.by for place in found.values()} == {by}


UNORDERED = {
    "a time is missing": [{"acquisition_time_s": NOON}, {}],
    "numbers restart while series go on": [
        {"acquisition_number": 1, "series_number": 7}, {"acquisition_number": 2, "series_number": 4}],
    "trigger times of two series": [{"trigger_time_s": 35.0, "uid": "1"}, {"trigger_time_s": 0.0, "uid": "2"}],
    "all times are the same": [{"acquisition_time_s": 0.0}, {"acquisition_time_s": 0.0}],
    "content times": [{"content_time_s": 1.0}, {"content_time_s": 9.0}],
}  # fmt: skip


@pytest.mark.parametrize("case", UNORDERED)
def test_nothing_orders_the_passes_when(case):
    assert places([acquisition(str(i), **v) for i, v in enumerate(UNORDERED[case])]) == {}


def timed(*seconds):
    return places([acquisition(str(i), acquisition_time_s=NOON + s) for i, s in enumerate(seconds)])


CONFLICTS = {
    "portal venous before arterial": ((0, 40), [Phase.PORTAL_VENOUS, Phase.ARTERIAL], {"0", "1"}),
    "late before early arterial": ((0, 15), [Phase.LATE_ARTERIAL, Phase.EARLY_ARTERIAL], {"0", "1"}),
    "unenhanced after delayed": ((0, 60), [Phase.DELAYED, Phase.UNENHANCED], {"0", "1"}),
    "a usual study": ((0, 300, 335, 480), [Phase.UNENHANCED, Phase.LATE_ARTERIAL, Phase.PORTAL_VENOUS, Phase.DELAYED], set()),
    "arterial may be early or late": ((0, 15, 30), [Phase.EARLY_ARTERIAL, Phase.ARTERIAL, Phase.LATE_ARTERIAL], set()),
    "two reconstructions of one pass": ((0, 0, 40), [Phase.PORTAL_VENOUS, Phase.PORTAL_VENOUS, Phase.DELAYED], set()),
}  # fmt: skip


@pytest.mark.parametrize("case", CONFLICTS)
def test_order_objects_to(case):
    seconds, phases, keys = CONFLICTS[case]

    assert set(order_conflicts(timed(*seconds), {str(i): p for i, p in enumerate(phases)})) == keys


@pytest.mark.parametrize(
    ("gap", "agent", "phase"),
    [
        (35, Agent.UNKNOWN, Phase.PORTAL_VENOUS), (145, Agent.UNKNOWN, Phase.DELAYED), (60, Agent.UNKNOWN, Phase.UNDETERMINED),
        (145, Agent.GADOXETATE, Phase.TRANSITIONAL),
    ],
)  # fmt: skip
def test_gap_to_the_late_arterial_pass_hints(gap, agent, phase):
    says, written = by_gap("1", timed(0, gap), {"0": Phase.LATE_ARTERIAL}, agent)

    assert says is phase
    assert str(gap) in written
