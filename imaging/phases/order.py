"""In which order the acquisitions of a study were taken, and whether their phases fit that order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from imaging.phases.agent import Agent
from imaging.phases.phase import Phase
from imaging.phases.timing import acquisition_second, across_midnight
from imaging.phases.windows import DELAYED_S, EARLY_ARTERIAL_S, LATE_ARTERIAL_S, PORTAL_VENOUS_S
from imaging.volume import Acquisition, AcquisitionHeader

#: Usual gaps between passes. [s]
ARTERIAL_TO_PORTAL_S = (25.0, 45.0)
ARTERIAL_TO_DELAYED_S = (90.0, 270.0)

#: Attributes that order the passes inside of one multiphase series.
WITHIN_SERIES = frozenset({"TriggerTime", "TemporalPositionIdentifier"})

#: Place of each phase in time; phases of one place may come in any order.
RANK: Mapping[Phase, int] = {
    Phase.UNENHANCED: 0,
    Phase.EARLY_ARTERIAL: 1,
    Phase.LATE_ARTERIAL: 2,
    Phase.PORTAL_VENOUS: 3,
    Phase.DELAYED: 4,
    Phase.TRANSITIONAL: 4,
    Phase.HEPATOBILIARY: 5,
}
_ARTERIAL_RANKS = (1, 2)
#: Time between two passes of one phase is no longer than its window; between unenhanced ones of one series no
#: longer than from an injection to the late arterial phase, else a later one may be enhanced. [s]
_ARTERIAL_LENGTH_S = LATE_ARTERIAL_S[1] - EARLY_ARTERIAL_S[0]
LONGEST_BETWEEN_S: Mapping[Phase, float] = {
    Phase.UNENHANCED: LATE_ARTERIAL_S[0],
    Phase.EARLY_ARTERIAL: _ARTERIAL_LENGTH_S,
    Phase.LATE_ARTERIAL: _ARTERIAL_LENGTH_S,
    Phase.ARTERIAL: _ARTERIAL_LENGTH_S,
    Phase.PORTAL_VENOUS: PORTAL_VENOUS_S[1] - PORTAL_VENOUS_S[0],
    Phase.DELAYED: DELAYED_S[1] - DELAYED_S[0],
    Phase.TRANSITIONAL: DELAYED_S[1] - DELAYED_S[0],
}


@dataclass(frozen=True, slots=True)
class Place:
    """Place of an acquisition in its study.

    Attributes
    ----------
    position : int
        From 0; acquisitions that cannot be told apart share a position.
    of : int
        Number of different positions.
    by : str
        What ordered them, e.g. ``AcquisitionTime``.
    gap_s : float or None
        Time since the first acquisition, where times are known. [s]
    """

    position: int
    of: int
    by: str
    gap_s: float | None = None


def places(acquisitions: Sequence[Acquisition]) -> dict[str, Place]:
    """Place in time of every acquisition, by key; empty if nothing in the headers orders them.

    Tried in turn: date and time; time of day (the shorter way around midnight); TemporalPosition;
    TriggerTime; AcquisitionNumber. A key must be known for all and differ for some.
    """
    if len(acquisitions) < 2:
        return {}
    headers = [a.header for a in acquisitions]
    for by, values in _candidates(headers):
        if any(value is None for value in values) or len(set(values)) < 2:
            continue
        known = [value for value in values if value is not None]
        steps = sorted(set(known))
        timed = by not in ("AcquisitionNumber", "TemporalPositionIdentifier")
        return {
            a.key: Place(steps.index(v), len(steps), by, v - steps[0] if timed else None)
            for a, v in zip(acquisitions, known, strict=True)
        }
    return {}


def _candidates(headers: Sequence[AcquisitionHeader]) -> list[tuple[str, list[float | None]]]:
    stamps = [h.acquisition_datetime for h in headers]
    aware = {stamp.tzinfo is not None for stamp in stamps if stamp is not None}
    datetimes: list[float | None] = [None] * len(headers)
    if len(aware) == 1 and all(stamps):
        first = min(stamp for stamp in stamps if stamp is not None)
        datetimes = [(stamp - first).total_seconds() if stamp else None for stamp in stamps]
    seconds = [acquisition_second(h) for h in headers]
    start = next((second for second in seconds if second is not None), 0.0)
    times = [None if s is None else across_midnight(s - start) for s in seconds]
    one_series = len({h.series_uid for h in headers}) == 1
    candidates: list[tuple[str, list[float | None]]] = [
        ("AcquisitionDateTime", datetimes),
        ("AcquisitionTime", times),
    ]
    if one_series:
        positions = [None if h.temporal_position is None else float(h.temporal_position) for h in headers]
        candidates += [
            ("TriggerTime", [h.trigger_time_s for h in headers]),
            ("TemporalPositionIdentifier", positions),
        ]
    if _numbers_rise_together(headers):
        numbers = [None if h.acquisition_number is None else float(h.acquisition_number) for h in headers]
        candidates.append(("AcquisitionNumber", numbers))
    return candidates


def _numbers_rise_together(headers: Sequence[AcquisitionHeader]) -> bool:
    """Whether SeriesNumber confirms AcquisitionNumber, which some scanners restart at every step."""
    pairs = [(h.acquisition_number, h.series_number) for h in headers]
    known = sorted((a, s) for a, s in pairs if a is not None and s is not None)
    return len(known) == len(pairs) and [s for _, s in known] == sorted(s for _, s in known)


def passes_of_one_series(acquisitions: Sequence[Acquisition]) -> list[list[Acquisition]]:
    """Acquisitions that are passes of one kind of image in one series, which one description names."""
    groups: dict[object, list[Acquisition]] = defaultdict(list)
    for a in acquisitions:
        groups[a.header.series_uid, a.header.image_type, a.header.mr_sequence].append(a)
    return [g for g in groups.values() if len({_moment(a.header) for a in g}) > 1]


def _moment(header: AcquisitionHeader) -> tuple[float | None, ...]:
    return acquisition_second(header), header.trigger_time_s, header.temporal_position


def seconds_apart(acquisitions: Sequence[Acquisition]) -> float:
    """Time from the first to the last of some passes; 0 where no clock tells. [s]"""
    apart = [0.0]
    for times in zip(*(_moment(a.header)[:2] for a in acquisitions), strict=True):
        known = [t for t in times if t is not None]
        if len(known) == len(times):
            after_first = [across_midnight(t - known[0]) for t in known]
            apart.append(max(after_first) - min(after_first))
    return max(apart)


def by_gap(
    key: str, place: Mapping[str, Place], named: Mapping[str, Phase], agent: Agent = Agent.UNKNOWN
) -> tuple[Phase, str]:
    """Phase that the gap to the only arterial pass suggests, and the gap in words.

    A hint, never a name of its own: early and late arterial starts differ by more than the windows.
    """
    here = place.get(key)
    arterial = [k for k, phase in named.items() if phase is Phase.LATE_ARTERIAL and k in place and k != key]
    if here is None or here.gap_s is None or len(arterial) != 1:
        return Phase.UNDETERMINED, ""
    then = place[arterial[0]].gap_s
    if then is None:
        return Phase.UNDETERMINED, ""
    gap = here.gap_s - then
    written = f"{gap:g} s after the late arterial pass"
    late = Phase.TRANSITIONAL if agent is Agent.GADOXETATE else Phase.DELAYED
    for phase, (first, last) in (
        (Phase.PORTAL_VENOUS, ARTERIAL_TO_PORTAL_S),
        (late, ARTERIAL_TO_DELAYED_S),
    ):
        if first <= gap <= last:
            return phase, written
    return Phase.UNDETERMINED, written


def order_conflicts(place: Mapping[str, Place], named: Mapping[str, Phase]) -> dict[str, str]:
    """A sentence for every acquisition whose phase does not fit the order of the passes."""
    known = sorted((k for k in named if k in place), key=lambda k: place[k].position)
    found: dict[str, str] = {}
    for i, earlier in enumerate(known):
        for later in known[i + 1 :]:
            if place[earlier].position == place[later].position:
                continue
            if _highest(named[later]) < _lowest(named[earlier]):
                sentence = f"{named[later]} was acquired after {named[earlier]} (by {place[later].by})"
                found.setdefault(earlier, sentence)
                found.setdefault(later, sentence)
    return found


def _lowest(phase: Phase) -> int:
    return _ARTERIAL_RANKS[0] if phase is Phase.ARTERIAL else RANK.get(phase, -1)


def _highest(phase: Phase) -> int:
    return _ARTERIAL_RANKS[1] if phase is Phase.ARTERIAL else RANK.get(phase, 9)
