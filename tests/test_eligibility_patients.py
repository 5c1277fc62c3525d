"""Invented patients; what is expected of each was written down before the code was run.

A patient is the complete record of an eligible man with some values changed. Expected are the criteria
that do not pass; everything that is not named must pass (I8.10 does not concern men, I8.11 not women).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.eligibility_records import WOMAN, lab, screened, with_labs

TACE = {
    "type": "TACE",
    "site": "liver",
    "intent": "curative_or_control",
    "end_date": "2025-02-24",
    "complications_recovered": True,
}
EBRT = {**TACE, "type": "EBRT", "end_date": "2023-05-02"}
BONE = {**EBRT, "site": "bone", "intent": "palliative"}
TREATED = {
    "imaging.lesions[0].locoregional_treated": True,
    "imaging.lesions[0].progressed_after_locoregional": True,
}
ATEZO_BEV = {"drugs": ["atezolizumab", "bevacizumab"], "setting": "advanced", "line": 1, "end": "2024-08-01"}
SORAFENIB = {"drugs": ["sorafenib"], "setting": "advanced", "line": 1, "end": "2024-08-01"}
LENVATINIB = {"drugs": ["lenvatinib"], "setting": "advanced", "line": 2, "end": "2024-12-20"}
PREDNISOLONE = {
    "drug": "prednisolone",
    "kind": "corticosteroid",
    "route": "oral",
    "dose_mg_per_day": "10",
    "start": "2025-01-01",
    "ongoing": True,
}


@dataclass(frozen=True)
class Patient:
    """Changes to the complete record, and what is expected."""

    changes: dict[str, Any]
    expected: dict[str, str] = field(default_factory=dict)
    overall: str = "ELIGIBLE"
    reasons: dict[str, str] = field(default_factory=dict)
    children: dict[str, str] = field(default_factory=dict)
    eligible_from: str | None = None
    attestation_only: bool = False
    missing: dict[str, str] = field(default_factory=dict)


INELIGIBLE, UNDETERMINED = "INELIGIBLE", "UNDETERMINED"

PATIENTS = {
    "a man who meets everything": Patient({}),
    "chemoembolized 28 days before the start": Patient(
        {"treatments.locoregional": [TACE], **TREATED},
        {"E5": "FAIL"},
        INELIGIBLE,
        eligible_from="2025-03-25",
        children={"I5.a": "PASS", "E5.a": "NA"},
    ),
    "chemoembolized 29 days before the start": Patient(
        {"treatments.locoregional": [{**TACE, "end_date": "2025-02-23"}], **TREATED}
    ),
    "chemoembolized some day of February": Patient(
        {"treatments.locoregional": [{**TACE, "end_date": "2025-02"}], **TREATED},
        {"E5": "UNKNOWN"},
        UNDETERMINED,
        {"E5": "partial_date"},
    ),
    "not recovered from an old ablation": Patient(
        {
            "treatments.locoregional": [
                {**TACE, "type": "RFA", "end_date": "2024-06-01", "complications_recovered": False}
            ]
        },
        {"E5": "FAIL"},
        INELIGIBLE,
    ),
    "palliative radiation of a bone, 7 days ago": Patient(
        {"treatments.locoregional": [{**BONE, "end_date": "2025-03-17"}]}, children={"E5.a": "PASS"}
    ),
    "palliative radiation of a bone, 6 days ago": Patient(
        {"treatments.locoregional": [{**BONE, "end_date": "2025-03-18"}]},
        {"E5": "FAIL"},
        INELIGIBLE,
        children={"E5.a": "FAIL"},
        eligible_from="2025-03-25",
    ),
    "liver irradiated two years ago, fields do not overlap": Patient(
        {"treatments.locoregional": [EBRT]},
        {"E4": "UNKNOWN"},
        UNDETERMINED,
        {"E4": "policy_dependent"},
        children={"E4.a": "PASS"},
    ),
    "liver irradiated two years ago, fields overlap": Patient(
        {"treatments.locoregional": [EBRT], "treatments.planned_rt_field_overlaps_prior_rt": True},
        {"E4": "FAIL"},
        INELIGIBLE,
        children={"E4.a": "FAIL"},
    ),
    "young woman without a pregnancy test": Patient(
        {**WOMAN, "reproductive.pregnant": None},
        {"E15": "UNKNOWN"},
        UNDETERMINED,
        {"E15": "missing"},
        missing={"E15": "reproductive.pregnant"},
    ),
    "woman past childbearing, nothing promised": Patient(
        {
            **WOMAN,
            "reproductive.childbearing_potential": False,
            "reproductive.pregnant": None,
            "reproductive.agrees_contraception": None,
        }
    ),
    "labs pass one by one, their Child-Pugh sum is 7": Patient(
        {"labs[bilirubin_total].value": "2.5", "labs[albumin].value": "34"}, {"I6": "FAIL"}, INELIGIBLE
    ),
    "bilirubin 51.3 umol/L, too close to 3.0 mg/dL": Patient(
        {"labs[bilirubin_total]": {"value": "51.3", "unit": "umol/L", "uln": "20"}},
        {"I8.4": "UNKNOWN", "I6": "UNKNOWN"},
        UNDETERMINED,
        {"I8.4": "not_assessable"},
    ),
    "ALT in ukat/L beside a limit in U/L": Patient(
        {"labs[alt]": {"value": "5.2", "unit": "ukat/L"}},
        {"I8.6": "UNKNOWN"},
        UNDETERMINED,
        {"I8.6": "not_assessable"},
    ),
    "platelets recovered, and fell again after screening": Patient(
        with_labs(
            lab("platelets", "44", date="2025-02-20"),
            lab("platelets", "31", date="2025-03-11"),
        )
    ),
    "a second hemoglobin without a date": Patient(
        with_labs(lab("hemoglobin", "7.4", date=None)),
        {"I8.1": "UNKNOWN"},
        UNDETERMINED,
        {"I8.1": "undated"},
    ),
    "albumin drawn 29 days before screening": Patient(
        {"labs[albumin].date": "2025-02-09"},
        {"I8.5": "UNKNOWN", "I6": "UNKNOWN"},  # Child-Pugh: 4 points + 1 to 3 for albumin = 5 to 7
        UNDETERMINED,
        {"I8.5": "stale"},
    ),
    "hepatitis B without treatment": Patient(
        {"virology.hbsag": "positive"}, {"I8.9": "FAIL"}, INELIGIBLE, children={"I8.9.a": "FAIL"}
    ),
    "antibodies against hepatitis C, RNA not tested": Patient(
        {"virology.anti_hcv": "positive", "virology.hcv_antiviral": True},
        {"I8.9": "UNKNOWN"},
        UNDETERMINED,
        {"I8.9": "missing"},
        missing={"I8.9": "virology.hcv_rna"},
    ),
    "sorafenib first": Patient({"treatments.systemic": [SORAFENIB]}, {"E3": "FAIL"}, INELIGIBLE),
    "atezolizumab and bevacizumab first": Patient({"treatments.systemic": [ATEZO_BEV]}),
    "two lines, the first with a checkpoint inhibitor": Patient(
        {"treatments.systemic": [LENVATINIB, ATEZO_BEV]}, {"E2": "FAIL"}, INELIGIBLE
    ),
    "adjuvant sorafenib, then atezolizumab": Patient(
        {"treatments.systemic": [{**SORAFENIB, "setting": "adjuvant"}, {**ATEZO_BEV, "line": 2}]}
    ),
    "invasion seen by a model only": Patient(
        {"imaging.thrombi[0].evidence": {"source": "model"}},
        {"I4": "UNKNOWN"},
        UNDETERMINED,
        {"I4": "awaiting_reader"},
        children={"I4.a": "UNKNOWN", "I4.a.1": "UNKNOWN", "I4.a.2": "UNKNOWN"},
    ),
    "the features lie in two different defects": Patient(
        {
            "imaging.thrombi": [
                {
                    "id": id_,
                    "study": "CT1",
                    "vessel": "portal_vein",
                    "level": "Vp3",
                    "filling_defect": True,
                    "adjacent_to_primary": adjacent,
                    "arterial_enhancement": not adjacent,
                    "washout_portal": not adjacent,
                    "washout_delayed": not adjacent,
                }
                for id_, adjacent in (("D1", True), ("D2", False))
            ]
        },
        {"I4": "FAIL"},
        INELIGIBLE,
        children={"I4.a": "FAIL", "I4.a.1": "PASS", "I4.a.2": "PASS"},
    ),
    "no dynamic examination": Patient(
        {"imaging.studies[0].dynamic": False},
        {"I4": "UNKNOWN"},
        UNDETERMINED,
        {"I4": "not_assessable"},
    ),
    "a small lesion on thick slices": Patient(
        {
            "imaging.lesions[0].longest_diameter_mm": "14",
            "imaging.lesions[0].short_axis_mm": "11",
            "imaging.studies[0].slice_thickness_mm": "8",
        },
        {"I5": "FAIL"},
        INELIGIBLE,
    ),
    "the only large lesion is the thrombus": Patient(
        {"imaging.lesions[0].site": "tumor_thrombus"}, {"I5": "FAIL"}, INELIGIBLE
    ),
    "a day short of 19 years": Patient({"demographics.birth_date": "2006-03-04"}, {"I2": "FAIL"}, INELIGIBLE),
    "hypothyroidism and psoriasis excused, old rheumatoid arthritis not": Patient(
        {
            "comorbidity.autoimmune": [
                {
                    "condition": "Hashimoto",
                    "category": "hypothyroidism",
                    "stable_on_hormone_replacement": True,
                },
                {"condition": "psoriasis", "category": "chronic_skin", "requires_systemic_therapy": False},
                {"condition": "rheumatoid arthritis", "category": "other", "active": False},
            ]
        },
        {"E6": "FAIL"},
        INELIGIBLE,
        children={"E6.1": "PASS", "E6.2": "NA", "E6.3": "PASS"},
    ),
    "exactly 10 mg of prednisolone": Patient({"immunosuppressants": [PREDNISOLONE]}),
    "dexamethasone 2 mg until 14 days before the start": Patient(
        {
            "immunosuppressants": [
                {
                    **PREDNISOLONE,
                    "drug": "dexamethasone",
                    "dose_mg_per_day": "2",
                    "end": "2025-03-10",
                    "ongoing": False,
                }
            ]
        },
        {"E8": "FAIL"},
        INELIGIBLE,
        eligible_from="2025-03-25",
    ),
    "two steroids, together 15 mg": Patient(
        {
            "immunosuppressants": [
                {**PREDNISOLONE, "dose_mg_per_day": "7.5"},
                {**PREDNISOLONE, "drug": "hydrocortisone", "dose_mg_per_day": "30"},
            ]
        },
        {"E8": "FAIL"},
        INELIGIBLE,
    ),
    "infarction some day of December, window opens on the 24th": Patient(
        {"comorbidity.myocardial_infarction_dates": ["2024-12"]},
        {"E14": "UNKNOWN"},
        UNDETERMINED,
        {"E14": "partial_date"},
    ),
    "breast cancer last active two years ago to the day": Patient(
        {
            "comorbidity.other_malignancies": [
                {"type": "breast cancer", "last_active_date": "2023-03-10", "negligible_risk": False}
            ]
        },
        {"E13": "FAIL"},
        INELIGIBLE,
    ),
    "creatinine above twice its limit and clearance 23": Patient(
        {
            "labs[creatinine].value": "2.5",
            "demographics.birth_date": "1957-01-15",
            "vitals.weight_kg": "58",
        },
        {"I8.8": "FAIL"},
        INELIGIBLE,
    ),
    "INR 1.9 without its limit": Patient(
        {"labs[inr]": {"value": "1.9", "uln": None}},
        {"I8.7": "UNKNOWN"},  # Child-Pugh: 2 points for INR, 6 in all
        UNDETERMINED,
        {"I8.7": "missing"},
    ),
    "INR 1.8 beside a therapeutic range": Patient(
        {"labs[inr]": {"value": "1.8", "uln": "3.0", "reference_range_kind": "therapeutic"}}
    ),
    "nothing but signatures outstanding": Patient(
        {
            "consent.signed": None,
            "reproductive.agrees_no_sperm_donation": None,
            "investigator.excess_risk": None,
            "investigator.unlikely_to_comply": None,
        },
        {"I1": "UNKNOWN", "I8.11": "UNKNOWN", "E14": "UNKNOWN", "E16": "UNKNOWN"},
        UNDETERMINED,
        dict.fromkeys(("I1", "I8.11", "E14", "E16"), "awaiting_attestation"),
        attestation_only=True,
    ),
    "therapy recorded as ending after the planned start": Patient(
        {"treatments.locoregional": [{**TACE, "end_date": "2025-03-28"}], **TREATED},
        {"E5": "UNKNOWN"},
        UNDETERMINED,
        {"E5": "conflict"},
    ),
}


@pytest.mark.parametrize("patient", PATIENTS.values(), ids=PATIENTS)
def test_an_invented_patient_gets_the_verdicts_written_down_beforehand(patient: Patient) -> None:
    result = screened(patient.changes)
    woman = patient.changes.get("demographics.sex") == "female"
    found = {id_: str(v.status) for id_, v in result.verdicts.items()}
    expected = {**dict.fromkeys(found, "PASS"), "I8.11" if woman else "I8.10": "NA", **patient.expected}

    assert found == expected
    assert result.overall == patient.overall
    assert result.attestation_only is patient.attestation_only
    assert (result.eligible_from.isoformat() if result.eligible_from else None) == patient.eligible_from
    for id_, reason in patient.reasons.items():
        assert result.verdicts[id_].reason_code == reason, id_
    for id_, path in patient.missing.items():
        assert path in [m.path for m in result.verdicts[id_].missing]
    children = {id_: str(c.status) for v in result.verdicts.values() for id_, c in v.children.items()}
    for id_, status in patient.children.items():
        assert children[id_] == status, id_
