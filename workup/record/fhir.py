"""A FHIR R4 bundle as a patient record: read tolerantly, mapped by code and system, nothing assumed.

Plain JSON is walked; an odd field never rejects a bundle, an unknown code is left out with a warning. What a
bundle does not say stays unknown: the absence of a condition, therapy or allergy is not a negative. What may
be of two patients is refused.

Mapped: Patient, Observation (laboratory, virology, ECOG, weight, height, pregnancy), research Consent, and
QuestionnaireResponse whose linkIds are record paths (attestations and whatever else has no FHIR form).

References
----------
HL7 FHIR R4 (4.0.1), http://hl7.org/fhir/R4; units are UCUM.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workup.errors import RecordError
from workup.record.fhir_answers import read_answers
from workup.record.fhir_elements import day, dicts, is_modified, mapping
from workup.record.fhir_observations import read_observation
from workup.record.fhir_statements import FhirRecord, Statement, settle

_READ = ("Patient", "Observation", "Consent", "AllergyIntolerance", "QuestionnaireResponse")
#: A consent of these states says nothing: it is being written, or was recorded by mistake.
_NO_CONSENT_YET = ("draft", "proposed", "entered-in-error")


def is_bundle(raw: Any) -> bool:
    """Whether a document is a FHIR bundle."""
    return isinstance(raw, Mapping) and raw.get("resourceType") == "Bundle"


def record_of_bundle(bundle: Mapping[str, Any]) -> FhirRecord:
    """The patient record of a bundle that holds one patient.

    Raises
    ------
    RecordError
        ``FHIR_PATIENTS`` if something in it may be of another patient, ``DATE_UNREADABLE``,
        ``FHIR_LINK_ID`` and ``FHIR_ANSWERS`` for what cannot be read as one thing.
    """
    entries = [entry for entry in dicts(bundle.get("entry")) if isinstance(entry.get("resource"), Mapping)]
    _check_one_patient(entries)
    record = FhirRecord({"schema_version": "1.0"})
    readers = {"Patient": _patient, "Observation": read_observation, "QuestionnaireResponse": read_answers}
    resources = [_resource(bundle, entry) for entry in entries]
    for resource in resources:
        kind = str(resource.get("resourceType"))
        if kind in readers:
            readers[kind](resource, record)
        elif kind == "AllergyIntolerance":
            record.warnings.append(
                "AllergyIntolerance: whether it concerns an antibody must be attested; not read"
            )
        elif kind not in _READ:
            record.warnings.append(f"{kind} is not read")
    _consents([r for r in resources if r.get("resourceType") == "Consent"], record)
    settle(record)
    record.warnings = [
        text if times == 1 else f"{text} ({times} times)" for text, times in Counter(record.warnings).items()
    ]
    return record


def _resource(bundle: Mapping[str, Any], entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """The resource of an entry, bearing what modifies the entry or the whole bundle."""
    resource: Mapping[str, Any] = entry["resource"]
    above = is_modified(bundle, "entry") or is_modified(entry, "resource")
    return {**resource, "modifierExtension": [{"url": "of what it stands in"}]} if above else resource


# --- whose it is --------------------------------------------------------------------------------------


def _check_one_patient(entries: Sequence[Mapping[str, Any]]) -> None:
    """Refuse two patients, and whatever is read but is of another subject than the patient."""
    patients = [entry for entry in entries if entry["resource"].get("resourceType") == "Patient"]
    if len(patients) > 1:
        raise RecordError("FHIR_PATIENTS", f"the bundle holds {len(patients)} patients", expected="one")
    subjects = list(_subjects(entries))
    if patients:
        strangers = [kind for kind, subject in subjects if not _is_of(subject, patients[0])]
        if strangers:
            found = f"{len(strangers)} resources ({strangers[0]}, ...) are not of the bundle's patient"
            raise RecordError("FHIR_PATIENTS", found, expected="one patient")
        return
    names = {_name(subject) for _, subject in subjects}
    if len(names) > 1 or any(name.startswith("#") for name in names):
        found = "the bundle holds no patient, and its resources may be of several subjects"
        raise RecordError("FHIR_PATIENTS", found, expected="one patient")


def _subjects(entries: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Kind and subject of every resource that is read and says whose it is."""
    for entry in entries:
        resource = entry["resource"]
        if (kind := resource.get("resourceType")) in _READ:
            for key in ("subject", "patient"):
                if _name(subject := mapping(resource.get(key))):
                    yield kind, subject


def _name(subject: Mapping[str, Any]) -> str:
    """What a reference calls its subject, without a version; empty if nothing."""
    if isinstance(reference := subject.get("reference"), str):
        return reference.partition("/_history/")[0]
    identifier = mapping(subject.get("identifier"))
    return f"{identifier.get('system')}|{identifier.get('value')}" if identifier.get("value") else ""


def _is_of(subject: Mapping[str, Any], patient: Mapping[str, Any]) -> bool:
    """Whether a reference may mean the patient: by URL, by id, or by an identifier of the same system."""
    name, resource = _name(subject), patient["resource"]
    url, id_ = patient.get("fullUrl"), resource.get("id")
    if not isinstance(subject.get("reference"), str):
        system = mapping(subject.get("identifier")).get("system")
        own = [
            _name({"identifier": each})
            for each in dicts(resource.get("identifier"))
            if each.get("system") == system
        ]
        return not own or name in own
    if url is None and id_ is None:
        return not name.startswith("#")
    address = "://" in str(url)
    return (
        name in (url, f"Patient/{id_}")
        or (address and str(url).endswith(f"/{name}"))
        or (not address and name.endswith((f"/Patient/{id_}", f"urn:uuid:{id_}")))
    )


# --- resources ----------------------------------------------------------------------------------------


def _patient(resource: Mapping[str, Any], record: FhirRecord) -> None:
    if is_modified(resource):
        record.warnings.append("Patient with a modifier that is not known is not read")
        return
    if isinstance(resource.get("birthDate"), str):
        record.statements.append(Statement("demographics.birth_date", resource["birthDate"]))
    sex = resource.get("gender") if resource.get("gender") in ("male", "female") else None
    for extension in dicts(resource.get("extension")):
        if str(extension.get("url", "")).endswith("us-core-birthsex"):
            sex = {"M": "male", "F": "female"}.get(str(extension.get("valueCode")))
    if sex is not None:
        record.statements.append(Statement("demographics.sex", sex))


def _consents(resources: Sequence[Mapping[str, Any]], record: FhirRecord) -> None:
    """Consent to research: one that is active and plain; anything else leaves it open."""
    research = []
    for resource in resources:
        scope = [str(c.get("code")) for c in dicts(mapping(resource.get("scope")).get("coding"))]
        if "research" not in scope:
            record.warnings.append("Consent without scope research is not read")
        elif resource.get("status") in _NO_CONSENT_YET:
            record.warnings.append(f"Consent with status {resource.get('status')!r} is not read")
        else:
            research.append(resource)
    if not research:
        return
    days = {day(each.get("dateTime"), "Consent.dateTime") for each in research}
    why = _why_open(research, len(days))
    record.statements.append(Statement("consent.signed", None if why else True, why=why))
    signed = days.pop()
    if why or signed is not None:
        date = None if why else str(signed)
        record.statements.append(Statement("reference_dates.consent", date, why=why))


def _why_open(research: Sequence[Mapping[str, Any]], days: int) -> str:
    """Why consents do not show that the trial's was signed, empty if they do."""
    if any(is_modified(each) or _denies(each) for each in research):
        return "a research consent denies something or has a modifier that is not known"
    if any(each.get("status") != "active" for each in research):
        return "a research consent is not active (withdrawn, rejected or without status)"
    return "several research consents: which is the trial's is not said" if days > 1 else ""


def _denies(resource: Mapping[str, Any]) -> bool:
    """Whether a consent opts out, or denies anything at any depth."""
    rules = [str(c.get("code")) for c in dicts(mapping(resource.get("policyRule")).get("coding"))]
    return any(rule.startswith("OPTOUT") for rule in rules) or _provision_denies(resource.get("provision"))


def _provision_denies(provision: Any) -> bool:
    if not isinstance(provision, Mapping):
        return False
    inner = [*dicts(provision.get("provision"))]
    return provision.get("type") == "deny" or any(map(_provision_denies, inner))
