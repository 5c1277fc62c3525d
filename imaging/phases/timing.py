"""Seconds from the start of injection to an acquisition, from the clock times in the headers.

``ContrastBolusStartTime`` is a time without a date that technologists type and injectors do not
synchronize, so the arithmetic here refuses more than it answers, and says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from imaging.volume import AcquisitionHeader, Study

#: A delay outside of these is a typing error or another injection. [s]
EARLIEST_S, LATEST_S = -3600.0, 15000.0
#: Times without a date that differ by more than this lie on two sides of midnight. [s]
HALF_A_DAY_S, DAY_S = 43200.0, 86400.0
#: Starts of injection that differ by more than this within a study are two injections. [s]
SAME_INJECTION_S = 5.0
#: On MR the contrast is that of the middle of k-space, half of the acquisition later; longer
#: durations are those of a whole multi-phase series. [s]
LONGEST_BREATH_HOLD_S = 40.0


@dataclass(frozen=True, slots=True)
class DelayReading:
    """Delay after the start of injection, or why there is none.

    Attributes
    ----------
    seconds : float or None
        Negative before the injection. [s]
    written : str
        The two times that were compared, or the reason for no answer.
    """

    seconds: float | None
    written: str


def _second_of_day(moment: datetime) -> float:
    return moment.hour * 3600.0 + moment.minute * 60.0 + moment.second + moment.microsecond / 1e6


def _clock(second: float) -> str:
    whole = round(second) % int(DAY_S)
    return f"{whole // 3600:02d}:{whole % 3600 // 60:02d}:{whole % 60:02d}"


def across_midnight(difference_s: float) -> float:
    """A difference of two times without dates, taken as the shorter way around the clock. [s]

    Examples
    --------
    >>> across_midnight(35 - 86390.0)
    45.0
    """
    if difference_s < -HALF_A_DAY_S:
        return difference_s + DAY_S
    return difference_s - DAY_S if difference_s > HALF_A_DAY_S else difference_s


def acquisition_second(header: AcquisitionHeader) -> float | None:
    """Second of the day at which the acquisition began; None where no such time is recorded. [s]"""
    if header.acquisition_datetime is not None:
        return _second_of_day(header.acquisition_datetime)
    return header.acquisition_time_s


def start_second(header: AcquisitionHeader) -> float | None:
    """Second of the day of the start of injection; None where none is recorded. [s]"""
    if header.contrast_start_datetime is not None:
        return _second_of_day(header.contrast_start_datetime)
    return header.contrast_start_time_s


def delay_from_injection(header: AcquisitionHeader, study: Sequence[AcquisitionHeader]) -> DelayReading:
    """Delay of an acquisition after the start of injection.

    Parameters
    ----------
    header : AcquisitionHeader
        The acquisition asked for.
    study : sequence of AcquisitionHeader
        All acquisitions of the study; an unenhanced series often lacks the start that the others carry.
    """
    reason = why_times_are_useless(study)
    if reason:
        return DelayReading(None, reason)
    taken = acquisition_second(header)
    if taken is not None and any(_other_pass_at_once(header, other) for other in study):
        return DelayReading(
            None, f"every pass of the series has the time {_clock(taken)}: it is the series' own"
        )
    start = _start_of(header, study)
    if start is None or taken is None:
        return DelayReading(None, "no acquisition time" if taken is None else "no single start of injection")
    delay = _difference(header, start)
    if delay is None:
        return DelayReading(None, "one time has a UTC offset and the other has none")
    delay += _half_of_duration(header)
    second = start_second(start)
    written = f"acquisition {_clock(taken)} - start of injection {_clock(second or 0.0)} = {delay:g} s"
    if not EARLIEST_S <= delay <= LATEST_S:
        return DelayReading(None, f"{written}, implausible (outside {EARLIEST_S:g} to {LATEST_S:g} s)")
    return DelayReading(delay, written)


def delay_s(study: Study, key: str) -> float | None:
    """Seconds from the start of injection to an acquisition of a study, where the headers tell. [s]"""
    return delay_from_injection(study[key].header, [a.header for a in study]).seconds


def _other_pass_at_once(one: AcquisitionHeader, other: AcquisitionHeader) -> bool:
    """Whether another pass of a multiphase series carries the same acquisition time.

    Some scanners write the start of the series into all of its passes. Images of another kind (fat beside
    water) may truly share a moment.
    """
    return (
        one is not other
        and one.series_uid == other.series_uid
        and (one.image_type, one.mr_sequence) == (other.image_type, other.mr_sequence)
        and acquisition_second(one) == acquisition_second(other)
    )


def _difference(header: AcquisitionHeader, start: AcquisitionHeader) -> float | None:
    began, injected = header.acquisition_datetime, start.contrast_start_datetime
    if began is not None and injected is not None:
        if (began.tzinfo is None) != (injected.tzinfo is None):
            return None
        return (began - injected).total_seconds()
    taken, second = acquisition_second(header), start_second(start)
    return None if taken is None or second is None else across_midnight(taken - second)


def _half_of_duration(header: AcquisitionHeader) -> float:
    duration = header.acquisition_duration_s
    if header.modality != "MR" or duration is None or not 0 < duration <= LONGEST_BREATH_HOLD_S:
        return 0.0
    return duration / 2


def _start_of(header: AcquisitionHeader, study: Sequence[AcquisitionHeader]) -> AcquisitionHeader | None:
    """The header that carries the start: the own one, else the only one of the study."""
    if start_second(header) is not None:
        return header
    others = [other for other in study if start_second(other) is not None]
    seconds = [second for other in others if (second := start_second(other)) is not None]
    if not others or max(seconds) - min(seconds) > SAME_INJECTION_S:
        return None
    return others[0]


def why_times_are_useless(study: Sequence[AcquisitionHeader]) -> str:
    """Why the clock times of a study cannot be trusted; empty if nothing speaks against them."""
    starts = [h for h in study if start_second(h) is not None]
    if not starts:
        return "no start of injection is recorded"
    times = {moment for h in study for moment in (h.series_time_s, acquisition_second(h))}
    if any(start_second(h) in times for h in starts):
        return "the start of injection equals the time of a series: it was copied, not measured"
    passes = {acquisition_second(h) for h in study}
    if len(study) > 1 and len(passes) == 1:
        return "every acquisition has the same time: times were removed by de-identification"
    return ""
