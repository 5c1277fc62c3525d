"""The made-up patient of the phantom: a record that leaves the images as the only open question."""

from __future__ import annotations

from typing import Any

PATIENT_ID = "PHANTOM-001"
_LABS_ON = "2025-06-27"

#: analyte, value, unit, upper limit of normal
_LABS: tuple[tuple[str, str, str, str | None], ...] = (
    ("hemoglobin", "11.9", "g/dL", None),
    ("anc", "3150", "/mm3", None),
    ("platelets", "112", "10*9/L", None),
    ("bilirubin_total", "1.1", "mg/dL", "1.2"),
    ("albumin", "3.8", "g/dL", None),
    ("alt", "37", "U/L", "35"),
    ("ast", "52", "U/L", "35"),
    ("inr", "1.12", "1", "1.2"),
    ("creatinine", "0.71", "mg/dL", "1.0"),
)


def _lab(analyte: str, value: str, unit: str, uln: str | None) -> dict[str, Any]:
    limit = {} if uln is None else {"uln": uln, "reference_range_kind": "normal"}
    return {"analyte": analyte, "value": value, "unit": unit, **limit, "date": _LABS_ON}


def record() -> dict[str, Any]:
    """Patient record, schema 1.0; ``imaging`` is left for the assessment."""
    return {
        "schema_version": "1.0",
        "patient_id": PATIENT_ID,
        "reference_dates": {
            "consent": "2025-06-30",
            "screening": "2025-07-02",
            "treatment_start": "2025-07-14",
        },
        "demographics": {"sex": "female", "birth_date": "1958-11-02"},
        "consent": {"signed": True},
        "diagnosis": {
            "basis": "histology",
            "histology": "hcc",
            "risk_factors": ["chronic_hepatitis_c", "cirrhosis"],
            "index_nodule": None,
        },
        "disease": {"unresectable": True, "locally_advanced": True, "metastatic": False},
        "imaging": None,
        "labs": [_lab(*row) for row in _LABS],
        "liver": {
            "ascites": "none",
            "ascites_intractable": False,
            "encephalopathy_grade": 0,
            "child_pugh_reported_class": "A",
        },
        "performance": {"ecog": 0, "date": "2025-07-02"},
        "vitals": {"weight_kg": "57.5", "height_cm": "156", "date": "2025-07-02"},
        **_history(),
    }


def _history() -> dict[str, Any]:
    return {
        "virology": {
            "hbsag": "negative",
            "anti_hbc": "negative",
            "anti_hcv": "positive",
            "hcv_rna": "undetectable",
            "hcv_antiviral": True,
        },
        "treatments": {
            "systemic": [],
            "locoregional": [],
            "planned_rt_field_overlaps_prior_rt": False,
        },
        "immunosuppressants": [],
        "comorbidity": {
            "autoimmune": [],
            "immune_deficiency": False,
            "allogeneic_sct_or_organ_transplant": False,
            "severe_anaphylaxis_to_antibody_or_fusion_protein": False,
            "brain_metastasis": "none",
            "leptomeningeal_metastasis": False,
            "other_malignancies": [],
            "nyha_class": 1,
            "myocardial_infarction_dates": [],
            "cerebrovascular_accident_dates": [],
            "unstable_arrhythmia": False,
            "unstable_angina": False,
            "other_uncontrolled_severe_illness": False,
        },
        "reproductive": {
            "childbearing_potential": False,
            "pregnant": False,
            "breastfeeding": False,
            "agrees_contraception": True,
            "agrees_no_sperm_donation": None,
        },
        "investigator": {
            "name": "Dr. P. Hantom",
            "date": "2025-07-02",
            "excess_risk": False,
            "unlikely_to_comply": False,
        },
    }
