"""Assessments as the SDTM domains of oncology imaging: TU (what), TR (how large), RS (so what).

Follows SDTMIG 3.4: one TU record a lesion or filling defect, its results in TR under the same link id, and
the trial's two imaging questions in RS. Where no CDISC test code was found (attenuation, vascular invasion)
the code is ours, and ``docs/exchange.md`` lists it. At screening there is no response yet, so RS holds no
OVRLRESP.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from imaging.phases.phase import Phase
from imaging.regions.region import Region, RegionRole
from workup.assessment import Assessment, DefectAssessment, LesionAssessment
from workup.baseline_targets import BaselineTargets
from workup.exchange.numbers import stated, stated_text
from workup.exchange.reported_examination import reported_examination

Record = dict[str, Any]

VISIT, VISIT_NUMBER = "SCREENING", 1.0
#: DICOM modality -> CDISC method of tumor identification.
_METHODS = {"CT": "CT SCAN", "MR": "MRI"}
_SITES = {RegionRole.PRIMARY_TUMOR: "LIVER", RegionRole.LYMPH_NODE: "LYMPH NODE"}
_VEINS = {
    "portal_vein": "PORTAL VEIN",
    "hepatic_vein": "HEPATIC VEIN",
    "inferior_vena_cava": "INFERIOR VENA CAVA",
}
#: Longest text of a variable in XPT version 5. [bytes]
LONGEST_TEXT = 200
_ROLES = {"target": "TARGET", "non_target": "NON-TARGET"}

#: Test codes of ours for a mean on one phase; a test code has at most 8 characters.
PHASE_TESTS: dict[Phase, str] = {
    Phase.UNENHANCED: "MNUNENH",
    Phase.EARLY_ARTERIAL: "MNEARART",
    Phase.ARTERIAL: "MNART",
    Phase.LATE_ARTERIAL: "MNLATART",
    Phase.PORTAL_VENOUS: "MNPORVEN",
    Phase.TRANSITIONAL: "MNTRANS",
    Phase.DELAYED: "MNDELAY",
    Phase.HEPATOBILIARY: "MNHEPBIL",
    Phase.MULTIPLE: "MNMULT",
    Phase.CONTRAST_UNSPECIFIED: "MNCONTR",
    Phase.UNDETERMINED: "MNUNDET",
}


@dataclass(frozen=True, slots=True)
class Variable:
    """One column: its name (8 characters), label (40) and whether it holds numbers."""

    name: str
    label: str
    numeric: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Domain:
    """One dataset."""

    name: str
    label: str
    keys: tuple[str, ...]
    variables: tuple[Variable, ...]
    records: tuple[Record, ...]


def _identifiers(domain: str) -> tuple[Variable, ...]:
    return (
        Variable("STUDYID", "Study Identifier"),
        Variable("DOMAIN", "Domain Abbreviation"),
        Variable("USUBJID", "Unique Subject Identifier"),
        Variable(f"{domain}SEQ", "Sequence Number", numeric=True, whole=True),
    )


def _timing(domain: str, label: str) -> tuple[Variable, ...]:
    return (
        Variable("VISITNUM", "Visit Number", numeric=True),
        Variable("VISIT", "Visit Name"),
        Variable(f"{domain}DTC", label),
    )


_TU = (
    *_identifiers("TU"),
    Variable("TUREFID", "Reference ID"),
    Variable("TULNKID", "Link ID"),
    Variable("TUTESTCD", "Tumor/Lesion ID Short Name"),
    Variable("TUTEST", "Tumor/Lesion ID Test Name"),
    Variable("TUORRES", "Tumor/Lesion ID Result"),
    Variable("TUSTRESC", "Tumor/Lesion ID Result Std. Format"),
    Variable("TULOC", "Location of the Tumor/Lesion"),
    Variable("TUMETHOD", "Method of Identification"),
    *_timing("TU", "Date/Time of Tumor/Lesion Identification"),
)
_TR = (
    *_identifiers("TR"),
    Variable("TRGRPID", "Group ID"),
    Variable("TRREFID", "Reference ID"),
    Variable("TRLNKID", "Link ID"),
    Variable("TRTESTCD", "Tumor/Lesion Assessment Short Name"),
    Variable("TRTEST", "Tumor/Lesion Assessment Test Name"),
    Variable("TRORRES", "Result or Finding in Original Units"),
    Variable("TRORRESU", "Original Units"),
    Variable("TRSTRESC", "Character Result/Finding in Std Format"),
    Variable("TRSTRESN", "Numeric Result/Finding in Standard Units", numeric=True),
    Variable("TRSTRESU", "Standard Units"),
    Variable("TRSTAT", "Completion Status"),
    Variable("TRREASND", "Reason Not Done"),
    Variable("TRMETHOD", "Method Used to Identify the Tumor/Lesion"),
    *_timing("TR", "Date/Time of Tumor/Lesion Measurement"),
)
_RS = (
    *_identifiers("RS"),
    Variable("RSLNKID", "Link ID"),
    Variable("RSTESTCD", "Assessment Short Name"),
    Variable("RSTEST", "Assessment Name"),
    Variable("RSCAT", "Category for Assessment"),
    Variable("RSORRES", "Result or Finding in Original Units"),
    Variable("RSSTRESC", "Character Result/Finding in Std Format"),
    *_timing("RS", "Date/Time of Assessment"),
)


def sdtm(assessments: Sequence[Assessment]) -> tuple[Domain, Domain, Domain]:
    """TU, TR and RS of one or many cases, sequence numbers unique within each subject."""
    tu: list[Record] = []
    tr: list[Record] = []
    rs: list[Record] = []
    for assessment in assessments:
        tu += _numbered("TU", assessment, _identified(assessment))
        tr += _numbered("TR", assessment, _measured(assessment))
        rs += _numbered("RS", assessment, _answered(assessment))
    return (
        Domain("TU", "Tumor/Lesion Identification", ("STUDYID", "USUBJID", "TUSEQ"), _TU, tuple(tu)),
        Domain("TR", "Tumor/Lesion Results", ("STUDYID", "USUBJID", "TRSEQ"), _TR, tuple(tr)),
        Domain(
            "RS",
            "Disease Response and Clin Classification",
            ("STUDYID", "USUBJID", "RSSEQ"),
            _RS,
            tuple(rs),
        ),
    )


def _numbered(domain: str, assessment: Assessment, records: Iterable[Record]) -> Iterator[Record]:
    study = assessment.screen.protocol.id
    day = reported_examination(assessment).day
    for number, record in enumerate(records, 1):
        yield {
            "STUDYID": study,
            "DOMAIN": domain,
            "USUBJID": f"{study}-{assessment.case.case_id}",
            f"{domain}SEQ": number,
            "VISITNUM": VISIT_NUMBER,
            "VISIT": VISIT,
            f"{domain}DTC": day.isoformat() if day else "",
            **record,
        }


def _method(assessment: Assessment) -> str:
    return _METHODS.get(reported_examination(assessment).modality, "")


def _identified(assessment: Assessment) -> Iterator[Record]:
    for lesion in assessment.lesions:
        role = _ROLES.get(lesion.role, "")
        yield {
            "TUREFID": lesion.measurement.sop_instance_uid or "",
            "TULNKID": lesion.region.id,
            "TUTESTCD": "TUMIDENT",
            "TUTEST": "Tumor Identification",
            "TUORRES": role,
            "TUSTRESC": role,
            "TULOC": _SITES.get(lesion.region.role, ""),
            "TUMETHOD": _method(assessment),
        }
    for defect in assessment.defects:
        yield {
            "TULNKID": defect.region.id,
            "TUTESTCD": "VFDIDENT",
            "TUTEST": "Venous Filling Defect Identification",
            "TUORRES": "FILLING DEFECT",
            "TUSTRESC": "FILLING DEFECT",
            "TULOC": _vein(defect.region),
            "TUMETHOD": _method(assessment),
        }


def _vein(region: Region) -> str:
    return _VEINS[region.vessel.value] if region.vessel else ""


def _measured(assessment: Assessment) -> Iterator[Record]:
    for lesion in assessment.lesions:
        for record in (
            *_axes(lesion),
            _measurability(lesion),
            *_choice(lesion),
            *_means(lesion, assessment),
        ):
            group = _ROLES.get(lesion.role, "")
            yield {"TRGRPID": group, "TRLNKID": lesion.region.id, "TRMETHOD": _method(assessment), **record}
    for defect in assessment.defects:
        for record in (*_means(defect, assessment), *_distance(defect)):
            yield {"TRLNKID": defect.region.id, "TRMETHOD": _method(assessment), **record}
    yield from _sum(assessment.targets)


def _sum(targets: BaselineTargets) -> Iterator[Record]:
    """Sum of diameters of the final targets, and what must be said beside it."""
    total = targets.settled.sum_tenths
    if targets.settled.targets:
        summed = (
            _number("SUMDIAM", "Sum of Diameter", total / 10, "mm")
            if total is not None
            else _not_done("SUMDIAM", "Sum of Diameter", "A TARGET HAS NO COMPLETE DIAMETER")
        )
        yield {"TRGRPID": "TARGET", **summed}
    for note in targets.notes:
        for line in wrap(note, LONGEST_TEXT):
            yield _word("TGTNOTE", "Remark on the Baseline Targets", line)


def _choice(lesion: LesionAssessment) -> Iterator[Record]:
    """What was proposed, and what the reader answered, side by side."""
    proposed = _ROLES.get(lesion.proposed_role, lesion.proposed_role.replace("_", " ").upper())
    yield _word("TGTPROP", "Proposed Baseline Category", proposed)
    said = lesion.statement.target
    name = "Chosen as Target by the Reader"
    yield _word("TGTCHOS", name, said.value.upper()) if said else _not_done("TGTCHOS", name, "NOT ANSWERED")


def _axes(lesion: LesionAssessment) -> Iterator[Record]:
    measured = lesion.measurement
    for test, name, value in (
        ("LDIAM", "Longest Diameter", measured.lesion.long_axis_mm),
        ("LPERP", "Longest Perpendicular", measured.lesion.short_axis_mm),
    ):
        image = {"TRREFID": measured.sop_instance_uid or ""}
        if value is None:
            yield _not_done(test, name, "NOT MEASURED: NO OUTLINE OR LINE ON A NATIVE GRID")
        else:
            yield {**image, **_number(test, name, value, "mm")}


def _measurability(lesion: LesionAssessment) -> Record:
    status = lesion.measurement.judged.status.value
    return _word("MEASURAB", "Measurability by RECIST 1.1", status)


def _means(item: LesionAssessment | DefectAssessment, assessment: Assessment) -> Iterator[Record]:
    """Mean on each phase; a phase that several acquisitions show is told apart by its series."""
    unit = "HU" if item.findings.unit == "HU" else ""
    quantity = "Attenuation" if unit else "Signal Intensity"
    for m in item.findings.phases:
        if m.statistics.mean is None:
            continue
        name = f"Mean {quantity}, {m.phase.replace('_', ' ').title()}"[:40]
        series = assessment.case.study[m.acquisition_key].header.series_uid
        yield {"TRREFID": series, **_number(PHASE_TESTS[m.phase], name, m.statistics.mean, unit)}


def _distance(defect: DefectAssessment) -> Iterator[Record]:
    if defect.adjacency is not None:
        yield _number("DISTPRIM", "Distance to Primary Tumor", defect.adjacency.distance_mm, "mm")


def _word(test: str, name: str, value: str) -> Record:
    return {"TRTESTCD": test, "TRTEST": name, "TRORRES": value, "TRSTRESC": value}


def _not_done(test: str, name: str, why: str) -> Record:
    return {"TRTESTCD": test, "TRTEST": name, "TRSTAT": "NOT DONE", "TRREASND": why}


def _number(test: str, name: str, value: float, unit: str) -> Record:
    return {
        "TRTESTCD": test,
        "TRTEST": name,
        "TRORRES": stated_text(value),
        "TRORRESU": unit,
        "TRSTRESC": stated_text(value),
        "TRSTRESN": stated(value),
        "TRSTRESU": unit,
    }


def _answered(assessment: Assessment) -> Iterator[Record]:
    for test, name, verdict in (
        ("VASCINV", "Vascular Invasion (I4.a)", assessment.vascular_invasion),
        ("MEASDIS", "Measurable Target Lesion (I5)", assessment.measurable_lesion),
    ):
        status = verdict.status.value
        yield {
            "RSTESTCD": test,
            "RSTEST": name,
            "RSCAT": "TRIAL ELIGIBILITY",
            "RSORRES": status,
            "RSSTRESC": status,
        }
    for defect in assessment.defects:
        if defect.region.level is not None:
            yield {
                "RSLNKID": defect.region.id,
                "RSTESTCD": "LCSGJVI",
                "RSTEST": "Vascular Invasion Level (LCSGJ)",
                "RSCAT": "LCSGJ",
                "RSORRES": defect.region.level.value,
                "RSSTRESC": defect.region.level.value,
            }
