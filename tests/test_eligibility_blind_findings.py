"""Invented findings in blood and images, one trap each; written from the trial text and the record alone.

Rows as in ``test_eligibility_blind_patients.py``.
"""

from __future__ import annotations

import pytest

from tests.eligibility_records import WOMAN, lab, with_labs
from tests.eligibility_traps import (
    CT1,
    D1,
    M1,
    Changes,
    Expected,
    Traps,
    assert_springs,
    fails,
    hemoglobin,
    in_a_leap_year,
    lesion,
    locoregional,
    missing,
    thrombus,
    unknown,
)

I8 = tuple(f"I8.{number}" for number in range(1, 9))

VESSELS: Traps = {
    "extent denied throughout": (
        {"disease": {"unresectable": False, "locally_advanced": False, "metastatic": False}},
        fails("I4"),
    ),
    "resectable as far as known": (
        {"disease": {"unresectable": None, "locally_advanced": False, "metastatic": False}},
        unknown("I4"),
    ),
    "no filling defect": ({"imaging.thrombi": []}, fails("I4")),
    "filling defects not recorded": ({"imaging.thrombi": None}, missing("I4")),
    "no filling defect so far": ({"imaging.thrombi": [], "imaging.thrombi_complete": False}, unknown("I4")),
    "no filling defect on a CT that was not dynamic": (
        {"imaging.thrombi": [], "imaging.studies[0].dynamic": False},
        unknown("I4"),
    ),
    "invasion read on a CT that was not dynamic": ({"imaging.studies[0].dynamic": False}, unknown("I4")),
    "invasion read on a CT, dynamic or not": ({"imaging.studies[0].dynamic": None}, missing("I4")),
    "invasion read on contrast-enhanced ultrasound": (
        {"imaging.studies": [CT1, CT1 | {"id": "US1", "modality": "US"}]} | thrombus(study="US1"),
        unknown("I4"),
    ),
    "invasion read in no named study": (thrombus(study=None), missing("I4")),
    "invasion stated by a model": (
        thrombus(evidence={"source": "model"}),
        unknown("I4", reason="awaiting_reader"),
    ),
    "no enhancement, as stated by a model": (
        thrombus(evidence={"source": "model"}, arterial_enhancement=False),
        unknown("I4", reason="awaiting_reader"),
    ),
    "Vp1": (thrombus(level="Vp1"), unknown("I4")),
    "Vp2": (thrombus(level="Vp2"), {}),
    "Vv1": (thrombus(vessel="hepatic_vein", level="Vv1"), unknown("I4")),
    "Vv2": (thrombus(vessel="hepatic_vein", level="Vv2"), {}),
    "Vv3": (thrombus(vessel="inferior_vena_cava", level="Vv3"), {}),
    "inferior vena cava, no level": (thrombus(vessel="inferior_vena_cava", level=None), {}),
    "hepatic vein with a level of the portal vein": (
        thrombus(vessel="hepatic_vein", level="Vp4"),
        unknown("I4"),
    ),
    "portal vein without a level": (thrombus(level=None), missing("I4")),
    "no vessel": (thrombus(vessel=None, level=None), missing("I4")),
    "Vp1, and no washout": (thrombus(level="Vp1", washout_portal=False, washout_delayed=False), fails("I4")),
    "two defects that each lack another feature": (
        {
            "imaging.thrombi": [
                D1 | {"arterial_enhancement": False},
                D1 | {"id": "D2", "adjacent_to_primary": False},
            ]
        },
        fails("I4"),
    ),
    "one defect bland, the adjacency of the other not recorded": (
        {
            "imaging.thrombi": [
                D1 | {"arterial_enhancement": False},
                D1 | {"id": "D2", "adjacent_to_primary": None},
            ]
        },
        missing("I4"),
    ),
    "no portal washout, no delayed phase read": (
        thrombus(washout_portal=False, washout_delayed=None),
        missing("I4"),
    ),
    "no washout": (thrombus(washout_portal=False, washout_delayed=False), fails("I4")),
    "delayed washout alone": (thrombus(washout_portal=False, washout_delayed=True), {}),
}

LESIONS: Traps = {
    "10 mm in slices of 5 mm": (lesion(longest_diameter_mm="10", short_axis_mm="8", slice="5"), {}),
    "9.95 mm": (lesion(longest_diameter_mm="9.95", short_axis_mm="8"), fails("I5")),
    "10 mm in slices of 5.1 mm": (
        lesion(longest_diameter_mm="10", short_axis_mm="8", slice="5.1"),
        fails("I5"),
    ),
    "10 mm in slices of 5.01 mm": (lesion(longest_diameter_mm="10", short_axis_mm="8", slice="5.01"), {}),
    "15 mm in slices of 8 mm": (lesion(longest_diameter_mm="15", short_axis_mm="9", slice="8"), fails("I5")),
    "16 mm in slices of 8 mm": (lesion(longest_diameter_mm="16", short_axis_mm="9", slice="8"), {}),
    "11 mm in slices of unknown thickness": (
        lesion(longest_diameter_mm="11", short_axis_mm="9", slice=None),
        missing("I5"),
    ),
    "9 mm in slices of unknown thickness": (
        lesion(longest_diameter_mm="9", short_axis_mm="9", slice=None),
        fails("I5"),
    ),
    "node of 15 mm": (lesion(site="lymph_node", longest_diameter_mm="22", short_axis_mm="15"), {}),
    "node of 14.9 mm": (
        lesion(site="lymph_node", longest_diameter_mm="22", short_axis_mm="14.9"),
        fails("I5"),
    ),
    "node of 15 mm in slices of 8 mm": (
        lesion(site="lymph_node", longest_diameter_mm="22", short_axis_mm="15", slice="8"),
        fails("I5"),
    ),
    "node without a short axis": (lesion(site="lymph_node", short_axis_mm=None), missing("I5")),
    "bone with soft tissue": (lesion(site="bone", soft_tissue_component=True), {}),
    "bone, soft tissue not recorded": (lesion(site="bone", soft_tissue_component=None), missing("I5")),
    "bone without soft tissue": (lesion(site="bone", soft_tissue_component=False), fails("I5")),
    "thrombus of 40 mm and nothing else": (lesion(site="tumor_thrombus"), fails("I5")),
    "the thrombus called by its vein": (lesion(site="portal_vein"), fails("I5")),
    "the thrombus called by the cava": (lesion(site="inferior_vena_cava"), fails("I5")),
    "site not recorded": (lesion(site=None), missing("I5")),
    "margins that cannot be measured": (lesion(margins_measurable=False), fails("I5")),
    "malignancy not stated": (lesion(malignant=None), missing("I5")),
    "treated, progression not recorded": (locoregional() | lesion(locoregional_treated=True), missing("I5")),
    "treated, never progressed": (
        locoregional() | lesion(locoregional_treated=True, progressed_after_locoregional=False),
        fails("I5"),
    ),
    "treated and progressed": (
        locoregional() | lesion(locoregional_treated=True, progressed_after_locoregional=True),
        {},
    ),
    "treatment of the lesion not recorded": (
        locoregional() | lesion(locoregional_treated=None),
        missing("I5"),
    ),
    "treated 30 mm, untreated 12 mm": (
        locoregional()
        | {
            "imaging.lesions": [
                M1 | {"locoregional_treated": True, "progressed_after_locoregional": False},
                M1 | {"id": "M2", "longest_diameter_mm": "12", "short_axis_mm": "9"},
            ]
        },
        {},
    ),
    "no lesion": ({"imaging.lesions": []}, fails("I5")),
    "lesions not recorded": ({"imaging.lesions": None}, missing("I5")),
    "one small lesion so far": (
        lesion(longest_diameter_mm="9", short_axis_mm="8") | {"imaging.lesions_complete": False},
        unknown("I5"),
    ),
}

LIVER: Traps = {
    "reported B, computed A": ({"liver.child_pugh_reported_class": "B"}, unknown("I6", reason="conflict")),
    "reported A, computed B": (
        {
            "liver.child_pugh_reported_class": "A",
            "labs[bilirubin_total].value": "2.5",
            "labs[albumin].value": "34",
        },
        unknown("I6", reason="conflict"),
    ),
    "INR missing, computed 5 to 7": (with_labs(without="inr"), missing("I6", "I8.7")),
    "INR missing, computed 5 to 7, reported C": (
        with_labs(without="inr") | {"liver.child_pugh_reported_class": "C"},
        missing("I6", "I8.7"),
    ),
    "INR missing, computed 7 to 9": (
        with_labs(lab("bilirubin_total", "2.5"), without="inr")
        | {"liver.ascites": "mild", "liver.encephalopathy_grade": 0},
        {"I6": "UNKNOWN missing|FAIL", "I8.7": "UNKNOWN missing"},
    ),
    "ascites not recorded": (
        {"liver.ascites": None, "liver.ascites_intractable": None},
        missing("I6", "E11"),
    ),
    "mild ascites": ({"liver.ascites": "mild"}, {}),
    "mild ascites, intractable or not": (
        {"liver.ascites": "mild", "liver.ascites_intractable": None},
        missing("I6", "E11"),
    ),
    "mild ascites that is intractable": (
        {"liver.ascites": "mild", "liver.ascites_intractable": True},
        fails("I6", "E11"),
    ),
    "mild ascites and albumin 3.5 g/dL": (
        {"liver.ascites": "mild", "labs[albumin].value": "35"},
        fails("I6"),
    ),
    "moderate ascites": ({"liver.ascites": "moderate"}, fails("I6", "E11")),
    "encephalopathy of grade 1": ({"liver.encephalopathy_grade": 1}, fails("E12")),
    "encephalopathy not recorded": ({"liver.encephalopathy_grade": None}, missing("I6", "E12")),
    "bilirubin 2.0 and albumin 3.5 g/dL": (
        {"labs[bilirubin_total].value": "2.0", "labs[albumin].value": "35"},
        fails("I6"),
    ),
    "bilirubin 34 umol/L and albumin 3.5 g/dL": (
        {
            "labs[bilirubin_total]": {"value": "34", "unit": "umol/L", "uln": "20"},
            "labs[albumin].value": "35",
        },
        {"I6": "UNKNOWN|FAIL"},
    ),
    "ECOG 1": ({"performance.ecog": 1}, {}),
    "ECOG 2": ({"performance.ecog": 2}, fails("I7")),
    "ECOG not recorded": ({"performance.ecog": None}, unknown("I7")),
}

LABS: Traps = {
    "hemoglobin 8.0 g/dL": (hemoglobin(value="8.0"), {}),
    "hemoglobin 79 g/L": (hemoglobin(value="79", unit="g/L"), fails("I8.1")),
    "hemoglobin 4.96 mmol/L": (
        hemoglobin(value="4.96", unit="mmol/L"),
        unknown("I8.1", reason="not_assessable"),
    ),
    "hemoglobin 4.9 mmol/L": (hemoglobin(value="4.9", unit="mmol/L"), fails("I8.1")),
    "hemoglobin 5.1 mmol/L": (hemoglobin(value="5.1", unit="mmol/L"), {}),
    "hemoglobin at least 8.0": (hemoglobin(value="8.0", comparator=">="), {}),
    "hemoglobin at most 8.0": (hemoglobin(value="8.0", comparator="<="), unknown("I8.1", reason="censored")),
    "hemoglobin below 8.0": (hemoglobin(value="8.0", comparator="<"), fails("I8.1")),
    "hemoglobin above 7.5": (hemoglobin(value="7.5", comparator=">"), unknown("I8.1", reason="censored")),
    "hemoglobin without a unit": (
        hemoglobin(value="11.2", unit=None),
        unknown("I8.1", reason="unit_unknown"),
    ),
    "hemoglobin in a unit of another kind": (
        hemoglobin(value="11.2", unit="U/L"),
        unknown("I8.1", reason="unit_unknown"),
    ),
    "hemoglobin wrapped with its source": (
        hemoglobin(value={"value": "7.9", "source": "LIS", "recorded_on": "2025-03-06"}),
        fails("I8.1"),
    ),
    "hemoglobin sampled, no value": (hemoglobin(value=None), missing("I8.1")),
    "ANC 1000 /mm3": ({"labs[anc]": {"value": "1000", "unit": "/mm3"}}, {}),
    "ANC 999 /uL": ({"labs[anc]": {"value": "999", "unit": "/uL"}}, fails("I8.2")),
    "ANC 0.999 10^9/L": ({"labs[anc]": {"value": "0.999", "unit": "10^9/L"}}, fails("I8.2")),
    "platelets 50 10*3/uL": ({"labs[platelets]": {"value": "50", "unit": "10*3/uL"}}, {}),
    "platelets 49999 /mm3": ({"labs[platelets]": {"value": "49999", "unit": "/mm3"}}, fails("I8.3")),
    "platelets in an unknown word": (
        {"labs[platelets]": {"value": "1.5", "unit": "lakh"}},
        unknown("I8.3", reason="unit_unknown"),
    ),
    "bilirubin 3.0 mg/dL": ({"labs[bilirubin_total].value": "3.0"}, fails("I8.4")),
    "bilirubin below 3.0 mg/dL": ({"labs[bilirubin_total]": {"value": "3.0", "comparator": "<"}}, {}),
    "bilirubin at most 3.0 mg/dL": (
        {"labs[bilirubin_total]": {"value": "3.0", "comparator": "<="}},
        unknown("I8.4", reason="censored"),
    ),
    "bilirubin above 3.0 mg/dL": (
        {"labs[bilirubin_total]": {"value": "3.0", "comparator": ">"}},
        fails("I8.4", "I6"),
    ),
    "bilirubin 50 umol/L": ({"labs[bilirubin_total]": {"value": "50", "unit": "umol/L", "uln": "20"}}, {}),
    "albumin 2.8 g/dL": ({"labs[albumin]": {"value": "2.8", "unit": "g/dL"}}, {}),
    "albumin 27.9 g/L": ({"labs[albumin].value": "27.9"}, fails("I8.5", "I6")),
    "ALT five times its limit": ({"labs[alt].value": "205"}, {}),
    "ALT just above five times its limit": ({"labs[alt].value": "205.1"}, fails("I8.6")),
    "ALT without a limit": ({"labs[alt].uln": None}, missing("I8.6")),
    "ALT without a limit, AST too high": ({"labs[alt].uln": None, "labs[ast].value": "201"}, fails("I8.6")),
    "AST beside a therapeutic range": ({"labs[ast].reference_range_kind": "therapeutic"}, unknown("I8.6")),
    "ALT and limit in ukat/L": ({"labs[alt]": {"value": "3.4", "unit": "ukat/L", "uln": "0.68"}}, {}),
    "ALT above its limit in ukat/L": (
        {"labs[alt]": {"value": "3.41", "unit": "ukat/L", "uln": "0.68"}},
        fails("I8.6"),
    ),
    "INR 2.07, 1.8 times its limit": ({"labs[inr].value": "2.07"}, {}),
    "INR 2.08": ({"labs[inr].value": "2.08"}, fails("I8.7")),
    "INR 1.8 without a limit": ({"labs[inr]": {"value": "1.8", "uln": None}}, {}),
    "INR 1.81 without a limit": ({"labs[inr]": {"value": "1.81", "uln": None}}, missing("I8.7")),
    "INR 2.4 without a limit": (
        {"labs[inr]": {"value": "2.4", "uln": None}},
        {"I8.7": "UNKNOWN missing", "I6": "FAIL not_met"},
    ),
    "INR 1.9 beside a therapeutic range": (
        {"labs[inr]": {"value": "1.9", "uln": "3.0", "reference_range_kind": "therapeutic"}},
        unknown("I8.7"),
    ),
    "creatinine twice its limit": ({"labs[creatinine].value": "2.4"}, {}),
    "creatinine above twice its limit, clearance 31": ({"labs[creatinine].value": "2.41"}, fails("I8.8")),
    "creatinine above twice its limit, clearance unknown": (
        {"labs[creatinine].value": "2.41", "vitals.weight_kg": None},
        missing("I8.8"),
    ),
    "creatinine above twice its limit, clearance saves": (
        {"labs[creatinine]": {"value": "1.5", "uln": "0.7"}},
        {},
    ),
    "creatinine without a limit, clearance 40.04": ({"labs[creatinine]": {"value": "1.86", "uln": None}}, {}),
    "creatinine without a limit, clearance 39.8": (
        {"labs[creatinine]": {"value": "1.87", "uln": None}},
        missing("I8.8"),
    ),
    "a woman's clearance of 34 with the same creatinine": (
        WOMAN | {"labs[creatinine]": {"value": "1.86", "uln": "0.9"}},
        fails("I8.8"),
    ),
    "creatinine and limit in umol/L": (
        {"labs[creatinine]": {"value": "176.8", "unit": "umol/L", "uln": "88.4"}},
        {},
    ),
}

LAB_DATES: Traps = {
    "sampled 28 days before screening": (hemoglobin(date="2025-02-10"), {}),
    "sampled 29 days before screening": (hemoglobin(date="2025-02-09"), unknown("I8.1", reason="stale")),
    "too low, 29 days before screening": (
        hemoglobin(date="2025-02-09", value="7.0"),
        unknown("I8.1", reason="stale"),
    ),
    "sampled on the day of screening": (hemoglobin(date="2025-03-10"), {}),
    "sampled the day after screening": (hemoglobin(date="2025-03-11"), unknown("I8.1")),
    "sampled on 29 February, 28 days before screening": (in_a_leap_year("2024-02-29"), {}),
    "sampled on 28 February of a leap year, 29 days before screening": (
        in_a_leap_year("2024-02-28"),
        unknown(*I8, "I6", reason="stale"),
    ),
    "sampled some day of February": (hemoglobin(date="2025-02"), unknown("I8.1", reason="partial_date")),
    "sampled some day of March": (hemoglobin(date="2025-03"), unknown("I8.1", reason="partial_date")),
    "not dated": (hemoglobin(date=None), unknown("I8.1", reason="undated")),
    "two platelet counts of one day, one too low": (with_labs(lab("platelets", "49")), fails("I8.3")),
    "platelets too low, then well": (with_labs(lab("platelets", "49", date="2025-03-04")), {}),
    "platelets well, then too low": (with_labs(lab("platelets", "49", date="2025-03-06")), fails("I8.3")),
    "platelets well, then in an unknown unit": (
        with_labs(lab("platelets", "49", date="2025-03-06", unit=None)),
        unknown("I8.3", reason="unit_unknown"),
    ),
    "platelets well, too low some day of March": (
        with_labs(lab("platelets", "49", date="2025-03")),
        unknown("I8.3", reason="partial_date"),
    ),
    "platelets too low some day of February, then well": (
        with_labs(lab("platelets", "49", date="2025-02")),
        {},
    ),
    "platelets well, another count without a date": (
        with_labs(lab("platelets", "49", date=None)),
        unknown("I8.3", reason="undated"),
    ),
    "platelets in window, better after screening": (
        with_labs(
            lab("platelets", "49", date="2025-03-05"),
            lab("platelets", "90", date="2025-03-12"),
            without="platelets",
        ),
        fails("I8.3"),
    ),
    "results that may not be all": ({"labs_complete": False}, missing(*I8, "I6")),
    "too low, in results that may not be all": (
        hemoglobin(value="7.0") | {"labs_complete": False},
        missing(*I8, "I6"),
    ),
    "no date of screening": ({"reference_dates.screening": None}, unknown(*I8, "I6")),
    "no laboratory results": ({"labs": []}, missing(*I8, "I6")),
    "laboratory results not recorded": ({"labs": None}, missing(*I8, "I6")),
}

VIROLOGY: Traps = {
    "HBV, treated": ({"virology.hbsag": "positive", "virology.hbv_antiviral": True}, {}),
    "HBV, not treated": ({"virology.hbsag": "positive"}, fails("I8.9")),
    "HBV, treatment not recorded": (
        {"virology.hbsag": "positive", "virology.hbv_antiviral": None},
        missing("I8.9"),
    ),
    "HBV without DNA, not treated": (
        {"virology.hbsag": "positive", "virology.hbv_dna": "undetectable"},
        fails("I8.9"),
    ),
    "HBV DNA without the antigen, not treated": ({"virology.hbv_dna": "detectable"}, fails("I8.9")),
    "HBsAg not recorded": ({"virology.hbsag": None}, missing("I8.9")),
    "old HBV": ({"virology.anti_hbc": "positive"}, {}),
    "anti-HCV, RNA not recorded": ({"virology.anti_hcv": "positive"}, missing("I8.9")),
    "anti-HCV, treated, RNA not recorded": (
        {"virology.anti_hcv": "positive", "virology.hcv_antiviral": True},
        missing("I8.9"),
    ),
    "anti-HCV, no RNA": ({"virology.anti_hcv": "positive", "virology.hcv_rna": "undetectable"}, {}),
    "HCV, not treated": ({"virology.anti_hcv": "positive", "virology.hcv_rna": "detectable"}, fails("I8.9")),
    "HCV RNA without antibodies, treatment not recorded": (
        {"virology.hcv_rna": "detectable", "virology.hcv_antiviral": None},
        missing("I8.9"),
    ),
    "anti-HCV not recorded, no RNA": (
        {"virology.anti_hcv": None, "virology.hcv_rna": "undetectable"},
        missing("I8.9"),
    ),
    "HBsAg not recorded, HCV not treated": (
        {"virology.hbsag": None, "virology.anti_hcv": "positive", "virology.hcv_rna": "detectable"},
        fails("I8.9"),
    ),
}

PATIENTS = {**VESSELS, **LESIONS, **LIVER, **LABS, **LAB_DATES, **VIROLOGY}


@pytest.mark.parametrize(("changes", "expected"), PATIENTS.values(), ids=PATIENTS)
def test_a_trap_springs_on_the_criteria_it_was_set_for(changes: Changes, expected: Expected) -> None:
    assert_springs(changes, expected)
