"""Which phase each acquisition of a study shows: every source is heard, none is silenced.

Precedence: reader, coded phase of enhanced DICOM, start-time arithmetic, text, order of the passes,
image. Sources that contradict each other give ``undetermined`` and one sentence each; the reader decides.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from imaging.phases.agent import Agent, named_agent
from imaging.phases.arterial_injection import arterial_injection
from imaging.phases.delays import written_delays
from imaging.phases.examination import examinations
from imaging.phases.normalize import normalize
from imaging.phases.order import (
    LONGEST_BETWEEN_S,
    WITHIN_SERIES,
    by_gap,
    order_conflicts,
    passes_of_one_series,
    places,
    seconds_apart,
)
from imaging.phases.phase import DEFINITE, Evidence, Phase, PhaseDecision, Role, Source
from imaging.phases.plausibility import ARTERIAL, LATER, SAME_AORTA_HU, ImageReading, darker_before_brighter
from imaging.phases.reader_labels import match_labels
from imaging.phases.roles import read_role
from imaging.phases.text import TextReading, names_several_passes, read_phase
from imaging.phases.timing import delay_from_injection
from imaging.phases.windows import HEPATOBILIARY_GADOXETATE_S, phase_at
from imaging.volume import Acquisition, AcquisitionHeader, Study

if TYPE_CHECKING:
    from imaging.phases.image import OrganMasks

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
#: Roles whose phase means something.
_SHOWS_PHASE = frozenset({Role.IMAGE, Role.REFORMAT, Role.DERIVED})


def agree(one: Phase, other: Phase) -> bool:
    """Whether two answers may both be true of one acquisition."""
    if one == other or Phase.UNDETERMINED in (one, other) or Phase.MULTIPLE in (one, other):
        return True
    if Phase.CONTRAST_UNSPECIFIED in (one, other):
        return Phase.UNENHANCED not in (one, other)
    return Phase.ARTERIAL in (one, other) and {one, other} <= ARTERIAL


def header_evidence(
    header: AcquisitionHeader, study: Sequence[AcquisitionHeader], agent: Agent
) -> tuple[tuple[Evidence, ...], tuple[str, ...]]:
    """What one header says, strongest source first, and where its text contradicts itself."""
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
        What the acquisition is for.
    evidence : sequence of Evidence
        In order of precedence.
    conflicts : sequence of str
        Contradictions found elsewhere (inside the text, in the order, in the image).
    """
    reader = next((e for e in evidence if e.source == "reader"), None)
    found = tuple(dict.fromkeys([*conflicts, *_contradictions(evidence)]))
    if reader is not None:
        return PhaseDecision(role, reader.says, CONFIDENCE["reader"], tuple(evidence), found)
    if found:
        return PhaseDecision(role, Phase.UNDETERMINED, 0.0, tuple(evidence), found)
    phase = _strongest(evidence)
    return PhaseDecision(role, phase, _confidence(phase, evidence), tuple(evidence), ())


def _contradictions(evidence: Sequence[Evidence]) -> list[str]:
    # images are heard elsewhere: they exclude, with their numbers
    heard = [e for e in evidence if e.source not in ("order", "trigger", "image")]
    return [
        f"{one.source} says {one.says} ({one.value}), but {other.source} says {other.says} ({other.value})"
        for i, one in enumerate(heard)
        for other in heard[i + 1 :]
        if not agree(one.says, other.says)
    ]


def _strongest(evidence: Sequence[Evidence]) -> Phase:
    """The first definite answer, made more exact by a later one ("arterial" by "late arterial")."""
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
    """Contrast agent that any header or description names, or a hepatobiliary pass at 20 minutes implies.

    Where they name several, gadoxetate is taken before the others: it allows least.
    """
    named = {
        named_agent(
            header.contrast_agent, header.contrast_ingredient, header.series_description,
            header.protocol_name, header.study_description, modality=header.modality,
        )
        for header in headers
    }  # fmt: skip
    if named <= {Agent.UNKNOWN} and any(map(_hepatobiliary_at_20_min, headers)):
        return Agent.GADOXETATE
    return next((agent for agent in Agent if agent in named), Agent.UNKNOWN)


def _hepatobiliary_at_20_min(header: AcquisitionHeader) -> bool:
    """Whether a description dates a hepatobiliary pass as only gadoxetate allows."""
    if (
        header.modality != "MR"
        or read_phase(header.series_description, "MR").phase is not Phase.HEPATOBILIARY
    ):
        return False
    first, last = HEPATOBILIARY_GADOXETATE_S
    return any(first <= d.seconds <= last for d in written_delays(normalize(header.series_description or "")))


def name_phases(
    study: Study,
    *,
    reader_labels: Mapping[str, str] | None = None,
    use_images: bool = True,
    organ_masks: OrganMasks | None = None,
    progress: Callable[[str], None] | None = None,
) -> dict[str, PhaseDecision]:
    """Name the role and phase of every acquisition of a study.

    Parameters
    ----------
    study : Study
        As loaded; its acquisitions are judged against each other.
    reader_labels : mapping of acquisition to phase, optional
        What a reader said, as ``match_labels`` takes it; it wins, and contradictions are still reported.
    use_images : bool
        Whether to look at the voxels as well (CT only).
    organ_masks : acquisition key -> organ name -> (slices, rows, columns) array of bool, optional
        Masks on the acquisition's own grid, named as TotalSegmentator's ``aorta``, ``liver``,
        ``spleen``, ``portal_vein_and_splenic_vein``; measured instead of the own landmarks.
    progress : callable, optional
        Called with a short word before each slow step.

    Returns
    -------
    dict of acquisition key to PhaseDecision

    Raises
    ------
    ImagingError
        ``READER_LABEL_UNKNOWN`` if a label names no acquisition of this study, or no phase.
    """
    labels = match_labels(reader_labels or {}, study)
    roles = {a.key: acquisition_role(a.header) for a in study.acquisitions}
    passes = [a for a in study.acquisitions if roles[a.key] is Role.IMAGE]
    images: Mapping[str, ImageReading] = {}
    if use_images:
        from imaging.phases.image import read_images  # scipy: headers are read without it

        images = read_images(passes, organ_masks or {}, progress)
    return weigh_study(study.acquisitions, roles, labels, images)


def weigh_study(
    acquisitions: Sequence[Acquisition],
    roles: Mapping[str, Role],
    labels: Mapping[str, Phase],
    images: Mapping[str, ImageReading],
) -> dict[str, PhaseDecision]:
    """Weigh reader, headers, order and images; each examination has its own agent, clock and order."""
    decided: dict[str, PhaseDecision] = {}
    for examination in examinations(acquisitions):
        seen = {key: images[key] for key in examination.keys if key in images}
        decided |= _weigh_examination(examination.acquisitions, roles, labels, seen)
    return {a.key: decided[a.key] for a in acquisitions}


def _weigh_examination(
    acquisitions: Sequence[Acquisition],
    roles: Mapping[str, Role],
    labels: Mapping[str, Phase],
    images: Mapping[str, ImageReading],
) -> dict[str, PhaseDecision]:
    headers = [a.header for a in acquisitions]
    agent = study_agent(headers)
    injection = _arterial_injection(headers)
    evidence: dict[str, tuple[Evidence, ...]] = {}
    conflicts: dict[str, list[str]] = {}
    for a in acquisitions:
        found, own = header_evidence(a.header, headers, agent) if roles[a.key] in _SHOWS_PHASE else ((), ())
        if a.key in labels:
            found = (Evidence("reader", "reader's label", labels[a.key]), *found)
        evidence[a.key], conflicts[a.key] = found, list(own)
        if injection and roles[a.key] in _SHOWS_PHASE and _first_definite(found) is not Phase.UNENHANCED:
            conflicts[a.key].append(injection)
    _hear_images(evidence, conflicts, images)
    decided = {a.key: decide(roles[a.key], evidence[a.key], conflicts[a.key]) for a in acquisitions}
    return _with_order([a for a in acquisitions if roles[a.key] is Role.IMAGE], decided, images, agent)


def _arterial_injection(headers: Sequence[AcquisitionHeader]) -> str:
    """Why only the unenhanced series of an examination has a phase; empty after an injection into a vein."""
    return arterial_injection(
        *(text for h in headers if h.modality != "MR"
          for text in (h.series_description, h.protocol_name, h.study_description))
    )  # fmt: skip


def acquisition_role(header: AcquisitionHeader) -> Role:
    """Role by ImageType and description (protocol name where there is none)."""
    return read_role(
        header.series_description or header.protocol_name, header.modality, header.image_type
    ).role


def _hear_images(
    evidence: dict[str, tuple[Evidence, ...]],
    conflicts: dict[str, list[str]],
    images: Mapping[str, ImageReading],
) -> None:
    """Add what the images say, and what they exclude."""
    said = {key: _first_definite(found) for key, found in evidence.items()}
    aortas = {key: image.aorta_hu for key, image in images.items() if image.aorta_hu is not None}
    swapped = darker_before_brighter(aortas, {key: phase for key, phase in said.items() if phase is not None})
    for key, image in images.items():
        excluded = [e for e in evidence[key] if image.excludes(e.says)]
        conflicts[key] += [
            f"{e.source} says {e.says} ({e.value}), but the image excludes it ({image.written})"
            for e in excluded
        ]
        if key in swapped:
            conflicts[key].append(swapped[key])
        evidence[key] = (*evidence[key], Evidence("image", image.written, image.says))


def _first_definite(evidence: Sequence[Evidence]) -> Phase | None:
    return next((e.says for e in evidence if e.says in DEFINITE), None)


def _with_order(
    passes: Sequence[Acquisition],
    decisions: Mapping[str, PhaseDecision],
    images: Mapping[str, ImageReading],
    agent: Agent,
) -> dict[str, PhaseDecision]:
    """Add the place of each pass, and let the order object, or tell the only pass after the arterial ones."""
    decisions = {**decisions, **_named_with_their_series(passes, decisions)}
    place = places(passes)
    named = {a.key: decisions[a.key].phase for a in passes if decisions[a.key].phase in DEFINITE}
    wrong = order_conflicts(place, named)
    out = dict(decisions)
    for key in (a.key for a in passes):
        decision = out[key]
        evidence = decision.evidence
        if key in place:
            says, gap = by_gap(key, place, named, agent)
            where = f"pass {place[key].position + 1} of {place[key].of} by {place[key].by}"
            source: Source = "trigger" if place[key].by in WITHIN_SERIES else "order"
            evidence = (*evidence, Evidence(source, f"{where}, {gap}" if gap else where, says))
        out[key] = replace(decision, evidence=evidence)
        if key in wrong:
            out[key] = decide(decision.role, evidence, (*decision.conflicts, wrong[key]))
    for key in _only_later_pass(passes, out, images):
        evidence = (*out[key].evidence, Evidence("order", ONLY_LATER_PASS, Phase.PORTAL_VENOUS))
        out[key] = PhaseDecision(out[key].role, Phase.PORTAL_VENOUS, UNSPECIFIC_CONFIDENCE, evidence)
    return out


def _named_with_their_series(
    passes: Sequence[Acquisition], decisions: Mapping[str, PhaseDecision]
) -> dict[str, PhaseDecision]:
    """Passes of one series that nothing but its description names: it does not say which of them it means.

    The one called late arterial may be the third of three; further apart than a phase is long, one name
    cannot be theirs.
    """
    changed = {}
    for series in passes_of_one_series(passes):
        told = [a for a in series if _by_text_alone(decisions[a.key])]
        for phase in {decisions[a.key].phase for a in told}:
            named = [a for a in told if decisions[a.key].phase is phase]
            apart = seconds_apart(named)
            said = f"one description names {len(named)} passes of its series {phase}"
            for decision, key in ((decisions[a.key], a.key) for a in named if len(named) > 1):
                if apart > LONGEST_BETWEEN_S.get(phase, math.inf):
                    found = f"{said}, {apart:g} s apart"
                    changed[key] = decide(decision.role, decision.evidence, (*decision.conflicts, found))
                elif phase in (Phase.EARLY_ARTERIAL, Phase.LATE_ARTERIAL):
                    evidence = (*decision.evidence, Evidence("order", said, Phase.ARTERIAL))
                    changed[key] = replace(decision, phase=Phase.ARTERIAL, evidence=evidence)
    return changed


def _by_text_alone(decision: PhaseDecision) -> bool:
    return {e.source for e in decision.evidence if e.says in DEFINITE} == {"text"}


#: Every multiphase liver protocol has a portal venous pass; a delayed one is optional (LI-RADS v2018 for CT
#: asks for both, but older and shorter protocols leave the delayed one out).
ONLY_LATER_PASS = (
    "portal venous or later, and the only pass after the arterial phase of a multiphase protocol, "
    "which always has a portal venous pass; delayed is not excluded"
)


def _only_later_pass(
    passes: Sequence[Acquisition], decisions: Mapping[str, PhaseDecision], images: Mapping[str, ImageReading]
) -> list[str]:
    """The one pass (with all its reconstructions) that its image puts after the arterial ones.

    Empty unless the description of each calls the protocol multiphase and nothing else names it.
    """
    arterial = [a for a in passes if decisions[a.key].phase in ARTERIAL]
    later = [a for a in passes if a.key in images and _is_later(images[a.key])]
    aortas = [aorta for a in later if (aorta := images[a.key].aorta_hu) is not None]
    if not arterial or not later or max(aortas) - min(aortas) > SAME_AORTA_HU:
        return []
    open_ = [a for a in later if not decisions[a.key].conflicts and decisions[a.key].phase not in DEFINITE]
    described = all(names_several_passes(a.header.series_description) for a in later)
    rather_delayed = any(images[a.key].rather_delayed for a in later)
    return [a.key for a in later] if len(open_) == len(later) and described and not rather_delayed else []


def _is_later(image: ImageReading) -> bool:
    return image.aorta_hu is not None and bool(image.possible) and image.possible <= LATER
