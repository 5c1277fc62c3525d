"""An assessment as a FHIR R4 Bundle: a DiagnosticReport, its Observations, the imaging study they rest on.

The subject is the case id and nothing else of the patient. LOINC where a code says exactly what we measured
(tumor size as mCODE uses it), DICOM and SNOMED CT codes as in our SR, else the private scheme that
``docs/exchange.md`` documents.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from pydicom.sr.coding import Code

from imaging.regions.region import Region
from workup.assessment import Assessment, DefectAssessment, LesionAssessment
from workup.exchange import codes
from workup.exchange.numbers import stated
from workup.exchange.reported_examination import reported_examination

Resource = dict[str, Any]

_NAMESPACE = uuid5(NAMESPACE_URL, "veinvasion:fhir")
#: Our private scheme as a FHIR code system: an OID below the arc for UUIDs.
PRIVATE_SYSTEM = f"urn:oid:2.25.{uuid5(NAMESPACE_URL, 'veinvasion:99VEININV').int}"
CASE_SYSTEM = f"urn:oid:2.25.{uuid5(NAMESPACE_URL, 'veinvasion:case').int}"
_SYSTEMS = {
    "SCT": "http://snomed.info/sct",
    "DCM": "http://dicom.nema.org/resources/ontology/DCM",
    "LN": "http://loinc.org",
    codes.PRIVATE_SCHEME: PRIVATE_SYSTEM,
}
_NOT_MEASURED: Resource = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/data-absent-reason",
            "code": "not-performed",
            "display": "Not Performed",
        }
    ]
}
IMAGING_STUDY = Code("18748-4", "LN", "Diagnostic imaging study")
TUMOR_SIZE = Code("21889-1", "LN", "Size Tumor")
LARGEST_DIMENSION = Code("33728-7", "LN", "Size.maximum dimension in Tumor")
ADDITIONAL_DIMENSION = Code("33729-5", "LN", "Size additional dimension in Tumor")
INVASION = codes.own("VASC_INVASION", "Vascular invasion by the trial's criterion I4.a")
MEASURABLE = codes.own("MEASURABLE", "Measurable target lesion by the trial's criterion I5")


def bundle(assessment: Assessment, *, version: str) -> Resource:
    """The Bundle (type ``collection``) of one assessment; the same assessment gives the same ids."""
    case = assessment.case
    subject = _id(assessment, "patient")
    study = _id(assessment, "study")
    observations = [
        {
            "resourceType": "Observation",
            "id": str(_id(assessment, name)),
            "status": "preliminary",
            "category": [
                {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                            "code": "imaging",
                        }
                    ]
                }
            ],
            "subject": _reference(subject),
            **_date("effectiveDateTime", assessment),
            **content,
        }
        for name, content in _observations(assessment)
    ]
    report = {
        "resourceType": "DiagnosticReport",
        "id": str(_id(assessment, "report")),
        "status": "preliminary",
        "code": _concept(IMAGING_STUDY),
        "subject": _reference(subject),
        **_date("effectiveDateTime", assessment),
        "imagingStudy": [_reference(study)],
        "result": [_reference(UUID(o["id"])) for o in observations],
        "conclusion": f"I4.a {assessment.vascular_invasion.status.value}: "
        f"{assessment.vascular_invasion.message} I5 {assessment.measurable_lesion.status.value}: "
        f"{assessment.measurable_lesion.message} (veinvasion {version}, research use only)",
    }
    patient = {
        "resourceType": "Patient",
        "id": str(subject),
        "identifier": [{"system": CASE_SYSTEM, "value": case.case_id or "case"}],
    }
    resources = [patient, _imaging_study(assessment, study, subject), report, *observations]
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": f"urn:uuid:{r['id']}", "resource": r} for r in resources],
    }


def _id(assessment: Assessment, name: str) -> UUID:
    study = reported_examination(assessment).acquisitions[0].header.study_uid
    return uuid5(_NAMESPACE, f"{study}/{assessment.case.case_id}/{name}")


def _reference(identity: UUID) -> Resource:
    return {"reference": f"urn:uuid:{identity}"}


def _concept(code: Code) -> Resource:
    return {
        "coding": [{"system": _SYSTEMS[code.scheme_designator], "code": code.value, "display": code.meaning}]
    }


def _quantity(value: float, unit: Code) -> Resource:
    return {
        "value": stated(value),
        "unit": unit.value,
        "system": "http://unitsofmeasure.org",
        "code": unit.value,
    }


def _date(name: str, assessment: Assessment) -> Resource:
    day = reported_examination(assessment).day
    return {name: day.isoformat()} if day else {}


def _imaging_study(assessment: Assessment, identity: UUID, subject: UUID) -> Resource:
    headers = {a.header.series_uid: a.header for a in reported_examination(assessment).acquisitions}
    first = next(iter(headers.values()))
    series = []
    for uid, header in headers.items():
        entry: Resource = {
            "uid": uid,
            "modality": {"system": _SYSTEMS["DCM"], "code": header.modality},
        }
        if header.series_number is not None and header.series_number >= 0:
            entry["number"] = header.series_number
        series.append(entry)
    return {
        "resourceType": "ImagingStudy",
        "id": str(identity),
        "identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{first.study_uid}"}],
        "status": "available",
        "subject": _reference(subject),
        "series": series,
    }


def _observations(assessment: Assessment) -> Iterator[tuple[str, Resource]]:
    for code, verdict in (
        (INVASION, assessment.vascular_invasion),
        (MEASURABLE, assessment.measurable_lesion),
    ):
        yield (
            code.value,
            {
                "code": _concept(code),
                "valueCodeableConcept": _concept(codes.finding_code(verdict.status.value)),
                "note": [{"text": verdict.message}],
            },
        )
    for lesion in assessment.lesions:
        yield f"{lesion.region.id}/size", _size(lesion)
        yield from _means(lesion)
    for defect in assessment.defects:
        yield from _means(defect)
        if defect.adjacency is not None:
            distance = _quantity(defect.adjacency.distance_mm, codes.MILLIMETER)
            content = {**_where(defect.region), "code": _concept(codes.DISTANCE), "valueQuantity": distance}
            yield f"{defect.region.id}/distance", content


def _where(region: Region) -> Resource:
    """Which region an observation is about, and its site where a code tells."""
    place = codes.VESSEL_CODES[region.vessel] if region.vessel else codes.REGION_CODES[region.role][2]
    named = {"note": [{"text": f"region {region.id}"}]}
    return {**named, "bodySite": _concept(place)} if place is not None else named


def _size(lesion: LesionAssessment) -> Resource:
    """Both axes, or that they were not measured: no lesion of the report is left out."""
    measured = lesion.measurement.lesion
    components = [
        {"code": _concept(code), "valueQuantity": _quantity(value, codes.MILLIMETER)}
        for code, value in (
            (LARGEST_DIMENSION, measured.long_axis_mm),
            (ADDITIONAL_DIMENSION, measured.short_axis_mm),
        )
        if value is not None
    ]
    judged = lesion.measurement.judged
    return {
        **_where(lesion.region),
        "code": _concept(TUMOR_SIZE),
        "method": _concept(codes.RECIST_1_1),
        "interpretation": [_concept(codes.finding_code(judged.status.value))],
        **({"component": components} if components else {"dataAbsentReason": _NOT_MEASURED}),
    }


def _means(item: LesionAssessment | DefectAssessment) -> Iterator[tuple[str, Resource]]:
    """Mean attenuation (or signal) of a region, a component each phase."""
    hounsfield = item.findings.unit == "HU"
    unit = codes.HOUNSFIELD if hounsfield else codes.NO_UNIT
    for m in item.findings.phases:
        if m.statistics.mean is not None:
            yield (
                f"{item.region.id}/mean/{m.acquisition_key}",
                {
                    **_where(item.region),
                    "code": _concept(codes.ATTENUATION if hounsfield else codes.SIGNAL_INTENSITY),
                    "valueQuantity": _quantity(m.statistics.mean, unit),
                    "component": [
                        {
                            "code": _concept(codes.CONTRAST_PHASE),
                            "valueCodeableConcept": _concept(codes.phase_code(m.phase)),
                        }
                    ],
                },
            )
