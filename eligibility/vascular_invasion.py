"""Major vascular invasion on dynamic CT or MR: one filling defect that shows all of it.

A defect counts when it lies in a major vessel, is adjacent to the primary tumor, enhances on the arterial
phase and washes out on the portal or delayed phase, all in one dynamic examination. Without such an
examination the absence of invasion cannot be told either.

References
----------
Vp and Vv classes: General Rules for the Clinical and Pathological Study of Primary Liver Cancer (LCSGJ).
20 mm between tumor and thrombus: Sandrasegaran et al., AJR 2013;201:1211; 3 of 47 malignant thrombi were
remote (Tublin et al., AJR 1997;168:719), so a larger distance never excludes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from eligibility.answers import Ask, all_of, any_of, cite, exists, known, not_recorded, noted, unknown
from eligibility.imaging_evidence import stated, study_named, unless_contradicted, with_number
from eligibility.patient import Imaging, ImagingStudy, Source, Statement, Thrombus
from eligibility.ranges import plain
from eligibility.truth import Truth
from eligibility.verdict import Answer, Missing, Reason

#: A defect this close to the primary tumor's mask is adjacent. [mm]
ADJACENT_MM = Decimal(20)

#: Classes that belong to each vessel.
LEVELS = {
    "portal_vein": ("Vp1", "Vp2", "Vp3", "Vp4"),
    "hepatic_vein": ("Vv1", "Vv2", "Vv3"),
    "inferior_vena_cava": ("Vv3",),
}
_PERIPHERAL = ("Vp1", "Vv1")
#: Modalities as DICOM writes them, and as people do.
_SECTIONAL = ("CT", "MR", "MRI")
_ULTRASOUND = ("US", "CEUS")
#: Gadoxetate by its generic and trade names, as headers and records write it.
GADOXETATE_NAMES = re.compile(
    r"gadoxet|eovist|primovist|gd[-\s]?eob|\beob\b|eob[-\s]?dtpa|プリモビスト|프리모비스트|普美显",
    re.IGNORECASE,
)
#: Words that say that contrast was given, of what kind and how much, and not which agent.
_NO_AGENT = re.compile(
    r"(?:gadolinium|gado?|gd|gbca|contrast|based|agents?|medium|media|intravenous|iv|yes|given|unknown|조영제"
    r"|chelate|non|ionic|enhanced|injection|injected|dose|mmol|ml|mg|kg|cc|[\W\d_])*",
    re.IGNORECASE,
)
_MR = ("MR", "MRI")

_PATH = "imaging.thrombi"
#: An examination to try where a record holds none.
DYNAMIC_CT = (ImagingStudy(id="new", modality="CT", dynamic=True, slice_thickness_mm=Decimal(3)),)
_TYPICAL = Thrombus(
    vessel="portal_vein",
    level="Vp4",
    filling_defect=Statement.YES,
    adjacent_to_primary=Statement.YES,
    arterial_enhancement=Statement.YES,
    washout_portal=Statement.YES,
)


def lies_in_major_vessel(ask: Ask, defect: Thrombus, path: str) -> Answer:
    """Portal vein, hepatic vein or inferior vena cava, in a branch that is large enough."""
    if defect.vessel is None:
        return not_recorded(f"{path}.vessel", "vessel of the filling defect", tuple(LEVELS))
    levels = LEVELS[defect.vessel]
    where = [cite(f"{path}.vessel", defect.vessel, "portal vein, hepatic vein or vena cava")]
    if defect.level is not None:
        where.append(cite(f"{path}.level", defect.level, ask.reading("P05")))
        if defect.level not in levels:
            again = Missing(f"{path}.level", "level of the filling defect", levels)
            message = f"level {defect.level} does not exist in the {_words(defect.vessel)}"
            return unknown(message, Reason.CONFLICT, [again], where)
    located = f"{_words(defect.vessel)}{f' ({defect.level})' if defect.level else ''}"
    if defect.vessel == "inferior_vena_cava" or ask.reading("P05") == "as_written":
        return known(True, located, *where)
    if defect.level is None:
        return not_recorded(f"{path}.level", f"level in the {_words(defect.vessel)}", levels)
    return _by_level(ask, defect.level, located, known(True, located, *where), path)


def _by_level(ask: Ask, level: str, located: str, located_answer: Answer, path: str) -> Answer:
    strict = ask.reading("P05") == "strict_ajcc"
    if level in _PERIPHERAL and not strict:
        return unknown(
            f"{located}: whether a peripheral branch is major is not defined",
            Reason.POLICY_DEPENDENT,
            [Missing(f"{path}.level", "whether a larger branch is involved")],
            located_answer.evidence,
        )
    if strict and (level in _PERIPHERAL or level == "Vp2"):
        return known(False, f"{located} is not major by AJCC 7", *located_answer.evidence)
    if level == "Vp2":
        return noted(located_answer, f"{path}: Vp2 is not major by AJCC 7")
    return located_answer


def _words(vessel: str) -> str:
    return vessel.replace("_", " ")


def is_adjacent(ask: Ask, defect: Thrombus, path: str) -> Answer:
    """Adjacent to the primary tumor, by the reader and by the distance of the masks."""
    label = "adjacent to the primary tumor"
    field = f"{path}.adjacent_to_primary"
    said = stated(ask, defect.adjacent_to_primary, field, label, source=defect.source, parent=path)
    if defect.distance_to_primary_mm is None or defect.source is not Source.READER:
        return said
    distance = cite(
        f"{path}.distance_to_primary_mm",
        defect.distance_to_primary_mm,
        f"<= {ADJACENT_MM} mm",
        unit="mm",
    )
    near = defect.distance_to_primary_mm <= ADJACENT_MM
    apart_mm = plain(defect.distance_to_primary_mm)
    if defect.adjacent_to_primary is None and near:
        return known(True, f"{apart_mm} mm from the primary tumor", distance)
    if said.truth is (Truth.TRUE if near else Truth.FALSE):
        return known(said.truth, f"{said.message} ({apart_mm} mm apart)", *said.evidence, distance)
    reason = Reason.CONFLICT if said.truth is not Truth.UNKNOWN else Reason.AWAITING_READER
    second = Missing(field, f"a second reader's verdict: {label}", (Statement.YES, Statement.NO))
    return unknown(f"{said.message}, but {apart_mm} mm apart", reason, [second], [*said.evidence, distance])


def on_dynamic_imaging(ask: Ask, imaging: Imaging, defect: Thrombus, path: str) -> Answer:
    """Whether the defect was seen on dynamic CT or MR; never false, since it can be examined again."""
    if imaging.studies is None:
        return not_recorded("imaging.studies", "examination of the filling defect", (DYNAMIC_CT,))
    ids = tuple(s.id for s in imaging.studies if s.id)
    if defect.study is None:
        return not_recorded(f"{path}.study", "examination of the filling defect", ids)
    study = study_named(imaging, defect.study)
    if study is None:
        return not_recorded(f"{path}.study", f"examination {defect.study!r}", ids)
    seen = _is_dynamic(ask, study.modality, study.dynamic, f"imaging.studies[{study.id}]")
    return replace(seen, evidence=(*seen.evidence, cite(f"{path}.study", defect.study)))


def _is_dynamic(ask: Ask, modality: str | None, dynamic: bool | None, path: str) -> Answer:
    if modality is None:
        return not_recorded(f"{path}.modality", "modality of the examination", ("CT", "MR", "US"))
    if dynamic is None:
        return not_recorded(f"{path}.dynamic", "whether the examination is dynamic", (True, False))
    accepted = (*_SECTIONAL, *(_ULTRASOUND if ask.reading("P06") == "with_ceus" else ()))
    what = [cite(f"{path}.modality", modality, "CT or MR"), cite(f"{path}.dynamic", dynamic, "dynamic")]
    if modality.upper() in accepted and dynamic:
        return known(True, f"dynamic {modality}", *what)
    kind = f"{'dynamic' if dynamic else 'not dynamic'} {modality}"
    needed = Missing("imaging.studies", "dynamic CT or dynamic MR")
    return unknown(f"{kind} cannot show it: dynamic CT or MR needed", Reason.NOT_ASSESSABLE, [needed], what)


def enhances_and_washes_out(ask: Ask, imaging: Imaging, defect: Thrombus, path: str) -> Answer:
    """Arterial enhancement and washout on the portal or delayed phase, in a dynamic examination."""
    seen = on_dynamic_imaging(ask, imaging, defect, path)
    if seen.truth is not Truth.TRUE:
        return seen
    arterial = stated(
        ask,
        defect.arterial_enhancement,
        f"{path}.arterial_enhancement",
        "arterial enhancement",
        source=defect.source,
        parent=path,
    )
    arterial = with_number(
        arterial, defect.measured_enhancement, f"{path}.measured_enhancement", "arterial enhancement"
    )
    washout = with_number(
        _washout(ask, imaging, defect, path), defect.measured_washout, f"{path}.measured_washout", "washout"
    )
    answer = all_of(arterial, washout)
    if answer.truth is Truth.UNKNOWN:
        return answer
    message = f"{seen.message}; {answer.message}" if answer.truth is Truth.TRUE else answer.message
    return replace(answer, message=message, evidence=(*seen.evidence, *answer.evidence))


def _washout(ask: Ask, imaging: Imaging, defect: Thrombus, path: str) -> Answer:
    portal = stated(
        ask,
        defect.washout_portal,
        f"{path}.washout_portal",
        "portal washout",
        source=defect.source,
        parent=path,
    )
    delayed = stated(
        ask,
        defect.washout_delayed,
        f"{path}.washout_delayed",
        "delayed washout",
        source=defect.source,
        parent=path,
    )
    study = study_named(imaging, defect.study)
    if study is not None:
        agent, path = study.contrast_agent, f"imaging.studies[{study.id}].contrast_agent"
        if agent is not None and GADOXETATE_NAMES.search(agent):
            delayed = _with_gadoxetate(ask, delayed, path, agent)
        elif (study.modality or "").upper() in _MR and _NO_AGENT.fullmatch(agent or ""):
            delayed = _without_agent(ask, delayed, path)
    return any_of(portal, delayed)


def _without_agent(ask: Ask, delayed: Answer, path: str) -> Answer:
    """Delayed washout on MR while nobody knows whether gadoxetate was given."""
    if delayed.truth is not Truth.TRUE or ask.reading("P26") == "klca":
        return delayed
    return unknown(
        "washout on the delayed phase of MR, whose contrast agent is not known: under gadoxetate it may be "
        "liver uptake",
        Reason.MISSING,
        [Missing(path, "contrast agent of the examination", ("gadobutrol", "gadoxetate"))],
        delayed.evidence,
    )


def _with_gadoxetate(ask: Ask, delayed: Answer, path: str, agent: str) -> Answer:
    """Delayed hypointensity under gadoxetate may be liver uptake rather than washout."""
    reading = ask.reading("P26")
    if delayed.truth is not Truth.TRUE or reading == "klca":
        return delayed
    evidence = (*delayed.evidence, cite(path, agent, "gadoxetate"))
    if reading == "portal_only":
        return known(False, "delayed hypointensity under gadoxetate is not washout", *evidence)
    return unknown(
        "delayed hypointensity under gadoxetate may be liver uptake",
        Reason.POLICY_DEPENDENT,
        [Missing(path, "washout on the portal phase or with another agent")],
        evidence,
    )


def adjacent_defect_in_major_vessel(ask: Ask, defect: Thrombus, path: str) -> Answer:
    """An intraluminal filling defect adjacent to the primary tumor in a major vessel."""
    filling = stated(
        ask,
        defect.filling_defect,
        f"{path}.filling_defect",
        "intraluminal filling defect",
        source=defect.source,
        parent=path,
    )
    return all_of(lies_in_major_vessel(ask, defect, path), filling, is_adjacent(ask, defect, path))


def _for_both(ask: Ask, judge: Callable[[Ask, Imaging], Answer], imaging: Imaging) -> Answer:
    """Judge the imaging in force, and what the record said before it was assessed."""
    before = judge(ask, imaging.recorded) if imaging.recorded is not None else None
    return unless_contradicted(judge(ask, imaging), before)


def has_adjacent_filling_defect(ask: Ask) -> Answer:
    """I4.a.1: some filling defect lies adjacent to the primary tumor in a major vessel."""
    return _for_both(ask, _has_adjacent_filling_defect, ask.facts.imaging)


def has_enhancing_defect_with_washout(ask: Ask) -> Answer:
    """I4.a.2: some filling defect enhances on the arterial phase and washes out."""
    return _for_both(ask, _has_enhancing_defect, ask.facts.imaging)


def has_major_vascular_invasion(ask: Ask) -> Answer:
    """I4.a: one filling defect fulfils both, in the same dynamic examination."""
    return _for_both(ask, _has_major_vascular_invasion, ask.facts.imaging)


def _has_adjacent_filling_defect(ask: Ask, imaging: Imaging) -> Answer:
    def test(defect: Thrombus, path: str) -> Answer:
        seen = on_dynamic_imaging(ask, imaging, defect, path)
        return all_of(adjacent_defect_in_major_vessel(ask, defect, path), seen)

    return _some_defect(ask, imaging, test)


def _has_enhancing_defect(ask: Ask, imaging: Imaging) -> Answer:
    return _some_defect(ask, imaging, lambda d, path: enhances_and_washes_out(ask, imaging, d, path))


def _has_major_vascular_invasion(ask: Ask, imaging: Imaging) -> Answer:
    def test(defect: Thrombus, path: str) -> Answer:
        return all_of(
            adjacent_defect_in_major_vessel(ask, defect, path),
            enhances_and_washes_out(ask, imaging, defect, path),
        )

    return _some_defect(ask, imaging, test)


def _some_defect(ask: Ask, imaging: Imaging, test: Callable[[Thrombus, str], Answer]) -> Answer:
    found = exists(ask, imaging.thrombi, _PATH, "filling defect", test, samples=_samples(imaging))
    if found.truth is not Truth.FALSE:
        return found
    looked = _has_dynamic_examination(ask, imaging)
    if looked.truth is not Truth.TRUE:
        return looked
    return replace(found, evidence=(*found.evidence, *looked.evidence))


def _samples(imaging: Imaging) -> tuple[Thrombus, ...]:
    studies = DYNAMIC_CT if imaging.studies is None else imaging.studies
    return tuple(replace(_TYPICAL, study=s.id) for s in studies if s.id)


def _has_dynamic_examination(ask: Ask, imaging: Imaging) -> Answer:
    """A dynamic examination at all: without one, absence cannot be told."""
    if imaging.studies is None:
        return not_recorded("imaging.studies", "dynamic CT or MR examination", (DYNAMIC_CT,))
    answers = [
        _is_dynamic(ask, s.modality, s.dynamic, f"imaging.studies[{s.id or i}]")
        for i, s in enumerate(imaging.studies)
    ]
    if not answers:
        needed = Missing("imaging.studies", "dynamic CT or dynamic MR")
        return unknown("no dynamic CT or MR was done", Reason.NOT_ASSESSABLE, [needed])
    return any_of(*answers)
