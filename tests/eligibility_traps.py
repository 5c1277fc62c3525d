"""Traps for the rules: changes to the complete record of an eligible man, and what must then not pass."""

from __future__ import annotations

from typing import Any

from eligibility.screening import screen
from tests.eligibility_records import protocol, record
from workup.record.record import parse_record

Changes = dict[str, Any]
Expected = dict[str, str]
Traps = dict[str, tuple[Changes, Expected]]


def fails(*ids: str) -> Expected:
    """These criteria fail, for good as far as is known."""
    return dict.fromkeys(ids, "FAIL not_met")


def unknown(*ids: str, reason: str = "") -> Expected:
    """These criteria stay open."""
    return dict.fromkeys(ids, f"UNKNOWN {reason}".strip())


def missing(*ids: str) -> Expected:
    """These criteria wait for something that is not recorded."""
    return unknown(*ids, reason="missing")


def hemoglobin(**fields: Any) -> Changes:
    """Another recording of hemoglobin."""
    return {"labs[hemoglobin]": fields}


def thrombus(**fields: Any) -> Changes:
    """Another reading of the only filling defect."""
    return {f"imaging.thrombi[0].{name}": value for name, value in fields.items()}


def lesion(**fields: Any) -> Changes:
    """Another reading of the only lesion; ``slice`` is the thickness of the study."""
    thickness = (
        {} if "slice" not in fields else {"imaging.studies[0].slice_thickness_mm": fields.pop("slice")}
    )
    return thickness | {f"imaging.lesions[0].{name}": value for name, value in fields.items()}


def locoregional(*therapies: Changes, **fields: Any) -> Changes:
    """Prior locoregional therapies, a recovered TACE long ago where nothing else is said."""
    usual = {
        "type": "TACE",
        "site": "liver",
        "intent": "curative_or_control",
        "end_date": "2024-06-01",
        "complications_recovered": True,
    }
    return {"treatments.locoregional": [usual | each for each in (therapies or (fields,))]}


def systemic(*therapies: Changes) -> Changes:
    """Prior systemic therapies of advanced disease, unless said otherwise."""
    return {"treatments.systemic": [{"setting": "advanced"} | each for each in therapies]}


def drug(**fields: Any) -> Changes:
    """One immunosuppressant: prednisolone, taken still, unless said otherwise."""
    usual = {"drug": "prednisolone", "kind": "corticosteroid", "route": "oral", "start": "2025-01-01"}
    return {"immunosuppressants": [usual | ({} if "end" in fields else {"ongoing": True}) | fields]}


def autoimmune(*conditions: Changes) -> Changes:
    """A history of autoimmune disease."""
    return {"comorbidity.autoimmune": list(conditions)}


def malignancy(**fields: Any) -> Changes:
    """One other malignancy."""
    return {"comorbidity.other_malignancies": [{"type": "colon", "negligible_risk": False} | fields]}


CLINICAL: Changes = {"diagnosis.basis": "clinical", "diagnosis.histology": None}
ATEZOLIZUMAB = {
    "drugs": ["atezolizumab", "bevacizumab"],
    "line": 1,
    "start": "2024-02-01",
    "end": "2024-08-01",
}
SORAFENIB = {"drugs": ["sorafenib"], "line": 1, "start": "2023-02-01", "end": "2023-08-01"}
LENVATINIB = {"drugs": ["lenvatinib"], "line": 2, "start": "2024-09-01", "end": "2024-12-20"}
BONE = {"type": "EBRT", "site": "bone", "intent": "palliative"}
D1 = record()["imaging"]["thrombi"][0]
M1 = record()["imaging"]["lesions"][0]
CT1 = record()["imaging"]["studies"][0]


def in_a_leap_year(sampled: str) -> Changes:
    """Everything a year earlier; all laboratory results of one day."""
    return {
        "reference_dates": {
            "consent": "2024-03-25",
            "screening": "2024-03-28",
            "treatment_start": "2024-04-11",
        },
        "imaging.studies[0].date": "2024-03-20",
        "performance.date": "2024-03-28",
        "investigator.date": "2024-03-28",
        "labs": [each | {"date": sampled} for each in record()["labs"]],
    }


def _satisfies(found: Any, expected: str) -> bool:
    """Whether a verdict is one of ``STATUS [reason] [date]``, joined by ``|``."""
    for each in expected.split("|"):
        status, *details = each.split()
        if found.status == status and set(details) <= {str(found.reason_code), str(found.clears_on)}:
            return True
    return False


def assert_springs(changes: Changes, expected: Expected) -> None:
    """Every criterion that is named is as named, every other passes, and the overall answer follows."""
    result = screen(parse_record(record(changes)), protocol(), search=False)
    woman = changes.get("demographics.sex") == "female"
    due = {**dict.fromkeys(result.verdicts, "PASS"), "I8.11" if woman else "I8.10": "NA", **expected}

    wrong = {
        id_: f"{verdict.status} {verdict.reason_code} {verdict.clears_on}, not {due[id_]}: {verdict.message}"
        for id_, verdict in result.verdicts.items()
        if not _satisfies(verdict, due[id_])
    }
    assert not wrong

    statuses = [str(verdict.status) for verdict in result.verdicts.values()]
    overall = "INELIGIBLE" if "FAIL" in statuses else "UNDETERMINED" if "UNKNOWN" in statuses else "ELIGIBLE"
    assert result.overall == overall
    for verdict in result.verdicts.values():
        assert verdict.status != "UNKNOWN" or verdict.missing, "an UNKNOWN names what is missing"
