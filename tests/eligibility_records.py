"""Patient records for tests: one complete record of an eligible man, and ways to change it by path."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from eligibility.patient import PatientFacts
from eligibility.protocol import Protocol
from eligibility.screening import ScreenResult, screen
from workup.protocol_files import read_protocol
from workup.record.record import parse_record

_LAB_VALUES = {
    "hemoglobin": ("11.2", "g/dL", None),
    "anc": ("3.1", "10*9/L", None),
    "platelets": ("148", "K/uL", None),
    "bilirubin_total": ("1.1", "mg/dL", "1.2"),
    "albumin": ("38", "g/L", None),
    "alt": ("51", "U/L", "41"),
    "ast": ("63", "U/L", "40"),
    "inr": ("1.1", "{INR}", "1.15"),
    "creatinine": ("0.9", "mg/dL", "1.2"),
}

SAMPLED = "2025-03-05"

_BASE: dict[str, Any] = {
    "schema_version": "1.0",
    "reference_dates": {"consent": "2025-03-03", "screening": "2025-03-10", "treatment_start": "2025-03-24"},
    "demographics": {"sex": "male", "birth_date": "1959-11-02"},
    "consent": {"signed": True},
    "diagnosis": {
        "basis": "histology",
        "histology": "hcc",
        "risk_factors": ["cirrhosis"],
        "index_nodule": {
            "size_mm": "48",
            "arterial_phase_hyperenhancement": True,
            "washout_portal_or_delayed": True,
            "targetoid_or_marked_t2": False,
        },
    },
    "disease": {"unresectable": True, "locally_advanced": True, "metastatic": False},
    "imaging": {
        "studies": [
            {
                "id": "CT1",
                "date": "2025-02-27",
                "modality": "CT",
                "dynamic": True,
                "slice_thickness_mm": "2.5",
            }
        ],
        "thrombi": [
            {
                "id": "D1",
                "study": "CT1",
                "vessel": "portal_vein",
                "level": "Vp4",
                "filling_defect": True,
                "adjacent_to_primary": True,
                "arterial_enhancement": True,
                "washout_portal": True,
                "washout_delayed": False,
            }
        ],
        "lesions": [
            {
                "id": "M1",
                "study": "CT1",
                "site": "liver",
                "longest_diameter_mm": "48",
                "short_axis_mm": "40",
                "malignant": True,
                "margins_measurable": True,
                "locoregional_treated": False,
                "progressed_after_locoregional": None,
            }
        ],
    },
    "labs": [
        {
            "analyte": analyte,
            "value": value,
            "unit": unit,
            "date": SAMPLED,
            **({"uln": uln, "reference_range_kind": "normal"} if uln else {}),
        }
        for analyte, (value, unit, uln) in _LAB_VALUES.items()
    ],
    "liver": {"ascites": "none", "ascites_intractable": False, "encephalopathy_grade": 0},
    "performance": {"ecog": 0, "date": "2025-03-10"},
    "vitals": {"weight_kg": "71.5"},
    "virology": {
        "hbsag": "negative",
        "hbv_dna": None,
        "anti_hcv": "negative",
        "hcv_rna": None,
        "hbv_antiviral": False,
        "hcv_antiviral": False,
    },
    "treatments": {"systemic": [], "locoregional": [], "planned_rt_field_overlaps_prior_rt": False},
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
        "childbearing_potential": None,
        "pregnant": None,
        "breastfeeding": None,
        "agrees_contraception": True,
        "agrees_no_sperm_donation": True,
    },
    "investigator": {
        "name": "Dr B. Invented",
        "date": "2025-03-10",
        "excess_risk": False,
        "unlikely_to_comply": False,
    },
}

WOMAN: dict[str, Any] = {
    "demographics.sex": "female",
    "reproductive.childbearing_potential": True,
    "reproductive.pregnant": False,
    "reproductive.breastfeeding": False,
    "reproductive.agrees_no_sperm_donation": None,
}


def record(changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The complete record with values replaced by path: ``labs[alt].value``, ``imaging.lesions[0].site``."""
    made = copy.deepcopy(_BASE)
    for path, value in (changes or {}).items():
        _set(made, path, value)
    return made


def _set(made: dict[str, Any], path: str, value: Any) -> None:
    steps = re.findall(r"([a-z_0-9]+)(?:\[(\w*)\])?", path)
    node: Any = made
    for position, (name, key) in enumerate(steps):
        last = position == len(steps) - 1
        if not key:
            if last:
                node[name] = value
            else:
                node = node.setdefault(name, {})
            continue
        items = node[name]
        index = int(key) if key.isdigit() else next(i for i, lab in enumerate(items) if lab["analyte"] == key)
        if last:
            items[index] = {**items[index], **value} if isinstance(value, dict) else value
        else:
            node = items[index]


def lab(analyte: str, value: str | None, **fields: Any) -> dict[str, Any]:
    """One laboratory result in the unit of the complete record."""
    _, unit, uln = _LAB_VALUES[analyte]
    made: dict[str, Any] = {"analyte": analyte, "value": value, "unit": unit, "date": SAMPLED}
    if uln:
        made["uln"] = uln
    return {**made, **fields}


def with_labs(*added: dict[str, Any], without: str | None = None) -> dict[str, Any]:
    """A change that adds results, and drops those of one analyte."""
    kept = [each for each in _BASE["labs"] if each["analyte"] != without]
    return {"labs": [*copy.deepcopy(kept), *added]}


@cache
def protocol() -> Protocol:
    """The trial's protocol with its default readings."""
    return read_protocol()


def facts(changes: Mapping[str, Any] | None = None) -> PatientFacts:
    """Facts of the changed record."""
    return parse_record(record(changes))


def screened(changes: Mapping[str, Any] | None = None, **policies: str) -> ScreenResult:
    """The changed record against the trial."""
    trial = protocol().with_policies(policies) if policies else protocol()
    return screen(facts(changes), trial, search=False)


def status(criterion_id: str, changes: Mapping[str, Any] | None = None, **policies: str) -> str:
    """Status of one criterion or sub-item of the changed record."""
    return str(verdict(criterion_id, changes, **policies).status)


def verdict(criterion_id: str, changes: Mapping[str, Any] | None = None, **policies: str) -> Any:
    """Verdict on one criterion or sub-item of the changed record."""
    from eligibility.screening import judge

    trial = protocol().with_policies(policies) if policies else protocol()
    return judge(trial.criterion(criterion_id), facts(changes), trial)
