"""Invented patients, one trap each; written from the trial text and the record's description alone.

Each row changes the complete record of an eligible man and names what must then not pass, as
``STATUS [reason code] [date on which it clears]``. Every criterion that is not named must pass.
"""

from __future__ import annotations

import pytest

from tests.eligibility_records import WOMAN, record
from tests.eligibility_traps import (
    ATEZOLIZUMAB,
    BONE,
    CLINICAL,
    LENVATINIB,
    SORAFENIB,
    Changes,
    Expected,
    Traps,
    assert_springs,
    autoimmune,
    drug,
    fails,
    locoregional,
    malignancy,
    missing,
    systemic,
    unknown,
)
from workup.errors import RecordError
from workup.record.record import parse_record

CONSENT_AND_AGE: Traps = {
    "turns 19 on the day of consent": ({"demographics.birth_date": "2006-03-03"}, {}),
    "turns 19 the day after consent": ({"demographics.birth_date": "2006-03-04"}, fails("I2")),
    "born on 29 February, consents on 1 March 19 years later": (
        {"demographics.birth_date": "2004-02-29", "reference_dates.consent": "2023-03-01"},
        {},
    ),
    "born on 29 February, consents on 28 February 19 years later": (
        {"demographics.birth_date": "2004-02-29", "reference_dates.consent": "2023-02-28"},
        fails("I2"),
    ),
    "birth year that leaves 18 or 19": (
        {"demographics.birth_date": "2006"},
        unknown("I2", reason="partial_date"),
    ),
    "birth year that leaves 19 or 20": ({"demographics.birth_date": "2005"}, {}),
    "birth month that holds the day of consent": (
        {"demographics.birth_date": "2006-03"},
        unknown("I2", reason="partial_date"),
    ),
    "no date of consent, 19 at screening": (
        {"demographics.birth_date": "2005-03-11", "reference_dates.consent": None},
        unknown("I2"),
    ),
    "no date of consent, 20 at screening": (
        {"demographics.birth_date": "2005-03-10", "reference_dates.consent": None},
        {},
    ),
    "no birth date": ({"demographics.birth_date": None}, missing("I2")),
    "consent refused": ({"consent.signed": False}, fails("I1")),
    "consent not recorded": ({"consent.signed": None}, unknown("I1", reason="awaiting_attestation")),
    "consent wrapped with its source": ({"consent.signed": {"value": True, "source": "form 3"}}, {}),
    "consent wrapped, its value unknown": (
        {"consent.signed": {"value": None, "source": "form 3"}},
        unknown("I1", reason="awaiting_attestation"),
    ),
}

DIAGNOSIS: Traps = {
    "clinical diagnosis of a typical nodule": (CLINICAL, {}),
    "clinical diagnosis of a nodule of 10 mm": (CLINICAL | {"diagnosis.index_nodule.size_mm": "10"}, {}),
    "clinical diagnosis of a nodule of 9.9 mm": (
        CLINICAL | {"diagnosis.index_nodule.size_mm": "9.9"},
        fails("I3"),
    ),
    "clinical diagnosis without a risk": (CLINICAL | {"diagnosis.risk_factors": []}, fails("I3")),
    "clinical diagnosis, risks not recorded": (CLINICAL | {"diagnosis.risk_factors": None}, missing("I3")),
    "clinical diagnosis, targetoid look not recorded": (
        CLINICAL | {"diagnosis.index_nodule.targetoid_or_marked_t2": None},
        missing("I3"),
    ),
    "tissue taken, its type not recorded": ({"diagnosis.histology": None}, missing("I3", "E1")),
    "neither basis nor tissue recorded": (
        {"diagnosis.histology": None, "diagnosis.basis": None},
        missing("I3", "E1"),
    ),
    "fibrolamellar": ({"diagnosis.histology": "fibrolamellar"}, fails("E1")),
}

REPRODUCTION: Traps = {
    "a woman who promises": (WOMAN, {}),
    "a woman who does not promise": (
        WOMAN | {"reproductive.agrees_contraception": False},
        fails("I8.10", "E15"),
    ),
    "a woman, promise not recorded": (
        WOMAN | {"reproductive.agrees_contraception": None},
        unknown("I8.10", "E15", reason="awaiting_attestation"),
    ),
    "a woman, potential not recorded, promises": (WOMAN | {"reproductive.childbearing_potential": None}, {}),
    "a pregnant woman": (WOMAN | {"reproductive.pregnant": True}, fails("E15")),
    "a pregnant woman said to lack the potential": (
        WOMAN | {"reproductive.pregnant": True, "reproductive.childbearing_potential": False},
        {"E15": "FAIL|UNKNOWN"},
    ),
    "a breastfeeding woman": (WOMAN | {"reproductive.breastfeeding": True}, fails("E15")),
    "a woman, breastfeeding not recorded": (WOMAN | {"reproductive.breastfeeding": None}, missing("E15")),
    "a man, sperm donation not recorded": (
        {"reproductive.agrees_no_sperm_donation": None},
        unknown("I8.11", reason="awaiting_attestation"),
    ),
    "a man who does not refrain from donating": (
        {"reproductive.agrees_no_sperm_donation": False},
        fails("I8.11"),
    ),
    "a man, contraception not recorded": (
        {"reproductive.agrees_contraception": None},
        unknown("I8.11", "E15", reason="awaiting_attestation"),
    ),
    "a man who refuses contraception": ({"reproductive.agrees_contraception": False}, fails("I8.11", "E15")),
    "a man without childbearing potential who refuses contraception": (
        {"reproductive.childbearing_potential": False, "reproductive.agrees_contraception": False},
        fails("I8.11", "E15"),
    ),
    "sex not recorded, no childbearing potential, refuses contraception": (
        WOMAN
        | {
            "demographics.sex": None,
            "reproductive.childbearing_potential": False,
            "reproductive.agrees_contraception": False,
        },
        missing("I8.10", "I8.11", "E15"),
    ),
    "sex not recorded": (
        {"demographics.sex": None},
        {"I8.10": "NA|PASS|UNKNOWN", "I8.11": "NA|PASS|UNKNOWN", "E15": "UNKNOWN missing"},
    ),
}

SYSTEMIC: Traps = {
    "one line with a checkpoint inhibitor": (systemic(ATEZOLIZUMAB), {}),
    "pembrolizumab with lenvatinib": (
        systemic(ATEZOLIZUMAB | {"drugs": ["pembrolizumab", "lenvatinib"]}),
        {},
    ),
    "sorafenib first": (systemic(SORAFENIB), fails("E3")),
    "two lines": (systemic(ATEZOLIZUMAB, LENVATINIB), fails("E2")),
    "two lines without numbers, sorafenib first by date": (
        systemic(ATEZOLIZUMAB | {"line": None}, SORAFENIB | {"line": None}),
        fails("E2", "E3"),
    ),
    "adjuvant sorafenib": (systemic(SORAFENIB | {"setting": "adjuvant"}), {}),
    "sorafenib, setting not recorded": (systemic(SORAFENIB | {"setting": None, "line": None}), missing("E3")),
    "second drug, setting not recorded": (
        systemic(ATEZOLIZUMAB, LENVATINIB | {"setting": None}),
        missing("E2"),
    ),
    "infused through the hepatic artery": (
        systemic({"drugs": ["cisplatin", "fluorouracil"], "setting": "local", "start": "2024-01-01"}),
        {},
    ),
    "a drug nobody knows": (systemic(ATEZOLIZUMAB | {"drugs": ["sp-1234"]}), unknown("E3")),
    "first line, drugs not recorded": (systemic(ATEZOLIZUMAB | {"drugs": None}), missing("E3")),
    "second line alone": (
        systemic(LENVATINIB | {"drugs": ["nivolumab"]}),
        {"E2": "UNKNOWN|FAIL", "E3": "UNKNOWN"},
    ),
    "drugs of one line in two entries": (
        systemic(ATEZOLIZUMAB | {"drugs": ["atezolizumab"]}, ATEZOLIZUMAB | {"drugs": ["bevacizumab"]}),
        unknown("E2", "E3", reason="conflict"),
    ),
    "first line in two entries, neither an inhibitor": (
        systemic(SORAFENIB, SORAFENIB | {"drugs": ["capecitabine"]}),
        {"E2": "UNKNOWN conflict", "E3": "FAIL not_met"},
    ),
    "systemic therapy not recorded": ({"treatments.systemic": None}, missing("E2", "E3")),
    "no systemic therapy so far": (
        {"treatments.systemic": [], "treatments.systemic_complete": False},
        unknown("E2", "E3"),
    ),
    "one inhibitor line so far": (
        systemic(ATEZOLIZUMAB) | {"treatments.systemic_complete": False},
        {"E2": "UNKNOWN", "E3": "PASS|UNKNOWN"},
    ),
    "two lines so far": (
        systemic(ATEZOLIZUMAB, LENVATINIB) | {"treatments.systemic_complete": False},
        {"E2": "FAIL not_met", "E3": "PASS|UNKNOWN"},
    ),
}

LOCOREGIONAL: Traps = {
    "liver irradiated, overlap not recorded": (
        locoregional(type="EBRT") | {"treatments.planned_rt_field_overlaps_prior_rt": None},
        unknown("E4"),
    ),
    "nothing treated, overlap not recorded": ({"treatments.planned_rt_field_overlaps_prior_rt": None}, {}),
    "nothing treated, fields said to overlap": (
        {"treatments.planned_rt_field_overlaps_prior_rt": True},
        {"E4": "FAIL|UNKNOWN"},
    ),
    "bone irradiated, fields do not overlap": (locoregional(BONE), {}),
    "bone irradiated, fields overlap": (
        locoregional(BONE) | {"treatments.planned_rt_field_overlaps_prior_rt": True},
        fails("E4"),
    ),
    "bone irradiated, overlap not recorded": (
        locoregional(BONE) | {"treatments.planned_rt_field_overlaps_prior_rt": None},
        missing("E4"),
    ),
    "irradiated somewhere, fields do not overlap": (locoregional(type="EBRT", site=None), unknown("E4")),
    "radioembolized": (locoregional(type="TARE"), {}),
    "locoregional therapy not recorded": ({"treatments.locoregional": None}, unknown("E4", "E5")),
    "radioembolized 28 days before the start": (
        locoregional(type="TARE", end_date="2025-02-24"),
        {"E5": "FAIL not_met 2025-03-25"},
    ),
    "bone irradiated to cure, 20 days ago": (
        locoregional(BONE | {"intent": "curative_or_control", "end_date": "2025-03-04"}),
        {"E5": "FAIL not_met 2025-04-02"},
    ),
    "pelvic nodes irradiated for relief, 14 days ago": (
        locoregional(BONE | {"site": "pelvic lymph nodes", "end_date": "2025-03-10"}),
        missing("E5"),
    ),
    "bone and liver irradiated for relief, 14 days ago": (
        locoregional(BONE | {"site": "rib and liver", "end_date": "2025-03-10"}),
        unknown("E4", "E5"),
    ),
    "bone irradiated, intent not recorded, 20 days ago": (
        locoregional(BONE | {"intent": None, "end_date": "2025-03-04"}),
        missing("E5"),
    ),
    "bone irradiated, intent not recorded, 6 days ago": (
        locoregional(BONE | {"intent": None, "end_date": "2025-03-18"}),
        {"E5": "FAIL"},
    ),
    "bone irradiated, intent not recorded, 29 days ago": (
        locoregional(BONE | {"intent": None, "end_date": "2025-02-23"}),
        {},
    ),
    "bone ablated 20 days ago": (
        locoregional(BONE | {"type": "RFA", "end_date": "2025-03-04"}),
        {"E5": "FAIL not_met 2025-04-02"},
    ),
    "lung irradiated for relief, 20 days ago": (
        locoregional(BONE | {"site": "lung", "end_date": "2025-03-04"}),
        {"E5": "FAIL not_met 2025-04-02"},
    ),
    "chemoembolized, then bone irradiated": (
        locoregional({"end_date": "2025-02-24"}, BONE | {"end_date": "2025-03-22"}),
        {"E5": "FAIL not_met 2025-03-29"},
    ),
    "chemoembolized in January": (locoregional(end_date="2025-01"), {}),
    "chemoembolized, no date": (locoregional(end_date=None), missing("E5")),
    "chemoembolized long ago, recovery not recorded": (
        locoregional(complications_recovered=None),
        missing("E5"),
    ),
    "chemoembolized 28 days ago, recovery not recorded": (
        locoregional(end_date="2025-02-24", complications_recovered=None),
        {"E5": "FAIL"},
    ),
    "chemoembolized, start of treatment not planned": (
        locoregional(end_date="2025-02-20") | {"reference_dates.treatment_start": None},
        missing("E5"),
    ),
    "chemoembolized, start of treatment some day of March": (
        locoregional(end_date="2025-02-20") | {"reference_dates.treatment_start": "2025-03"},
        unknown("E5", reason="partial_date"),
    ),
    "no therapy so far": (
        {"treatments.locoregional": [], "treatments.locoregional_complete": False},
        unknown("E4", "E5"),
    ),
}

AUTOIMMUNITY: Traps = {
    "hypothyroid, stable": (
        autoimmune({"category": "hypothyroidism", "stable_on_hormone_replacement": True}),
        {},
    ),
    "hypothyroid, stability not recorded": (autoimmune({"category": "hypothyroidism"}), missing("E6")),
    "hypothyroid, not stable": (
        autoimmune({"category": "hypothyroidism", "stable_on_hormone_replacement": False}),
        fails("E6"),
    ),
    "type 1 diabetes, controlled, insulin not recorded": (
        autoimmune({"category": "type_1_diabetes", "controlled": True}),
        missing("E6"),
    ),
    "type 1 diabetes, not controlled, insulin not recorded": (
        autoimmune({"category": "type_1_diabetes", "controlled": False}),
        fails("E6"),
    ),
    "eczema without systemic therapy": (
        autoimmune({"category": "chronic_skin", "requires_systemic_therapy": False}),
        {},
    ),
    "psoriatic arthritis called a skin condition": (
        autoimmune(
            {
                "condition": "psoriatic arthritis",
                "category": "chronic_skin",
                "requires_systemic_therapy": False,
            }
        ),
        unknown("E6", reason="conflict"),
    ),
    "eczema with systemic therapy": (
        autoimmune({"category": "chronic_skin", "requires_systemic_therapy": True}),
        fails("E6"),
    ),
    "arthritis in remission": (
        autoimmune({"condition": "rheumatoid arthritis", "category": "other", "active": False}),
        fails("E6"),
    ),
    "a disease of no category": (autoimmune({"condition": "some disease"}), unknown("E6")),
    "one excepted, one not": (
        autoimmune(
            {"category": "hypothyroidism", "stable_on_hormone_replacement": True},
            {"condition": "colitis", "category": "other", "active": True},
        ),
        fails("E6"),
    ),
    "no disease so far": ({"comorbidity.autoimmune_complete": False}, unknown("E6")),
    "immune deficiency not recorded": ({"comorbidity.immune_deficiency": None}, missing("E6")),
    "transplantation not recorded": ({"comorbidity.allogeneic_sct_or_organ_transplant": None}, missing("E7")),
    "anaphylaxis to an antibody": (
        {"comorbidity.severe_anaphylaxis_to_antibody_or_fusion_protein": True},
        fails("E9"),
    ),
}

IMMUNOSUPPRESSION: Traps = {
    "prednisolone 10 mg": (drug(dose_mg_per_day="10"), {}),
    "prednisolone 10.1 mg": (drug(dose_mg_per_day="10.1"), fails("E8")),
    "dexamethasone 1.5 mg": (drug(drug="dexamethasone", dose_mg_per_day="1.5"), {}),
    "dexamethasone 2 mg": (drug(drug="dexamethasone", dose_mg_per_day="2"), fails("E8")),
    "methylprednisolone 8 mg": (drug(drug="methylprednisolone", dose_mg_per_day="8"), {}),
    "hydrocortisone 40 mg": (drug(drug="hydrocortisone", dose_mg_per_day="40"), {}),
    "deflazacort 13 mg": (drug(drug="deflazacort", dose_mg_per_day="13"), fails("E8")),
    "two steroids that add up to 11 mg": (
        {
            "immunosuppressants": [
                *drug(dose_mg_per_day="6")["immunosuppressants"],
                *drug(drug="dexamethasone", dose_mg_per_day="0.75")["immunosuppressants"],
            ]
        },
        {"E8": "FAIL|UNKNOWN"},
    ),
    "inhaled steroid": (drug(drug="budesonide", route="inhaled", dose_mg_per_day="0.8"), {}),
    "oral budesonide": (drug(drug="budesonide", dose_mg_per_day="9"), unknown("E8")),
    "prednisolone, dose not recorded": (drug(dose_mg_per_day=None), missing("E8")),
    "prednisolone 20 mg, route not recorded": (drug(dose_mg_per_day="20", route=None), missing("E8")),
    "prednisolone 20 mg into the skin": (drug(dose_mg_per_day="20", route="topical"), {}),
    "a steroid nobody knows": (drug(drug="unheardofsone", dose_mg_per_day="20"), unknown("E8")),
    "prednisolone 20 mg until 14 days before": (
        drug(dose_mg_per_day="20", end="2025-03-10"),
        {"E8": "FAIL not_met 2025-03-25"},
    ),
    "prednisolone 20 mg until 15 days before": (drug(dose_mg_per_day="20", end="2025-03-09"), {}),
    "prednisolone 20 mg until some day of March": (
        drug(dose_mg_per_day="20", end="2025-03"),
        unknown("E8", reason="partial_date"),
    ),
    "prednisolone 20 mg, end not recorded": (drug(dose_mg_per_day="20", end=None), missing("E8")),
    "azathioprine": (drug(drug="azathioprine", kind="other_immunosuppressant"), fails("E8")),
    "tacrolimus ointment": (drug(drug="tacrolimus", kind="other_immunosuppressant", route="topical"), {}),
    "immunosuppressants not recorded": ({"immunosuppressants": None}, missing("E8")),
    "immunosuppressants not all recorded": ({"immunosuppressants_complete": False}, unknown("E8")),
}

COMORBIDITY: Traps = {
    "treated, stable brain metastasis": ({"comorbidity.brain_metastasis": "treated_stable"}, {}),
    "active brain metastasis, meninges not recorded": (
        {"comorbidity.brain_metastasis": "active", "comorbidity.leptomeningeal_metastasis": None},
        fails("E10"),
    ),
    "meninges not recorded": ({"comorbidity.leptomeningeal_metastasis": None}, missing("E10")),
    "colon cancer two years ago to the day": (malignancy(last_active_date="2023-03-10"), fails("E13")),
    "colon cancer two years and a day ago": (malignancy(last_active_date="2023-03-09"), {}),
    "colon cancer in the month two years ago": (
        malignancy(last_active_date="2023-03"),
        unknown("E13", reason="partial_date"),
    ),
    "harmless cancer last year": (malignancy(last_active_date="2024-05-01", negligible_risk=True), {}),
    "cancer last year, risk not recorded": (
        malignancy(last_active_date="2024-05-01", negligible_risk=None),
        missing("E13"),
    ),
    "cancer long ago, risk not recorded": (malignancy(last_active_date="2019", negligible_risk=None), {}),
    "cancer of no date": (malignancy(last_active_date=None), missing("E13")),
    "harmless cancer of no date": (malignancy(last_active_date=None, negligible_risk=True), {}),
    "other cancers not recorded": ({"comorbidity.other_malignancies": None}, missing("E13")),
    "infarction three months ago to the day": (
        {"comorbidity.myocardial_infarction_dates": ["2024-12-24"]},
        {"E14": "FAIL not_met 2025-03-25"},
    ),
    "infarction three months and a day ago": (
        {"comorbidity.myocardial_infarction_dates": ["2024-12-23"]},
        {},
    ),
    "stroke some day of December": (
        {"comorbidity.cerebrovascular_accident_dates": ["2024-12"]},
        unknown("E14", reason="partial_date"),
    ),
    "infarction on the last of February, start on the last of May": (
        {
            "comorbidity.myocardial_infarction_dates": ["2025-02-28"],
            "reference_dates.treatment_start": "2025-05-31",
        },
        {"E14": "FAIL not_met 2025-06-01"},
    ),
    "heart failure NYHA II": ({"comorbidity.nyha_class": 2}, fails("E14")),
    "heart failure not recorded": ({"comorbidity.nyha_class": None}, missing("E14")),
    "infarctions not recorded, angina unstable": (
        {"comorbidity.myocardial_infarction_dates": None, "comorbidity.unstable_angina": True},
        fails("E14"),
    ),
    "investigator's judgement of risk outstanding": (
        {"investigator.excess_risk": None},
        unknown("E14", reason="awaiting_attestation"),
    ),
    "judgements without the investigator's name": (
        {"investigator.name": None},
        unknown("E14", "E16", reason="awaiting_attestation"),
    ),
    "judged unlikely to comply": ({"investigator.unlikely_to_comply": True}, fails("E16")),
}

PATIENTS = {
    **CONSENT_AND_AGE,
    **DIAGNOSIS,
    **REPRODUCTION,
    **SYSTEMIC,
    **LOCOREGIONAL,
    **AUTOIMMUNITY,
    **IMMUNOSUPPRESSION,
    **COMORBIDITY,
}


@pytest.mark.parametrize(("changes", "expected"), PATIENTS.values(), ids=PATIENTS)
def test_a_trap_springs_on_the_criteria_it_was_set_for(changes: Changes, expected: Expected) -> None:
    assert_springs(changes, expected)


MALFORMED: dict[str, Changes] = {
    "a field with a typo": {"liver.ascitis": "none"},
    "30 February": {"performance.date": "2025-02-30"},
    "a number that went through a float": {"vitals.weight_kg": 71.5},
    "a word for a truth": {"consent.signed": "yes"},
    "an ECOG of 6": {"performance.ecog": 6},
    "an upper case enumeration": {"liver.ascites": "None"},
    "an analyte nobody asked for": {"labs[anc].analyte": "lipase"},
    "a list that is no list": {"treatments.systemic": {}},
    "a number that is none": {"labs[hemoglobin].value": "NaN"},
    "a number with a decimal comma": {"labs[hemoglobin].value": "11,2"},
    "an infinite number": {"labs[hemoglobin].value": "Infinity"},
}


@pytest.mark.parametrize("changes", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_record_is_refused_with_the_place(changes: Changes) -> None:
    path = next(iter(changes))

    with pytest.raises(RecordError) as refused:
        parse_record(record(changes))

    assert path.split(".")[-1].split("[")[0] in str(refused.value.details["faults"])
