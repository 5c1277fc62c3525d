"""What a criterion may ask of a patient. Every field may be None: not recorded.

``None`` is unknown, ``()`` is known to be none, ``False`` is a known negative; the three are never mixed.
Attribute names are the field names of the patient record, so that ``facts.liver.ascites`` is the record's
``liver.ascites``. Numbers are Decimal, dates are ranges of days.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from eligibility.dates import PartialDate
from recist.lesion import LesionKind
from recist.measurability import Measurability


class Statement(StrEnum):
    """A reader's answer. Not asked is None, which is something else."""

    YES = "yes"
    NO = "no"
    UNCERTAIN = "uncertain"


class Measured(StrEnum):
    """What a number says of an imaging feature."""

    POSITIVE = "POSITIVE"
    NEGATIVE = "NEGATIVE"
    INDETERMINATE = "INDETERMINATE"
    NOT_COMPUTABLE = "NOT_COMPUTABLE"


class Source(StrEnum):
    """Who speaks. Only a reader decides."""

    READER = "reader"
    MODEL = "model"
    SCRIPT = "script"


def statement(value: bool | str | None) -> Statement | None:
    """A recorded yes, no or ``uncertain`` as a statement.

    >>> statement(True), statement(None)
    (<Statement.YES: 'yes'>, None)
    """
    if value is None:
        return None
    if isinstance(value, bool):
        return Statement.YES if value else Statement.NO
    return Statement(value)


@dataclass(frozen=True, slots=True)
class ImagingStudy:
    """One examination. Modality as DICOM writes it: CT, MR."""

    id: str | None = None
    date: PartialDate | None = None
    modality: str | None = None
    dynamic: bool | None = None
    slice_thickness_mm: Decimal | None = None
    contrast_agent: str | None = None
    study_uid: str | None = None


@dataclass(frozen=True, slots=True)
class Thrombus:
    """One filling defect: what a reader states and what was measured.

    Attributes
    ----------
    study : str
        Id of the examination, the same for every feature of the defect.
    vessel : "portal_vein", "hepatic_vein" or "inferior_vena_cava"
    level : "Vp1" to "Vp4" or "Vv1" to "Vv3"
    measured_enhancement, measured_washout : Measured
        What the numbers say; None where nothing was measured.
    distance_to_primary_mm : Decimal
        Smallest distance between the masks of defect and primary tumor. [mm]
    source : Source
        Who made the statements; a model's or a script's never decide.
    """

    id: str | None = None
    study: str | None = None
    vessel: str | None = None
    level: str | None = None
    filling_defect: Statement | None = None
    adjacent_to_primary: Statement | None = None
    arterial_enhancement: Statement | None = None
    washout_portal: Statement | None = None
    washout_delayed: Statement | None = None
    source: Source = Source.READER
    reader: str | None = None
    measured_enhancement: Measured | None = None
    measured_washout: Measured | None = None
    distance_to_primary_mm: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ImagedLesion:
    """One lesion: diameters as a reader signs them, or a size that ``recist`` has ``judged`` already. [mm]

    ``kind`` is what was judged, None where nobody knows.
    ``outline_confirmed`` is False where the size comes from an outline that no reader has seen; ``remarks``
    are printed with the verdict.
    """

    id: str | None = None
    study: str | None = None
    site: str | None = None
    longest_diameter_mm: Decimal | None = None
    short_axis_mm: Decimal | None = None
    malignant: Statement | None = None
    margins_measurable: Statement | None = None
    soft_tissue_component: Statement | None = None
    locoregional_treated: Statement | None = None
    progressed_after_locoregional: Statement | None = None
    source: Source = Source.READER
    reader: str | None = None
    slice_spacing_mm: Decimal | None = None
    judged: Measurability | None = None
    kind: LesionKind | None = None
    outline_confirmed: bool = True
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Imaging:
    """Examinations, filling defects and lesions; ``recorded`` is what a record said before an assessment."""

    studies: tuple[ImagingStudy, ...] | None = None
    thrombi: tuple[Thrombus, ...] | None = None
    lesions: tuple[ImagedLesion, ...] | None = None
    recorded: Imaging | None = None


@dataclass(frozen=True, slots=True)
class ReferenceDates:
    """The days that windows count from."""

    consent: PartialDate | None = None
    screening: PartialDate | None = None
    treatment_start: PartialDate | None = None


@dataclass(frozen=True, slots=True)
class Demographics:
    """Sex at birth, ``male`` or ``female``, and date of birth."""

    sex: str | None = None
    birth_date: PartialDate | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """Whether the consent form is signed."""

    signed: bool | None = None


@dataclass(frozen=True, slots=True)
class IndexNodule:
    """The nodule a clinical diagnosis rests on."""

    size_mm: Decimal | None = None
    arterial_phase_hyperenhancement: bool | None = None
    washout_portal_or_delayed: bool | None = None
    targetoid_or_marked_t2: bool | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Basis ``histology`` or ``clinical``; histology ``hcc``, ``fibrolamellar`` or ``sarcomatoid``."""

    basis: str | None = None
    histology: str | None = None
    risk_factors: tuple[str, ...] | None = None
    index_nodule: IndexNodule = field(default_factory=IndexNodule)


@dataclass(frozen=True, slots=True)
class Disease:
    """The investigator's judgement of the extent of disease."""

    unresectable: bool | None = None
    locally_advanced: bool | None = None
    metastatic: bool | None = None


@dataclass(frozen=True, slots=True)
class LabResult:
    """One laboratory result as the laboratory wrote it; ``uln`` in the unit of the value."""

    analyte: str
    value: Decimal | None = None
    comparator: str | None = None
    unit: str | None = None
    uln: Decimal | None = None
    lln: Decimal | None = None
    reference_range_kind: str | None = None
    date: PartialDate | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Liver:
    """Ascites ``none``, ``mild``, ``moderate`` or ``severe``; West Haven grade 0 to 4."""

    ascites: str | None = None
    ascites_intractable: bool | None = None
    encephalopathy_grade: int | None = None
    child_pugh_reported_class: str | None = None


@dataclass(frozen=True, slots=True)
class Performance:
    """ECOG performance status, 0 to 5."""

    ecog: int | None = None
    date: PartialDate | None = None


@dataclass(frozen=True, slots=True)
class Vitals:
    """Actual body weight and height. [kg, cm]"""

    weight_kg: Decimal | None = None
    height_cm: Decimal | None = None
    date: PartialDate | None = None


@dataclass(frozen=True, slots=True)
class Virology:
    """Hepatitis serology (``positive``/``negative``) and genomes (``detectable``/``undetectable``)."""

    hbsag: str | None = None
    anti_hcv: str | None = None
    anti_hbc: str | None = None
    hbv_dna: str | None = None
    hcv_rna: str | None = None
    hbv_antiviral: bool | None = None
    hcv_antiviral: bool | None = None


@dataclass(frozen=True, slots=True)
class SystemicTherapy:
    """One systemic therapy; setting ``advanced``, ``adjuvant``, ``neoadjuvant`` or ``local``."""

    drugs: tuple[str, ...] | None = None
    setting: str | None = None
    line: int | None = None
    start: PartialDate | None = None
    end: PartialDate | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class LocoregionalTherapy:
    """One locoregional therapy; type RFA, MWA, CRYO, TACE, TARE, TAE or EBRT."""

    type: str | None = None
    site: str | None = None
    intent: str | None = None
    end_date: PartialDate | None = None
    complications_recovered: bool | None = None


@dataclass(frozen=True, slots=True)
class Treatments:
    """Therapies before the trial."""

    systemic: tuple[SystemicTherapy, ...] | None = None
    locoregional: tuple[LocoregionalTherapy, ...] | None = None
    planned_rt_field_overlaps_prior_rt: bool | None = None


@dataclass(frozen=True, slots=True)
class Immunosuppressant:
    """One drug that dampens immunity; kind ``corticosteroid`` or ``other_immunosuppressant``."""

    drug: str | None = None
    kind: str | None = None
    route: str | None = None
    dose_mg_per_day: Decimal | None = None
    start: PartialDate | None = None
    end: PartialDate | None = None
    ongoing: bool | None = None


@dataclass(frozen=True, slots=True)
class AutoimmuneDisease:
    """One disease; category ``hypothyroidism``, ``type_1_diabetes``, ``chronic_skin`` or ``other``."""

    condition: str | None = None
    category: str | None = None
    active: bool | None = None
    controlled: bool | None = None
    on_insulin: bool | None = None
    stable_on_hormone_replacement: bool | None = None
    requires_systemic_therapy: bool | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class OtherMalignancy:
    """A malignancy other than the one under study."""

    type: str | None = None
    last_active_date: PartialDate | None = None
    negligible_risk: bool | None = None


@dataclass(frozen=True, slots=True)
class Comorbidity:
    """Other diseases; lists of dates may hold None for an event whose day is not known."""

    autoimmune: tuple[AutoimmuneDisease, ...] | None = None
    immune_deficiency: bool | None = None
    allogeneic_sct_or_organ_transplant: bool | None = None
    severe_anaphylaxis_to_antibody_or_fusion_protein: bool | None = None
    brain_metastasis: str | None = None
    leptomeningeal_metastasis: bool | None = None
    other_malignancies: tuple[OtherMalignancy, ...] | None = None
    nyha_class: int | None = None
    myocardial_infarction_dates: tuple[PartialDate | None, ...] | None = None
    cerebrovascular_accident_dates: tuple[PartialDate | None, ...] | None = None
    unstable_arrhythmia: bool | None = None
    unstable_angina: bool | None = None
    other_uncontrolled_severe_illness: bool | None = None


@dataclass(frozen=True, slots=True)
class Reproductive:
    """Pregnancy, breastfeeding and the promises a participant makes."""

    childbearing_potential: bool | None = None
    pregnant: bool | None = None
    breastfeeding: bool | None = None
    agrees_contraception: bool | None = None
    agrees_no_sperm_donation: bool | None = None


@dataclass(frozen=True, slots=True)
class Investigator:
    """The investigator's judgements, which count once signed with name and date."""

    name: str | None = None
    date: PartialDate | None = None
    excess_risk: bool | None = None
    unlikely_to_comply: bool | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a recorded value comes from."""

    source: str | None = None
    recorded_on: PartialDate | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class PatientFacts:
    """Everything known about one patient.

    Attributes
    ----------
    incomplete : frozenset of str
        Paths of lists that may lack entries, such as ``treatments.systemic``.
    provenance : mapping
        Path of a value to where it comes from.
    """

    patient_id: str | None = None
    reference_dates: ReferenceDates = field(default_factory=ReferenceDates)
    demographics: Demographics = field(default_factory=Demographics)
    consent: Consent = field(default_factory=Consent)
    diagnosis: Diagnosis = field(default_factory=Diagnosis)
    disease: Disease = field(default_factory=Disease)
    imaging: Imaging = field(default_factory=Imaging)
    labs: tuple[LabResult, ...] | None = None
    liver: Liver = field(default_factory=Liver)
    performance: Performance = field(default_factory=Performance)
    vitals: Vitals = field(default_factory=Vitals)
    virology: Virology = field(default_factory=Virology)
    treatments: Treatments = field(default_factory=Treatments)
    immunosuppressants: tuple[Immunosuppressant, ...] | None = None
    comorbidity: Comorbidity = field(default_factory=Comorbidity)
    reproductive: Reproductive = field(default_factory=Reproductive)
    investigator: Investigator = field(default_factory=Investigator)
    incomplete: frozenset[str] = frozenset()
    provenance: Mapping[str, Provenance] = field(default_factory=dict)
