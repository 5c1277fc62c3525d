"""The patient record, schema 1.0, as models: every field optional, unknown fields refused.

Fields may be added, never renamed: sites write such files by hand or export them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from workup.record.scalars import Day, Flag, Number, Whole, Words


def _version(value: Any) -> Any:
    """Version 1.0 written as a number is the same version."""
    return str(value) if isinstance(value, Decimal) else value


def _comparator(value: Any) -> Any:
    if isinstance(value, str):
        return {"≤": "<=", "≥": ">=", "=<": "<=", "=>": ">="}.get(value.strip(), value.strip())
    return value


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class ReferenceDates(_Block):
    """The days that windows count from; the start of treatment may be planned."""

    consent: Day | None = None
    screening: Day | None = None
    treatment_start: Day | None = None


class Demographics(_Block):
    """Sex at birth and date of birth."""

    sex: Literal["male", "female"] | None = None
    birth_date: Day | None = None


class Consent(_Block):
    """Whether the consent form is signed."""

    signed: Flag | None = None


class IndexNodule(_Block):
    """The nodule a clinical diagnosis rests on."""

    size_mm: Number | None = None
    arterial_phase_hyperenhancement: Flag | None = None
    washout_portal_or_delayed: Flag | None = None
    targetoid_or_marked_t2: Flag | None = None


RiskFactor = Literal["chronic_hepatitis_b", "chronic_hepatitis_c", "cirrhosis"]


class Diagnosis(_Block):
    """How hepatocellular carcinoma was diagnosed."""

    basis: Literal["histology", "clinical"] | None = None
    histology: Literal["hcc", "fibrolamellar", "sarcomatoid"] | None = None
    risk_factors: tuple[RiskFactor, ...] | None = None
    risk_factors_complete: Flag | None = None
    index_nodule: IndexNodule | None = None


class Disease(_Block):
    """The investigator's judgement of the extent of disease."""

    unresectable: Flag | None = None
    locally_advanced: Flag | None = None
    metastatic: Flag | None = None


class ImagingStudy(_Block):
    """One examination."""

    id: Words | None = None
    date: Day | None = None
    modality: Words | None = None
    dynamic: Flag | None = None
    phases: tuple[Words, ...] | None = None
    slice_thickness_mm: Number | None = None
    contrast_agent: Words | None = None
    study_uid: Words | None = None


class Evidence(_Block):
    """Who made a statement: absent means the reader who wrote the record."""

    source: Literal["reader", "model", "script"] | None = None
    reader: Words | None = None
    model_probability: Number | None = None
    measurements: Any = None


Vessel = Literal["portal_vein", "hepatic_vein", "inferior_vena_cava"]
Level = Literal["Vp1", "Vp2", "Vp3", "Vp4", "Vv1", "Vv2", "Vv3"]


class Thrombus(_Block):
    """One filling defect with the reader's statements."""

    id: Words | None = None
    study: Words | None = None
    vessel: Vessel | None = None
    level: Level | None = None
    filling_defect: Flag | None = None
    adjacent_to_primary: Flag | None = None
    arterial_enhancement: Flag | None = None
    washout_portal: Flag | None = None
    washout_delayed: Flag | None = None
    evidence: Evidence | None = None


class Lesion(_Block):
    """One lesion."""

    id: Words | None = None
    study: Words | None = None
    site: Words | None = None
    longest_diameter_mm: Number | None = None
    short_axis_mm: Number | None = None
    malignant: Flag | None = None
    margins_measurable: Flag | None = None
    soft_tissue_component: Flag | None = None
    locoregional_treated: Flag | None = None
    progressed_after_locoregional: Flag | None = None
    evidence: Evidence | None = None


class Imaging(_Block):
    """Examinations, filling defects and lesions."""

    studies: tuple[ImagingStudy, ...] | None = None
    studies_complete: Flag | None = None
    thrombi: tuple[Thrombus, ...] | None = None
    thrombi_complete: Flag | None = None
    lesions: tuple[Lesion, ...] | None = None
    lesions_complete: Flag | None = None


Analyte = Literal[
    "hemoglobin", "anc", "platelets", "bilirubin_total", "albumin", "alt", "ast", "inr", "creatinine"
]


class Lab(_Block):
    """One laboratory result as the laboratory wrote it; limits in the unit of the value."""

    analyte: Analyte
    value: Number | None = None
    comparator: Annotated[Literal["<", "<=", ">", ">=", "="] | None, BeforeValidator(_comparator)] = None
    unit: Words | None = None
    uln: Number | None = None
    lln: Number | None = None
    reference_range_kind: Literal["normal", "therapeutic"] | None = None
    date: Day | None = None
    source: Words | None = None
    source_id: Words | None = None
    note: Words | None = None


class Liver(_Block):
    """Liver function as examined."""

    ascites: Literal["none", "mild", "moderate", "severe"] | None = None
    ascites_intractable: Flag | None = None
    encephalopathy_grade: Annotated[Whole, Field(ge=0, le=4)] | None = None
    child_pugh_reported_class: Literal["A", "B", "C"] | None = None


class Performance(_Block):
    """ECOG performance status."""

    ecog: Annotated[Whole, Field(ge=0, le=5)] | None = None
    date: Day | None = None


class Vitals(_Block):
    """Actual body weight and height."""

    weight_kg: Number | None = None
    height_cm: Number | None = None
    date: Day | None = None


Serology = Literal["positive", "negative"]
Genome = Literal["detectable", "undetectable"]


class Virology(_Block):
    """Hepatitis B and C."""

    hbsag: Serology | None = None
    anti_hcv: Serology | None = None
    anti_hbc: Serology | None = None
    hbv_dna: Genome | None = None
    hcv_rna: Genome | None = None
    hbv_antiviral: Flag | None = None
    hcv_antiviral: Flag | None = None


class SystemicTherapy(_Block):
    """One systemic therapy."""

    drugs: tuple[Words, ...] | None = None
    classes: tuple[Words, ...] | None = None
    setting: Literal["advanced", "adjuvant", "neoadjuvant", "local"] | None = None
    line: Annotated[Whole, Field(ge=1, le=20)] | None = None
    start: Day | None = None
    end: Day | None = None
    note: Words | None = None


class LocoregionalTherapy(_Block):
    """One locoregional therapy."""

    type: Literal["RFA", "MWA", "CRYO", "TACE", "TARE", "TAE", "EBRT"] | None = None
    site: Words | None = None
    intent: Literal["palliative", "curative_or_control"] | None = None
    start: Day | None = None
    end_date: Day | None = None
    complications_recovered: Flag | None = None
    note: Words | None = None


class Treatments(_Block):
    """Therapies before the trial."""

    systemic: tuple[SystemicTherapy, ...] | None = None
    systemic_complete: Flag | None = None
    locoregional: tuple[LocoregionalTherapy, ...] | None = None
    locoregional_complete: Flag | None = None
    planned_rt_field_overlaps_prior_rt: Flag | None = None


class Immunosuppressant(_Block):
    """One drug that dampens immunity."""

    drug: Words | None = None
    kind: Literal["corticosteroid", "other_immunosuppressant"] | None = None
    route: Literal["oral", "iv", "im", "sc", "inhaled", "topical"] | None = None
    dose_mg_per_day: Number | None = None
    start: Day | None = None
    end: Day | None = None
    ongoing: Flag | None = None
    note: Words | None = None


class AutoimmuneDisease(_Block):
    """One autoimmune disease, active or past."""

    condition: Words | None = None
    category: Literal["hypothyroidism", "type_1_diabetes", "chronic_skin", "other"] | None = None
    active: Flag | None = None
    controlled: Flag | None = None
    on_insulin: Flag | None = None
    stable_on_hormone_replacement: Flag | None = None
    requires_systemic_therapy: Flag | None = None
    note: Words | None = None


class OtherMalignancy(_Block):
    """A malignancy other than hepatocellular carcinoma."""

    type: Words | None = None
    last_active_date: Day | None = None
    negligible_risk: Flag | None = None
    note: Words | None = None


class Comorbidity(_Block):
    """Other diseases; an event of unknown day is a null in its list."""

    autoimmune: tuple[AutoimmuneDisease, ...] | None = None
    autoimmune_complete: Flag | None = None
    immune_deficiency: Flag | None = None
    allogeneic_sct_or_organ_transplant: Flag | None = None
    severe_anaphylaxis_to_antibody_or_fusion_protein: Flag | None = None
    brain_metastasis: Literal["none", "active", "treated_stable"] | None = None
    leptomeningeal_metastasis: Flag | None = None
    other_malignancies: tuple[OtherMalignancy, ...] | None = None
    other_malignancies_complete: Flag | None = None
    nyha_class: Annotated[Whole, Field(ge=1, le=4)] | None = None
    myocardial_infarction_dates: tuple[Day | None, ...] | None = None
    myocardial_infarction_dates_complete: Flag | None = None
    cerebrovascular_accident_dates: tuple[Day | None, ...] | None = None
    cerebrovascular_accident_dates_complete: Flag | None = None
    unstable_arrhythmia: Flag | None = None
    unstable_angina: Flag | None = None
    other_uncontrolled_severe_illness: Flag | None = None


class Reproductive(_Block):
    """Pregnancy, breastfeeding and promises."""

    childbearing_potential: Flag | None = None
    pregnant: Flag | None = None
    breastfeeding: Flag | None = None
    agrees_contraception: Flag | None = None
    agrees_no_sperm_donation: Flag | None = None


class Investigator(_Block):
    """The investigator's signed judgements."""

    name: Words | None = None
    date: Day | None = None
    excess_risk: Flag | None = None
    unlikely_to_comply: Flag | None = None


class Record(_Block):
    """One patient. null or absent = unknown, [] = known to be none, false = known negative."""

    schema_version: Annotated[Literal["1.0"] | None, BeforeValidator(_version)] = None
    patient_id: Words | None = None
    reference_dates: ReferenceDates | None = None
    demographics: Demographics | None = None
    consent: Consent | None = None
    diagnosis: Diagnosis | None = None
    disease: Disease | None = None
    imaging: Imaging | None = None
    labs: tuple[Lab, ...] | None = None
    labs_complete: Flag | None = None
    liver: Liver | None = None
    performance: Performance | None = None
    vitals: Vitals | None = None
    virology: Virology | None = None
    treatments: Treatments | None = None
    immunosuppressants: tuple[Immunosuppressant, ...] | None = None
    immunosuppressants_complete: Flag | None = None
    comorbidity: Comorbidity | None = None
    reproductive: Reproductive | None = None
    investigator: Investigator | None = None
