# ruff: noqa: E501  (the table of criteria is wide on purpose)
"""Every criterion driven to PASS, FAIL and UNKNOWN, and every policy to each of its variants.

Rows: criterion, changes to the complete record of an eligible man, expected status (and reason where it is
not the plain one). The last tests count, and fail on a gap.
"""

from __future__ import annotations

from typing import Any

import pytest

from eligibility.policies import POLICIES
from tests.eligibility_records import WOMAN, lab, protocol, verdict, with_labs

TACE = {"type": "TACE", "site": "liver", "end_date": "2024-06-01", "complications_recovered": True}
RECENT = {**TACE, "end_date": "2025-03-10"}
EBRT = {**TACE, "type": "EBRT"}
BONE = {**EBRT, "site": "bone", "intent": "palliative"}
ICI = {"drugs": ["nivolumab"], "setting": "advanced", "line": 1}
TKI = {"drugs": ["sorafenib"], "setting": "advanced", "line": 1}
STEROID = {
    "drug": "prednisolone",
    "kind": "corticosteroid",
    "route": "oral",
    "dose_mg_per_day": "20",
    "start": "2025-03-01",
    "end": "2025-03-15",
    "ongoing": False,
}
OTHER = {**STEROID, "drug": "azathioprine", "kind": "other_immunosuppressant", "dose_mg_per_day": None}
CANCER = {"type": "gastric cancer", "last_active_date": "2024-01-01", "negligible_risk": False}
D = "imaging.thrombi[0]"
L = "imaging.lesions[0]"
S = "imaging.studies[0]"
N = "diagnosis.index_nodule"
AUTO = "comorbidity.autoimmune"
CLINICAL = {"diagnosis.basis": "clinical", "diagnosis.histology": None}
MI, CVA = "comorbidity.myocardial_infarction_dates", "comorbidity.cerebrovascular_accident_dates"
LRT, SYS = "treatments.locoregional", "treatments.systemic"
OVERLAP = "treatments.planned_rt_field_overlaps_prior_rt"
P, F, U, NA = "PASS", "FAIL", "UNKNOWN", "NA"

# fmt: off
ROWS: list[tuple[str, dict[str, Any], str]] = [
    ("I1", {}, P), ("I1", {"consent.signed": False}, F), ("I1", {"consent.signed": None}, "UNKNOWN awaiting_attestation"),
    ("I2", {}, P), ("I2", {"demographics.birth_date": "2006-03-04"}, F),
    ("I2", {"demographics.birth_date": "2006"}, "UNKNOWN partial_date"),
    ("I2", {"demographics.birth_date": "2005"}, P), ("I2", {"demographics.birth_date": None}, "UNKNOWN missing"),
    ("I2", {"reference_dates.consent": None}, P),
    ("I2", {"reference_dates.consent": None, "demographics.birth_date": "2005-03-11"}, "UNKNOWN missing"),
    ("I2", {"reference_dates.consent": None, "demographics.birth_date": "2005-03-10"}, P),
    ("I2", {"reference_dates.consent": "2025-03", "demographics.birth_date": "2006-03-15"}, "UNKNOWN partial_date"),
    ("I3", {}, P), ("I3", {**CLINICAL}, P), ("I3", {**CLINICAL, f"{N}.size_mm": "10"}, P),
    ("I3", {**CLINICAL, f"{N}.size_mm": "9.9"}, F), ("I3", {**CLINICAL, f"{N}.targetoid_or_marked_t2": True}, F),
    ("I3", {**CLINICAL, "diagnosis.risk_factors": []}, F), ("I3", {**CLINICAL, "diagnosis.risk_factors": None}, U),
    ("I3", {**CLINICAL, "diagnosis.risk_factors": [], "diagnosis.risk_factors_complete": False}, U),
    ("I3", {**CLINICAL, f"{N}.washout_portal_or_delayed": None}, U),
    ("I3", {"diagnosis.histology": "fibrolamellar"}, P),
    ("I3", {"diagnosis.histology": "sarcomatoid"}, "UNKNOWN not_assessable"),
    ("I3", {"diagnosis.histology": None}, "UNKNOWN missing"),
    ("I3", {"diagnosis.histology": None, "diagnosis.basis": None}, "UNKNOWN missing"),
    ("I4", {}, P), ("I4", {"disease.unresectable": None, "disease.locally_advanced": False}, U),
    ("I4", {"disease.unresectable": False, "disease.locally_advanced": False}, F),
    ("I4", {"imaging.thrombi": []}, F), ("I4", {"imaging.thrombi": None}, U),
    ("I4", {"imaging.thrombi": [], "imaging.thrombi_complete": False}, U),
    ("I4", {"imaging.thrombi": [], "imaging.studies": []}, "UNKNOWN not_assessable"),
    ("I4", {"imaging.thrombi": [], "imaging.studies": None}, U),
    ("I4", {f"{S}.dynamic": None}, U), ("I4", {f"{S}.modality": "US"}, "UNKNOWN not_assessable"),
    ("I4", {f"{S}.modality": None}, U), ("I4", {f"{S}.modality": "MR"}, P),
    ("I4", {f"{D}.study": None}, U), ("I4", {f"{D}.study": "CT9"}, U),
    ("I4", {f"{D}.vessel": None}, U), ("I4", {f"{D}.level": None}, U),
    ("I4", {f"{D}.level": "Vp1"}, "UNKNOWN policy_dependent"), ("I4", {f"{D}.level": "Vp2"}, P),
    ("I4", {f"{D}.level": "Vv2"}, "UNKNOWN conflict"),
    ("I4", {f"{D}.vessel": "hepatic_vein", f"{D}.level": "Vv1"}, "UNKNOWN policy_dependent"),
    ("I4", {f"{D}.vessel": "hepatic_vein", f"{D}.level": "Vv2"}, P),
    ("I4", {f"{D}.vessel": "inferior_vena_cava", f"{D}.level": None}, P),
    ("I4", {f"{D}.filling_defect": False}, F), ("I4", {f"{D}.adjacent_to_primary": None}, U),
    ("I4", {f"{D}.arterial_enhancement": False}, F), ("I4", {f"{D}.arterial_enhancement": None}, U),
    ("I4", {f"{D}.washout_portal": False}, F), ("I4", {f"{D}.washout_portal": None}, U),
    ("I4", {f"{D}.washout_portal": None, f"{D}.washout_delayed": True}, P),
    ("I4", {f"{D}.washout_portal": False, f"{D}.washout_delayed": True, f"{S}.contrast_agent": "gadoxetate",
            f"{S}.modality": "MR"}, "UNKNOWN policy_dependent"),
    ("I4", {f"{D}.evidence": {"source": "model"}}, "UNKNOWN awaiting_reader"),
    ("I4", {f"{D}.evidence": {"source": "model"}, f"{D}.filling_defect": False}, "UNKNOWN awaiting_reader"),
    ("I4", {f"{D}.evidence": {"source": "reader", "reader": "R1"}}, P),
    ("I4", {f"{D}.washout_portal": {"value": True, "source": "model"}}, "UNKNOWN awaiting_reader"),
    ("I4.a", {}, P), ("I4.a", {f"{D}.filling_defect": False}, F), ("I4.a", {f"{D}.filling_defect": None}, U),
    ("I4.a.1", {}, P), ("I4.a.1", {f"{D}.adjacent_to_primary": False}, F), ("I4.a.1", {f"{D}.vessel": None}, U),
    ("I4.a.2", {}, P), ("I4.a.2", {f"{D}.arterial_enhancement": False}, F),
    ("I4.a.2", {f"{D}.arterial_enhancement": None}, U),
    ("I5", {}, P), ("I5", {f"{L}.longest_diameter_mm": "9.95"}, F), ("I5", {f"{L}.longest_diameter_mm": "10.0"}, P),
    ("I5", {f"{L}.longest_diameter_mm": None}, U), ("I5", {f"{S}.slice_thickness_mm": None}, U),
    ("I5", {f"{S}.slice_thickness_mm": None, f"{L}.longest_diameter_mm": "9"}, F),
    ("I5", {f"{S}.slice_thickness_mm": "25"}, F), ("I5", {f"{S}.slice_thickness_mm": "24"}, P),
    ("I5", {"imaging.lesions": []}, F), ("I5", {"imaging.lesions": None}, U),
    ("I5", {"imaging.lesions": [], "imaging.lesions_complete": False}, U),
    ("I5", {f"{L}.malignant": None}, U), ("I5", {f"{L}.malignant": False}, F),
    ("I5", {f"{L}.margins_measurable": False}, F), ("I5", {f"{L}.margins_measurable": None}, U),
    ("I5", {f"{L}.site": "tumor_thrombus"}, F), ("I5", {f"{L}.site": None}, U),
    ("I5", {f"{L}.site": "bone"}, U), ("I5", {f"{L}.site": "bone", f"{L}.soft_tissue_component": False}, F),
    ("I5", {f"{L}.site": "bone", f"{L}.soft_tissue_component": True}, P),
    ("I5", {f"{L}.site": "portal LN", f"{L}.short_axis_mm": "11"}, F), ("I5", {f"{L}.site": "림프절", f"{L}.short_axis_mm": "11"}, F),
    ("I5", {f"{L}.site": "PVT"}, F), ("I5", {f"{L}.site": "간문맥"}, F), ("I5", {f"{L}.site": "pleural effusion"}, F),
    ("I5", {f"{L}.site": "left rib"}, U), ("I5", {f"{L}.site": "L3 vertebra"}, U), ("I5", {f"{L}.site": "iliac bone"}, U),
    ("I5", {f"{L}.site": "pelvis"}, "UNKNOWN not_assessable"), ("I5", {f"{L}.site": "liver S8"}, P),
    ("I5", {f"{L}.site": "lymph_node", f"{L}.short_axis_mm": "14.95"}, F),
    ("I5", {f"{L}.site": "lymph_node", f"{L}.short_axis_mm": "15"}, P),
    ("I5", {f"{L}.site": "lymph_node", f"{L}.short_axis_mm": None}, U),
    ("I5", {f"{L}.locoregional_treated": None}, U), ("I5", {f"{L}.locoregional_treated": True}, U),
    ("I5", {f"{L}.locoregional_treated": True, f"{L}.progressed_after_locoregional": False}, F),
    ("I5", {f"{L}.locoregional_treated": True, f"{L}.progressed_after_locoregional": True}, P),
    ("I5", {f"{L}.study": None}, U), ("I5", {f"{L}.evidence": {"source": "model"}}, "UNKNOWN awaiting_reader"),
    ("I5.a", {}, P), ("I5.a", {f"{L}.locoregional_treated": None}, U),
    ("I5.a", {f"{L}.locoregional_treated": True, f"{L}.progressed_after_locoregional": False}, F),
    ("I6", {}, P), ("I6", {"liver.ascites": "moderate"}, F), ("I6", {"liver.ascites": "mild"}, P),
    ("I6", {"liver.ascites": None}, U), ("I6", {"liver.encephalopathy_grade": 2}, P),
    ("I6", {"liver.encephalopathy_grade": 3}, F), ("I6", {"liver.child_pugh_reported_class": "B"}, "UNKNOWN conflict"),
    ("I6", {"liver.child_pugh_reported_class": "A", "liver.ascites": None}, "UNKNOWN missing"),
    ("I6", {"liver.ascites": "none", "liver.ascites_intractable": True}, "UNKNOWN conflict"),
    ("I6", {"labs[inr].date": None}, "UNKNOWN undated"),
    ("I7", {}, P), ("I7", {"performance.ecog": 1}, P), ("I7", {"performance.ecog": 2}, F),
    ("I7", {"performance.ecog": None}, U),
    *[(f"I8.{n}", {f"labs[{a}].value": v}, s) for n, a, cases in (
        (1, "hemoglobin", (("8.0", P), ("7.9", F))), (2, "anc", (("1.0", P), ("0.999", F))),
        (3, "platelets", (("50", P), ("49.9", F))), (4, "bilirubin_total", (("2.99", P), ("3.0", F))),
        (5, "albumin", (("28", P), ("27.9", F))),
    ) for v, s in cases],
    *[(f"I8.{n}", {"labs": []}, "UNKNOWN missing") for n in range(1, 9)],
    *[(f"I8.{n}", {"labs": None}, "UNKNOWN missing") for n in range(1, 9)],
    *[(f"I8.{n}", {"reference_dates.screening": None}, "UNKNOWN missing") for n in range(1, 9)],
    *[(f"I8.{n}", {"reference_dates.screening": "2025-04-03"}, "UNKNOWN stale") for n in range(1, 9)],
    ("I8.1", {"labs[hemoglobin].unit": None}, "UNKNOWN unit_unknown"),
    ("I8.1", {"labs[hemoglobin].unit": "g/mL"}, "UNKNOWN unit_unknown"),
    ("I8.1", {"labs[hemoglobin].comparator": "<"}, "UNKNOWN censored"),
    ("I8.1", {"labs[hemoglobin]": {"value": "8", "comparator": "<"}}, F),
    ("I8.1", {"labs[hemoglobin]": {"value": "8", "comparator": ">="}}, P),
    ("I8.1", {"labs[hemoglobin]": {"value": "4.97", "unit": "mmol/L"}}, "UNKNOWN not_assessable"),
    ("I8.1", {"labs[hemoglobin]": {"value": "5.1", "unit": "mmol/L"}}, P),
    ("I8.1", {"labs[hemoglobin]": {"value": "80", "unit": "g/L"}}, P),
    ("I8.1", {"labs[hemoglobin].value": None}, "UNKNOWN missing"),
    ("I8.1", {"labs[hemoglobin].date": "2025-03"}, "UNKNOWN partial_date"),
    ("I8.1", {"labs[hemoglobin].date": "2025-02"}, "UNKNOWN partial_date"),
    ("I8.1", with_labs(lab("hemoglobin", "7.0", date="2025-02-20")), P),
    ("I8.1", with_labs(lab("hemoglobin", "7.0", date="2025-03-06")), F),
    ("I8.1", with_labs(lab("hemoglobin", "7.0")), F),
    ("I8.1", with_labs(lab("hemoglobin", "7.0", date="2025-01-20")), P),
    ("I8.1", with_labs(lab("hemoglobin", "9.0", date="2025-03-11"), without="hemoglobin"), "UNKNOWN stale"),
    ("I8.3", {"labs[platelets]": {"value": "50000", "unit": "/mm3"}}, P),
    ("I8.3", {"labs[platelets].unit": "g/L"}, "UNKNOWN unit_unknown"),
    ("I8.4", {"labs[bilirubin_total]": {"value": "51.5", "unit": "umol/L"}}, "UNKNOWN not_assessable"),
    ("I8.4", {"labs[bilirubin_total]": {"value": "52", "unit": "umol/L"}}, F),
    ("I8.4", {"labs[bilirubin_total]": {"value": "51", "unit": "umol/L"}}, P),
    ("I8.6", {}, P), ("I8.6", {"labs[alt].value": "205"}, P), ("I8.6", {"labs[alt].value": "205.1"}, F),
    ("I8.6", {"labs[ast].uln": None}, "UNKNOWN missing"), ("I8.6", {"labs[ast].uln": None, "labs[alt].value": "300"}, F),
    ("I8.6", {"labs[alt].uln": "0.67"}, "UNKNOWN not_assessable"),
    ("I8.6", {"labs[alt]": {"value": "0.9", "unit": "ukat/L", "uln": "0.68"}}, P),
    ("I8.7", {}, P), ("I8.7", {"labs[inr].value": "2.07"}, P), ("I8.7", {"labs[inr].value": "2.08"}, F),
    ("I8.7", {"labs[inr]": {"value": "1.8", "uln": None}}, P), ("I8.7", {"labs[inr]": {"value": "1.81", "uln": None}}, U),
    ("I8.7", {"labs[inr]": {"value": "2.9", "uln": "3.0", "reference_range_kind": "therapeutic"}}, U),
    ("I8.7", {"labs[inr]": {"value": "2.9", "uln": "3.0", "reference_range_kind": None}}, "UNKNOWN not_assessable"),
    ("I8.7", {"labs[inr].unit": None}, P), ("I8.7", {"labs[inr].unit": "s"}, "UNKNOWN unit_unknown"),
    ("I8.8", {}, P), ("I8.8", {"labs[creatinine].value": "6"}, F),
    ("I8.8", {"labs[creatinine]": {"value": "2.4"}, "vitals.weight_kg": None}, P),
    ("I8.8", {"labs[creatinine]": {"value": "1.2", "uln": None}}, P),
    ("I8.8", {"labs[creatinine]": {"value": "2.5"}, "vitals.weight_kg": None}, "UNKNOWN missing"),
    ("I8.8", {"labs[creatinine]": {"value": "2.5", "uln": None}}, "UNKNOWN missing"),
    ("I8.8", {"labs[creatinine]": {"value": "106", "unit": "umol/L", "uln": "1.2"}}, P),
    ("I8.8", {"labs[creatinine]": {"value": "2.5"}, "demographics.sex": None}, F),
    ("I8.9", {}, P), ("I8.9", {"virology.hbsag": None}, "UNKNOWN missing"), ("I8.9", {"virology.anti_hcv": None}, U),
    ("I8.9", {"virology.hbsag": "positive"}, F), ("I8.9", {"virology.hbv_dna": "detectable"}, F),
    ("I8.9", {"virology.hbsag": "positive", "virology.hbv_antiviral": None}, U),
    ("I8.9", {"virology.hbsag": "positive", "virology.hbv_antiviral": True}, P),
    ("I8.9", {"virology.hbsag": "positive", "virology.hbv_dna": "undetectable"}, F),
    ("I8.9", {"virology.anti_hcv": "positive"}, U),
    ("I8.9", {"virology.anti_hcv": "positive", "virology.hcv_rna": "undetectable"}, P),
    ("I8.9", {"virology.anti_hcv": "positive", "virology.hcv_rna": "detectable"}, F),
    ("I8.9.a", {}, P), ("I8.9.a", {"virology.hbsag": "positive"}, F), ("I8.9.a", {"virology.hbsag": None, "virology.hbv_antiviral": None}, U),
    ("I8.10", {}, NA), ("I8.10", WOMAN, P), ("I8.10", {**WOMAN, "reproductive.agrees_contraception": False}, F),
    ("I8.10", {**WOMAN, "reproductive.agrees_contraception": None}, "UNKNOWN awaiting_attestation"),
    ("I8.10", {**WOMAN, "reproductive.agrees_contraception": None, "reproductive.childbearing_potential": False}, P),
    ("I8.10", {**WOMAN, "reproductive.childbearing_potential": None}, P),
    ("I8.10", {"demographics.sex": None}, U),
    ("I8.11", {}, P), ("I8.11", WOMAN, NA), ("I8.11", {"reproductive.agrees_no_sperm_donation": False}, F),
    ("I8.11", {"reproductive.agrees_no_sperm_donation": None}, "UNKNOWN awaiting_attestation"),
    ("I8.11", {"demographics.sex": None}, U),
    ("E1", {}, P), ("E1", {"diagnosis.histology": "fibrolamellar"}, F), ("E1", {"diagnosis.histology": "sarcomatoid"}, F),
    ("E1", {"diagnosis.histology": None}, U), ("E1", CLINICAL, P),
    ("E2", {}, P), ("E2", {SYS: [TKI]}, P), ("E2", {SYS: [TKI, {**ICI, "line": 2}]}, F), ("E2", {SYS: None}, U),
    ("E2", {SYS: [TKI, {**ICI, "setting": None, "line": 2}]}, U), ("E2", {SYS: [{**TKI, "setting": None}]}, P),
    ("E2", {SYS: [], "treatments.systemic_complete": False}, U), ("E2", {SYS: [TKI, {**ICI, "setting": "local"}]}, P),
    ("E2", {SYS: [TKI, ICI]}, "UNKNOWN conflict"), ("E2", {SYS: [{**TKI, "line": 2}]}, "UNKNOWN conflict"),
    ("E3", {}, P), ("E3", {SYS: [ICI]}, P), ("E3", {SYS: [TKI]}, F), ("E3", {SYS: None}, U),
    ("E3", {SYS: [{**TKI, "drugs": ["trial agent 7"]}]}, "UNKNOWN not_assessable"), ("E3", {SYS: [{**TKI, "drugs": None}]}, U),
    ("E3", {SYS: [{**TKI, "setting": "adjuvant"}]}, P), ("E3", {SYS: [{**TKI, "setting": None}]}, U),
    ("E3", {SYS: [{**TKI, "line": 2}]}, U), ("E3", {SYS: [{**TKI, "line": 2}, ICI]}, P),
    ("E3", {SYS: [{**TKI, "line": None, "start": "2024-01-01"}, {**ICI, "line": None, "start": "2023-01-01"}]}, P),
    ("E3", {SYS: [{**TKI, "line": None, "start": "2023-01-01"}, {**ICI, "line": None, "start": "2024-01-01"}]}, F),
    ("E3", {SYS: [{**TKI, "line": None}, {**ICI, "line": None}]}, U),
    ("E3", {SYS: [{**ICI, "drugs": ["atezolizumab or placebo"]}]}, "UNKNOWN not_assessable"),
    ("E4", {}, P), ("E4", {LRT: [EBRT]}, "UNKNOWN policy_dependent"), ("E4", {LRT: [EBRT], OVERLAP: True}, F),
    ("E4", {LRT: [EBRT], OVERLAP: None}, "UNKNOWN missing"), ("E4", {LRT: None}, U), ("E4", {LRT: [BONE]}, P),
    ("E4", {LRT: [BONE], OVERLAP: None}, U), ("E4", {LRT: [TACE], OVERLAP: None}, P),
    ("E4", {LRT: [{**TACE, "type": "TARE"}]}, P), ("E4", {LRT: [{**EBRT, "site": "abdomen"}]}, "UNKNOWN not_assessable"),
    ("E4", {LRT: [{**EBRT, "site": None}]}, U), ("E4", {LRT: [], OVERLAP: True}, "UNKNOWN conflict"),
    ("E4", {LRT: [{**EBRT, "site": "portal_vein"}]}, "UNKNOWN policy_dependent"),
    ("E4.a", {}, P), ("E4.a", {LRT: [EBRT], OVERLAP: True}, F), ("E4.a", {LRT: [EBRT], OVERLAP: None}, U),
    ("E5", {}, P), ("E5", {LRT: [RECENT]}, F), ("E5", {LRT: None}, U), ("E5", {LRT: [{**TACE, "end_date": None}]}, U),
    ("E5", {LRT: [{**TACE, "complications_recovered": None}]}, U), ("E5", {LRT: [{**RECENT, "complications_recovered": None}]}, F),
    ("E5", {LRT: [TACE], "treatments.locoregional_complete": False}, U),
    ("E5", {LRT: [TACE], "reference_dates.treatment_start": None}, "UNKNOWN missing"),
    ("E5", {LRT: [RECENT], "reference_dates.treatment_start": "2025-04"}, "UNKNOWN partial_date"),
    ("E5", {LRT: [{**BONE, "end_date": "2025-03-10", "intent": None}]}, U),
    ("E5", {LRT: [{**BONE, "end_date": "2025-03-10", "site": "liver"}]}, F),
    ("E5", {LRT: [{**BONE, "end_date": "2025-03-10", "intent": "curative_or_control"}]}, F),
    ("E5", {LRT: [{**BONE, "end_date": "2025-03-19", "intent": None}]}, F),
    ("E5.a", {}, NA), ("E5.a", {LRT: [{**BONE, "end_date": "2025-03-17"}]}, P),
    ("E5.a", {LRT: [{**BONE, "end_date": "2025-03-18"}]}, F), ("E5.a", {LRT: None}, U),
    ("E6", {}, P), ("E6", {"comorbidity.immune_deficiency": True}, F), ("E6", {"comorbidity.immune_deficiency": None}, U),
    ("E6", {AUTO: None}, U), ("E6", {AUTO: [{"condition": "vitiligo", "category": None}]}, U),
    ("E6", {AUTO: [{"condition": "myasthenia gravis", "category": None}]}, F),
    ("E6", {AUTO: [{"condition": "rheumatoid arthritis", "category": "chronic_skin", "requires_systemic_therapy": False}]},
     "UNKNOWN conflict"),
    ("E6.1", {}, NA), ("E6.1", {AUTO: None}, U),
    ("E6.1", {AUTO: [{"category": "hypothyroidism", "stable_on_hormone_replacement": True}]}, P),
    ("E6.1", {AUTO: [{"category": "hypothyroidism", "stable_on_hormone_replacement": False}]}, F),
    ("E6.2", {}, NA), ("E6.2", {AUTO: [{"category": "type_1_diabetes", "controlled": True, "on_insulin": None}]}, U),
    ("E6.2", {AUTO: [{"category": "type_1_diabetes", "controlled": True, "on_insulin": True}]}, P),
    ("E6.2", {AUTO: [{"category": "type_1_diabetes", "controlled": False, "on_insulin": True}]}, F),
    ("E6.3", {}, NA), ("E6.3", {AUTO: [{"category": "chronic_skin", "requires_systemic_therapy": False}]}, P),
    ("E6.3", {AUTO: [{"category": "chronic_skin", "requires_systemic_therapy": True}]}, F),
    ("E6.3", {AUTO: [{"category": "chronic_skin"}]}, U),
    ("E7", {}, P), ("E7", {"comorbidity.allogeneic_sct_or_organ_transplant": True}, F),
    ("E7", {"comorbidity.allogeneic_sct_or_organ_transplant": None}, U),
    ("E8", {}, P), ("E8", {"immunosuppressants": [STEROID]}, F), ("E8", {"immunosuppressants": None}, U),
    ("E8", {"immunosuppressants": [{**STEROID, "route": "inhaled"}]}, P), ("E8", {"immunosuppressants": [{**STEROID, "route": None}]}, U),
    ("E8", {"immunosuppressants": [{**STEROID, "dose_mg_per_day": None}]}, U),
    ("E8", {"immunosuppressants": [{**STEROID, "dose_mg_per_day": "10"}]}, P),
    ("E8", {"immunosuppressants": [{**STEROID, "dose_mg_per_day": "10.01"}]}, F),
    ("E8", {"immunosuppressants": [{**STEROID, "drug": "methylprednisolone", "dose_mg_per_day": "8"}]}, P),
    ("E8", {"immunosuppressants": [{**STEROID, "drug": "budesonide", "dose_mg_per_day": "9"}]}, "UNKNOWN not_assessable"),
    ("E8", {"immunosuppressants": [{**STEROID, "end": "2025-03-09"}]}, P),
    ("E8", {"immunosuppressants": [{**STEROID, "end": None, "ongoing": None}]}, U),
    ("E8", {"immunosuppressants": [{**STEROID, "end": None, "ongoing": False}]}, U),
    ("E8", {"immunosuppressants": [{**STEROID, "start": None, "end": None, "ongoing": True}]}, F),
    ("E8", {"immunosuppressants": [{**STEROID, "start": "2025-04-01", "end": None, "ongoing": True}]}, P),
    ("E8", {"immunosuppressants": [{**STEROID, "end": "2025-02-10", "start": "2025-02-01", "ongoing": True}]}, "UNKNOWN conflict"),
    ("E8", {"immunosuppressants": [{**STEROID, "end": "2025-03", "start": "2025-02-01"}]}, "UNKNOWN partial_date"),
    ("E8", {"immunosuppressants": [OTHER]}, F), ("E8", {"immunosuppressants": [{**OTHER, "kind": None}]}, U),
    ("E8", {"immunosuppressants": [OTHER], "reference_dates.treatment_start": None}, U),
    ("E9", {}, P), ("E9", {"comorbidity.severe_anaphylaxis_to_antibody_or_fusion_protein": True}, F),
    ("E9", {"comorbidity.severe_anaphylaxis_to_antibody_or_fusion_protein": None}, U),
    ("E10", {}, P), ("E10", {"comorbidity.brain_metastasis": "active"}, F), ("E10", {"comorbidity.brain_metastasis": "treated_stable"}, P),
    ("E10", {"comorbidity.leptomeningeal_metastasis": True}, F), ("E10", {"comorbidity.brain_metastasis": None}, U),
    ("E11", {}, P), ("E11", {"liver.ascites": "severe"}, F), ("E11", {"liver.ascites": "mild"}, P), ("E11", {"liver.ascites": None}, U),
    ("E11", {"liver.ascites": "mild", "liver.ascites_intractable": None}, U), ("E11", {"liver.ascites": "mild", "liver.ascites_intractable": True}, F),
    ("E11", {"liver.ascites_intractable": None}, P), ("E11", {"liver.ascites_intractable": True}, "UNKNOWN conflict"),
    ("E12", {}, P), ("E12", {"liver.encephalopathy_grade": 1}, F), ("E12", {"liver.encephalopathy_grade": None}, U),
    ("E13", {}, P), ("E13", {"comorbidity.other_malignancies": [CANCER]}, F), ("E13", {"comorbidity.other_malignancies": None}, U),
    ("E13", {"comorbidity.other_malignancies": [{**CANCER, "last_active_date": "2023-03-09"}]}, P),
    ("E13", {"comorbidity.other_malignancies": [{**CANCER, "last_active_date": "2023"}]}, "UNKNOWN partial_date"),
    ("E13", {"comorbidity.other_malignancies": [{**CANCER, "negligible_risk": None}]}, U),
    ("E13", {"comorbidity.other_malignancies": [{**CANCER, "negligible_risk": True, "last_active_date": None}]}, P),
    ("E13", {"comorbidity.other_malignancies": [{**CANCER, "last_active_date": None}]}, U),
    ("E13", {"comorbidity.other_malignancies": [{**CANCER, "last_active_date": "2025-05-01"}]}, F),
    ("E13", {"comorbidity.other_malignancies": [CANCER], "reference_dates.screening": None}, U),
    ("E14", {}, P), ("E14", {"comorbidity.nyha_class": 2}, F), ("E14", {"comorbidity.nyha_class": None}, U),
    ("E14", {MI: ["2024-12-24"]}, F), ("E14", {MI: ["2024-12-23"]}, P), ("E14", {MI: [None]}, U), ("E14", {CVA: None}, U),
    ("E14", {MI: ["2025-04-01"]}, "UNKNOWN conflict"), ("E14", {CVA: ["2025-01"]}, F),
    ("E14", {MI: ["2024-12-24"], "reference_dates.treatment_start": None}, U),
    ("E14", {"comorbidity.unstable_angina": True}, F), ("E14", {"investigator.excess_risk": True}, F),
    ("E14", {"investigator.excess_risk": None}, "UNKNOWN awaiting_attestation"),
    ("E14", {"investigator.name": None}, "UNKNOWN awaiting_attestation"),
    ("E15", {}, P), ("E15", WOMAN, P), ("E15", {**WOMAN, "reproductive.pregnant": True}, F),
    ("E15", {**WOMAN, "reproductive.breastfeeding": True}, F), ("E15", {**WOMAN, "reproductive.breastfeeding": None}, U),
    ("E15", {**WOMAN, "reproductive.pregnant": None}, U), ("E15", {**WOMAN, "reproductive.agrees_contraception": False}, F),
    ("E15", {"reproductive.agrees_contraception": False}, F),
    ("E15", {"reproductive.agrees_contraception": None}, "UNKNOWN awaiting_attestation"),
    ("E16", {}, P), ("E16", {"investigator.unlikely_to_comply": True}, F),
    ("E16", {"investigator.unlikely_to_comply": None}, "UNKNOWN awaiting_attestation"),
    ("E16", {"investigator.date": None}, "UNKNOWN awaiting_attestation"),
]

#: Policy, variant, criterion, changes, status under that variant.
POLICY_ROWS: list[tuple[str, str, str, dict[str, Any], str]] = [
    ("P01", "none", "I8.9", {}, P), ("P01", "as_laboratory", "I8.9", {}, U),
    ("P01", "as_laboratory", "I8.9", {"virology.hbsag": {"value": "negative", "recorded_on": "2025-03-01"},
                                      "virology.anti_hcv": {"value": "negative", "recorded_on": "2025-03-01"}}, P),
    ("P02", "refuse", "I8.1", {"labs[hemoglobin].date": "2025-03-11"}, U),
    ("P02", "accept", "I8.1", {"labs[hemoglobin].date": "2025-03-11"}, P),
    ("P03", "included", "E5", {LRT: [{**TACE, "end_date": "2025-02-24"}]}, F),
    ("P03", "excluded", "E5", {LRT: [{**TACE, "end_date": "2025-02-24"}]}, P),
    ("P03", "excluded", "E8", {"immunosuppressants": [{**STEROID, "end": "2025-03-10"}]}, P),
    ("P03", "excluded", "E14", {MI: ["2024-12-24"]}, P),
    ("P04", "from_day_7", "E5", {LRT: [{**BONE, "end_date": "2025-03-17"}]}, P),
    ("P04", "from_day_8", "E5", {LRT: [{**BONE, "end_date": "2025-03-17"}]}, F),
    ("P05", "graded", "I4", {f"{D}.level": "Vp2"}, P), ("P05", "strict_ajcc", "I4", {f"{D}.level": "Vp2"}, F),
    ("P05", "as_written", "I4", {f"{D}.level": "Vp1"}, P), ("P05", "strict_ajcc", "I4", {f"{D}.level": "Vp1"}, F),
    ("P06", "ct_or_mr", "I4", {f"{S}.modality": "US"}, U), ("P06", "with_ceus", "I4", {f"{S}.modality": "US"}, P),
    ("P07", "never", "I5", {f"{L}.site": "tumor_thrombus"}, F), ("P07", "reader", "I5", {f"{L}.site": "tumor_thrombus"}, P),
    ("P09", "common", "I6", {"labs[albumin].value": "29", "liver.encephalopathy_grade": 0}, P),
    ("P09", "albumin_3_0", "I6", {"labs[albumin].value": "29"}, F),
    ("P09", "inr_2_2", "I6", {"labs[inr].value": "2.25"}, F), ("P09", "common", "I6", {"labs[inr].value": "2.25"}, P),
    ("P11", "antigen_or_genome", "I8.9", {"virology.anti_hbc": "positive"}, P),
    ("P11", "anti_hbc_counts", "I8.9", {"virology.anti_hbc": "positive"}, F),
    ("P12", "not_applicable", "E1", CLINICAL, P), ("P12", "unknown", "E1", CLINICAL, U),
    ("P13", "not_counted", "E2", {SYS: [TKI, {**ICI, "setting": "local"}]}, P),
    ("P13", "undetermined", "E2", {SYS: [TKI, {**ICI, "setting": "local"}]}, U),
    ("P14", "one_line_allowed", "E3", {SYS: [ICI]}, P), ("P14", "naive_only", "E3", {SYS: [ICI]}, F),
    ("P15", "undetermined_unless_clear", "E4", {LRT: [EBRT]}, U), ("P15", "overlap_only", "E4", {LRT: [EBRT]}, P),
    ("P15", "strict", "E4", {LRT: [EBRT]}, F),
    ("P17", "sum_of_concurrent", "E8", {"immunosuppressants": [{**STEROID, "dose_mg_per_day": "6"}] * 2}, F),
    ("P17", "each_drug", "E8", {"immunosuppressants": [{**STEROID, "dose_mg_per_day": "6"}] * 2}, P),
    ("P18", "brain_only", "E10", {"comorbidity.brain_metastasis": "treated_stable"}, P),
    ("P18", "any_brain", "E10", {"comorbidity.brain_metastasis": "treated_stable"}, F),
    ("P21", "at_least_one", "I8.7", {"labs[inr]": {"value": "1.5", "uln": None}}, P),
    ("P21", "uln_required", "I8.7", {"labs[inr]": {"value": "1.5", "uln": None}}, U),
    ("P22", "bounded", "I2", {"reference_dates.consent": None, "demographics.birth_date": "2006-01-01"}, U),
    ("P22", "screening_date", "I2", {"reference_dates.consent": None, "demographics.birth_date": "2006-01-01"}, P),
    ("P24", "not_counted", "E4", {LRT: [{**TACE, "type": "TARE"}]}, P),
    ("P24", "counted", "E4", {LRT: [{**TACE, "type": "TARE"}]}, U),
    ("P25", "is_hcc", "I3", {"diagnosis.histology": "fibrolamellar", "diagnosis.risk_factors": []}, P),
    ("P25", "not_hcc", "I3", {"diagnosis.histology": "fibrolamellar", "diagnosis.risk_factors": []}, F),
    *[("P26", variant, "I4", {f"{D}.washout_portal": False, f"{D}.washout_delayed": True, f"{S}.modality": "MR",
                              f"{S}.contrast_agent": "Primovist"}, s)
      for variant, s in (("portal_decides", U), ("klca", P), ("portal_only", F))],
    *[("P26", "portal_decides", "I4", {f"{D}.washout_portal": False, f"{D}.washout_delayed": True,
                                       f"{S}.modality": "MR", f"{S}.contrast_agent": agent}, s)
      for agent, s in ((None, U), ("gadolinium-based contrast agent", U), ("Gd (IV)", U), ("조영제", U),
                       ("Contrast: gadolinium 10 mL", U), ("non-ionic Gd, 0.1 mmol/kg", U),
                       ("gadobutrol", P), ("Gd-DTPA", P))],
    ("P27", "cross_check", "I6", {"liver.child_pugh_reported_class": "A", "labs": []}, U),
    ("P27", "stands_in", "I6", {"liver.child_pugh_reported_class": "A", "labs": []}, P),
]
# fmt: on


def _names(rows: list[Any]) -> list[str]:
    return [f"{row[0]} {row[-1]} {row[-2]}"[:110] for row in rows]


@pytest.mark.parametrize(("criterion", "changes", "expected"), ROWS, ids=_names(ROWS))
def test_a_criterion_is_decided(criterion: str, changes: dict[str, Any], expected: str) -> None:
    found = verdict(criterion, changes)
    status, _, reason = expected.partition(" ")

    assert found.status == status, found.message
    assert not reason or found.reason_code == reason, found.message
    if status == "UNKNOWN":
        assert found.missing, "an open criterion names what is missing"
    else:
        assert found.evidence, "a decided criterion cites what decides it"


@pytest.mark.parametrize(("policy", "variant", "criterion", "changes", "expected"), POLICY_ROWS)
def test_a_reading_decides(
    policy: str, variant: str, criterion: str, changes: dict[str, Any], expected: str
) -> None:
    found = verdict(criterion, changes, **{policy: variant})

    assert found.status == expected, found.message
    if policy in found.policies:
        assert verdict(criterion, changes).readings[f"{policy}={variant}"] == expected


def test_every_criterion_is_driven_to_every_status() -> None:
    wanted = {
        (each.id, status)
        for criterion in protocol().criteria
        for each in criterion.claimed()
        for status in ("PASS", "FAIL", "UNKNOWN")
    }

    assert wanted - {(id_, expected.split()[0]) for id_, _, expected in ROWS} == set()


def test_every_policy_is_driven_to_every_variant() -> None:
    wanted = {(policy.id, variant) for policy in POLICIES.values() for variant in policy.variants}

    assert wanted - {(policy, variant) for policy, variant, *_ in POLICY_ROWS} == set()


def test_every_policy_changes_a_verdict_and_is_named_by_its_criteria() -> None:
    used = {p for criterion in protocol().criteria for each in criterion.claimed() for p in each.policies}
    decisive = {
        (policy, criterion)
        for policy, variant, criterion, changes, expected in POLICY_ROWS
        if str(verdict(criterion, changes).status) != expected
    }

    assert used == set(POLICIES)
    assert {policy for policy, _ in decisive} == set(POLICIES)


# fmt: off
STEROID_WORDS = {
    "a repeating fraction is cut":                 ([("dexamethasone", "2")],            "13.33 mg prednisone per day > 10 mg"),
    "a whole dose":                                ([("methylprednisolone", "8")],       "10 mg prednisone per day <= 10 mg"),
    "what rounding would bring to the limit stays": ([("prednisolone", "10.001")],       "10.001 mg prednisone per day > 10 mg"),
    "several together":                            ([("dexamethasone", "1")] * 2,        "together 13.33 mg prednisone > 10 mg"),
}
# fmt: on


@pytest.mark.parametrize(("drugs", "words"), STEROID_WORDS.values(), ids=STEROID_WORDS)
def test_a_steroid_dose_is_told_as_it_was_compared(drugs: list[tuple[str, str]], words: str) -> None:
    given = [{**STEROID, "drug": drug, "dose_mg_per_day": dose} for drug, dose in drugs]

    found = verdict("E8", {"immunosuppressants": given})

    assert words in " ".join([found.message, *(str(e) for e in found.evidence)])
