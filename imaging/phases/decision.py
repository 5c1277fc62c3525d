"""Which phase each acquisition of a study shows: every source is heard, none is silenced.

Precedence: reader, coded phase of enhanced DICOM, start-time arithmetic, text, order of the passes,
image. Sources that contradict each other give ``undetermined`` and one sentence each; the reader decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from imaging.phases.agent import Agent, named_agent
from imaging.phases.order import by_gap, order_conflicts, places
from imaging.phases.phase import DEFINITE, Evidence, Phase, PhaseDecision, Role, Source
from imaging.phases.roles import read_role
from imaging.phases.text import TextReading, read_phase
from imaging.phases.timing import delay_from_injection
from imaging.phases.windows import phase_at
from imaging.volume import Acquisition, AcquisitionHeader, Study

#: How far a source is to be trusted when nothing speaks against it. Two that agree leave the
#: product of their doubts; nothing but a reader is ever certain.
CONFIDENCE: Mapping[Source, float] = {
    "reader": 1.0,
    "agent_phase": 0.95,
    "timing": 0.9,
    "text": 0.8,
    "image": 0.7,
    "order": 0.3,
    "trigger": 0.3,
}
HIGHEST_WITHOUT_READER = 0.99
#: Confidence of the answers that name no moment: contrast without a phase, several phases.
UNSPECIFIC_CONFIDENCE = 0.5

#: ContrastBolusAgentPhase (0018,9344) of enhanced objects. POST_CONTRAST, IMMEDIATE, DYNAMIC, CAPILLARY
#: and STEADY_STATE say that contrast was there but not when.
AGENT_PHASES: Mapping[str, Phase] = {
    "PRE_CONTRAST": Phase.UNENHANCED,
    "ARTERIAL": Phase.ARTERIAL,
    "PORTAL_VENOUS": Phase.PORTAL_VENOUS,
    "DELAYED": Phase.DELAYED,
    "VENOUS": Phase.CONTRAST_UNSPECIFIED,
    "POST_CONTRAST": Phase.CONTRAST_UNSPECIFIED,
    "IMMEDIATE": Phase.CONTRAST_UNSPECIFIED,
    "DYNAMIC": Phase.CONTRAST_UNSPECIFIED,
    "CAPILLARY": Phase.CONTRAST_UNSPECIFIED,
    "STEADY_STATE": Phase.CONTRAST_UNSPECIFIED,
}
_ARTERIAL = frozenset({Phase.ARTERIAL, Phase.EARLY_ARTERIAL, Phase.LATE_ARTERIAL})


def agree(one: Phase, other: Phase) -> bool:
    """Whether two answers may both be true of one acquisition."""
    if one == other or Phase.UNDETERMINED in (one, other) or Phase.MULTIPLE in (one, other):
        return True
    if Phase.CONTRAST_UNSPECIFIED in (one, other):
        return Phase.UNENHANCED not in (one, other)
    return Phase.ARTERIAL in (one, other) and {one, other} <= _ARTERIAL


def header_evidence(
    header: AcquisitionHeader, study: Sequence[AcquisitionHeader], agent: Agent
) -> tuple[tuple[Evidence, ...], tuple[str, ...]]:
    """What the header of one acquisition says, strongest source first, and where its text contradicts itself."""
    found: list[Evidence] = []
    if header.contrast_phase_code:
        code = header.contrast_phase_code.strip().upper()
        found.append(Evidence("agent_phase", code, AGENT_PHASES.get(code, Phase.UNDETERMINED)))
    delay = delay_from_injection(header, study)
    if delay.seconds is not None:
        found.append(Evidence("timing", delay.written, phase_at(delay.seconds, agent)))
    elif any(h.contrast_start_time_s is not None or h.contrast_start_datetime for h in study):
        found.append(Evidence("timing", delay.written, Phase.UNDETERMINED))
    reading, recorded = text_reading(header.series_description, header.protocol_name, header.modality, agent)
    if recorded:
        found.append(Evidence("text", recorded, reading.phase))
    conflict = (f"{reading.conflict}",) if reading.conflict else ()
    return tuple(found), conflict


def text_reading(
    description: str | None, protocol: str | None, modality: str, agent: Agent
) -> tuple[TextReading, str]:
    """What description, or on MR the protocol name, says, and the words as recorded.

    On CT the protocol name names the whole examination ("Liver arterial/portal"), so only MR, whose
    protocol names one sequence, falls back on it.
    """
    reading = read_phase(description, modality, agent)
    recorded = f'SeriesDescription "{description}"' if description else ""
    if reading.phase is Phase.UNDETERMINED and not reading.conflict and modality == "MR" and protocol:
        second = read_phase(protocol, modality, agent)
        if second.phase is not Phase.UNDETERMINED or second.conflict:
            return second, f'ProtocolName "{protocol}"'
    return reading, recorded


def decide(role: Role, evidence: Sequence[Evidence], conflicts: Sequence[str] = ()) -> PhaseDecision:
    """Weigh the evidence of one acquisition.

    Parameters
    ----------
    role : Role
    evidence : sequence of Evidence
        In order of precedence.
    conflicts : sequence of str
        Contradictions found elsewhere (inside the text, in the order, in the image).
    """
    reader = next((e for e in evidence if e.source == "reader"), None)
    found = [*conflicts, *_contradictions(evidence)]
    if reader is not None:
        return PhaseDecision(role, reader.says, CONFIDENCE["reader"], tuple(evidence), tuple(found))
    if found:
        return PhaseDecision(role, Phase.UNDETERMINED, 0.0, tuple(evidence), tuple(dict.fromkeys(found)))
    phase = _strongest(evidence)
    return PhaseDecision(role, phase, _confidence(phase, evidence), tuple(evidence), ())


def _contradictions(evidence: Sequence[Evidence]) -> list[str]:
    heard = [e for e in evidence if e.source not in ("order", "trigger")]
    return [
        f"{one.source} says {one.says} ({one.value}), but {other.source} says {other.says} ({other.value})"
        for i, one in enumerate(heard)
        for other in heard[i + 1 :]
        if not agree(one.says, other.says)
    ]


def _strongest(evidence: Sequence[Evidence]) -> Phase:
    """The first definite answer, made more exact by a later one that agrees ("arterial" by "late arterial")."""
    definite = [e.says for e in evidence if e.says in DEFINITE and e.source not in ("order", "trigger")]
    if definite:
        exact = [p for p in definite if p is not Phase.ARTERIAL]
        return exact[0] if definite[0] is Phase.ARTERIAL and exact else definite[0]
    for phase in (Phase.MULTIPLE, Phase.CONTRAST_UNSPECIFIED):
        if any(e.says is phase for e in evidence):
            return phase
    return Phase.UNDETERMINED


def _confidence(phase: Phase, evidence: Sequence[Evidence]) -> float:
    if phase is Phase.UNDETERMINED:
        return 0.0
    if phase not in DEFINITE:
        return UNSPECIFIC_CONFIDENCE
    doubt = 1.0
    for source in {e.source for e in evidence if e.says in DEFINITE and agree(e.says, phase)}:
        doubt *= 1.0 - CONFIDENCE[source]
    return round(min(1.0 - doubt, HIGHEST_WITHOUT_READER), 2)


def study_agent(headers: Sequence[AcquisitionHeader]) -> Agent:
    """Contrast agent that any header or description of the study names."""
    for header in headers:
        agent = named_agent(
            header.contrast_agent, header.contrast_ingredient, header.series_description,
            header.protocol_name, header.study_description,
        )  # fmt: skip
        if agent is not Agent.UNKNOWN:
            return agent
    return Agent.UNKNOWN


def name_phases(
    study: Study,
    *,
    reader_labels: Mapping[str, Phase] | None = None,
    use_images: bool = True,
    organ_masks: Mapping[str, Mapping[str, NDArray[np.bool_]]] | None = None,
    progress: Callable[[str], None] | None = None,
) -> dict[str, PhaseDecision]:
    """Name the role and phase of every acquisition of a study.

    Parameters
    ----------
    study : Study
    reader_labels : mapping of acquisition key to Phase
        What a reader said; it wins, and contradictions are still reported.
    use_images : bool
        Whether to look at the voxels as well (CT).
    organ_masks : mapping of acquisition key to organ name to array, optional
        Masks from elsewhere, e.g. TotalSegmentator's ``aorta``, ``portal_vein_and_splenic_vein``.
    progress : callable, optional
        Called with a short word before each slow step.

    Returns
    -------
    dict of acquisition key to PhaseDecision
    """
    labels = reader_labels or {}
    headers = [a.header for a in study.acquisitions]
    agent = study_agent(headers)
    roles = {a.key: _role(a) for a in study.acquisitions}
    decisions: dict[str, PhaseDecision] = {}
    for acquisition in study.acquisitions:
        evidence, conflicts = header_evidence(acquisition.header, headers, agent)
        if roles[acquisition.key] in (Role.LOCALIZER, Role.BOLUS_TRACKING, Role.OTHER_SEQUENCE):
            evidence, conflicts = (), ()
        if acquisition.key in labels:
            evidence = (Evidence("reader", "reader's label", labels[acquisition.key]), *evidence)
        decisions[acquisition.key] = decide(roles[acquisition.key], evidence, conflicts)
    return _with_order(study, decisions)


def _role(acquisition: Acquisition) -> Role:
    header = acquisition.header
    return read_role(
        header.series_description or header.protocol_name, header.modality, header.image_type
    ).role


def _with_order(study: Study, decisions: Mapping[str, PhaseDecision]) -> dict[str, PhaseDecision]:
    images = [a for a in study.acquisitions if decisions[a.key].role is Role.IMAGE]
    place = places(images)
    named = {a.key: decisions[a.key].phase for a in images if decisions[a.key].phase in DEFINITE}
    wrong = order_conflicts(place, named)
    out = dict(decisions)
    for acquisition in images:
        key, decision = acquisition.key, decisions[acquisition.key]
        here = place.get(key)
        if here is None:
            continue
        says, gap = by_gap(key, place, named)
        value = f"pass {here.position + 1} of {here.of} by {here.by}" + (f", {gap}" if gap else "")
        evidence = (*decision.evidence, Evidence("order", value, says))
        extra = (wrong[key],) if key in wrong else ()
        if extra:
            out[key] = decide(decision.role, evidence, (*decision.conflicts, *extra))
        else:
            out[key] = replace(decision, evidence=evidence)
    return out
