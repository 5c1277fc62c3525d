"""At least one measurable target lesion, and what earlier locoregional therapy leaves of it.

Size is ``recist``'s to judge. A tumor thrombus is never a target; a lesion that was treated counts only if it
has progressed since, judged lesion by lesion.

References
----------
Eisenhauer et al., Eur J Cancer 2009;45:228-247 (RECIST 1.1), sections 3.1 and 3.2.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from eligibility.answers import (
    Ask,
    all_of,
    any_of,
    cite,
    exists,
    known,
    negated,
    not_recorded,
    noted,
    unknown,
)
from eligibility.imaging_evidence import stated, study_named, unless_contradicted
from eligibility.patient import ImagedLesion, Imaging, ImagingStudy, Statement
from eligibility.truth import Truth
from eligibility.vascular_invasion import DYNAMIC_CT
from eligibility.verdict import Answer, Evidence, Missing, Reason
from recist.lesion import LesionKind, MeasuredLesion, Modality
from recist.measurability import Status, judge_size
from recist.organs import kind_of_organ, organ_of, plain_words

_PATH = "imaging.lesions"
_SITES = ("liver", "lymph_node", "bone", "lung", "tumor_thrombus")
#: Values around the limits of RECIST 1.1. [mm]
_LENGTHS_MM = tuple(Decimal(mm) for mm in ("5", "9.9", "10", "14.9", "15", "20", "60"))
_SLICES_MM = tuple(Decimal(mm) for mm in ("3", "5", "8", "40"))

#: What is no lesion with borders, wherever it lies.
_NEVER_MEASURED = {
    "ascites": LesionKind.ASCITES,
    "effusion": LesionKind.EFFUSION,
    "leptomening": LesionKind.LEPTOMENINGEAL,
    "lymphangi": LesionKind.LYMPHANGITIC,
}
_MODALITIES = {
    "CT": Modality.CT,
    "MR": Modality.MR,
    "MRI": Modality.MR,
    "US": Modality.ULTRASOUND,
    "CEUS": Modality.ULTRASOUND,
    "PT": Modality.PET,
    "PET": Modality.PET,
    "CR": Modality.CHEST_X_RAY,
    "DX": Modality.CHEST_X_RAY,
}


def has_measurable_target_lesion(ask: Ask) -> Answer:
    """I5: some lesion is malignant, measurable by RECIST 1.1 and untreated or progressed since (5.a)."""
    return _for_both(ask)


def has_untreated_or_progressed_lesion(ask: Ask) -> Answer:
    """I5.a: some lesion is untreated, or has progressed since its treatment; size is I5's to judge."""

    def judge(imaging: Imaging) -> Answer:
        return exists(
            ask,
            imaging.lesions,
            _PATH,
            "lesion",
            lambda lesion, path: untreated_or_progressed(ask, lesion, path),
        )

    now = ask.facts.imaging
    before = judge(now.recorded) if now.recorded is not None else None
    return unless_contradicted(judge(now), before)


def _for_both(ask: Ask) -> Answer:
    def judge(imaging: Imaging) -> Answer:
        return exists(
            ask,
            imaging.lesions,
            _PATH,
            "target lesion",
            lambda lesion, path: is_target(ask, imaging, lesion, path),
            samples=_samples(imaging),
        )

    now = ask.facts.imaging
    before = judge(now.recorded) if now.recorded is not None else None
    return unless_contradicted(judge(now), before)


def is_target(ask: Ask, imaging: Imaging, lesion: ImagedLesion, path: str) -> Answer:
    """Whether one lesion may be a target lesion."""
    return all_of(
        _is_target_by_size(ask, imaging, lesion, path),
        untreated_or_progressed(ask, lesion, path),
    )


def _is_target_by_size(ask: Ask, imaging: Imaging, lesion: ImagedLesion, path: str) -> Answer:
    return all_of(
        _said(ask, lesion, path, "malignant", f"lesion {lesion.id or path}: malignant"),
        _said(ask, lesion, path, "margins_measurable", "margins that can be measured"),
        is_measurable(ask, imaging, lesion, path),
    )


def _said(ask: Ask, lesion: ImagedLesion, path: str, field: str, label: str) -> Answer:
    value: Statement | None = getattr(lesion, field)
    return stated(ask, value, f"{path}.{field}", label, source=lesion.source, parent=path)


def untreated_or_progressed(ask: Ask, lesion: ImagedLesion, path: str) -> Answer:
    """Never treated locally, or progressed since by RECIST 1.1."""
    treated = _said(ask, lesion, path, "locoregional_treated", "earlier locoregional treatment")
    if treated.truth is Truth.FALSE:
        return negated(treated)
    progressed = _said(
        ask, lesion, path, "progressed_after_locoregional", "progressed after locoregional therapy"
    )
    return any_of(negated(treated), all_of(treated, progressed))


def is_measurable(ask: Ask, imaging: Imaging, lesion: ImagedLesion, path: str) -> Answer:
    """Size, slices and kind by RECIST 1.1, rules M, N, B, X and H1."""
    kind = lesion.kind or _kind(ask, lesion)
    if kind is None and (lesion.judged is None or lesion.judged.status is Status.UNKNOWN):
        return _kind_open(lesion, path)
    study = study_named(imaging, lesion.study)
    judged = lesion.judged or judge_size(_measured(lesion, study, kind))
    evidence = _evidence(lesion, study, kind, path, judged.message)
    name = lesion.id or path
    message = f"lesion {name}: {judged.message} [{judged.rule}]"
    if judged.status is Status.UNKNOWN:
        return unknown(
            message,
            _open_reason(lesion, study, kind),
            _size_missing(imaging, lesion, study, kind, path),
            evidence,
        )
    if not lesion.outline_confirmed:
        confirm = Missing(f"{path}.outline_confirmed", f"a reader's confirmation of the outline of {name}")
        proposed = f"{message}, on an outline that no reader has confirmed"
        return unknown(proposed, Reason.AWAITING_READER, [confirm], evidence)
    answer = known(judged.status is Status.MEASURABLE, message, *evidence)
    notes = [f"{path}: {note}" for note in (*judged.notes, *lesion.remarks)]
    if judged.borderline:
        notes.append(f"{path}: within 1 mm of the limit, ask a second reader")
    return noted(answer, *notes)


def _kind(ask: Ask, lesion: ImagedLesion) -> LesionKind | None:
    """What the site says the lesion is; None where it leaves that open (bone, words not understood)."""
    words = plain_words(lesion.site)
    never = next((kind for word, kind in _NEVER_MEASURED.items() if word in words), None)
    kind = never or kind_of_organ(words)
    if kind is LesionKind.THROMBUS and ask.reading("P07") == "reader":
        return LesionKind.SOLID
    if kind is not None or organ_of(words) != "bone" or lesion.soft_tissue_component is None:
        return kind
    has_soft_tissue = lesion.soft_tissue_component is Statement.YES
    return LesionKind.BONE_SOFT_TISSUE if has_soft_tissue else LesionKind.BONE_BLASTIC


def _kind_open(lesion: ImagedLesion, path: str) -> Answer:
    """Why the kind of a lesion cannot be told: nodes, bone and veins count differently."""
    if lesion.site is None:
        return not_recorded(f"{path}.site", "site of the lesion", _SITES)
    if organ_of(lesion.site) == "bone":
        label = "soft-tissue component of the bone lesion"
        return not_recorded(f"{path}.soft_tissue_component", label, (Statement.YES, Statement.NO))
    organ = Missing(
        f"{path}.site", f"whether {lesion.site!r} is an organ, a lymph node, bone or a vein", _SITES
    )
    name = lesion.id or path
    message = f"lesion {name}: site {lesion.site!r} is not understood; nodes and bone count differently"
    return unknown(message, Reason.NOT_ASSESSABLE, [organ], [cite(f"{path}.site", lesion.site)])


def _measured(lesion: ImagedLesion, study: ImagingStudy | None, kind: LesionKind | None) -> MeasuredLesion:
    thickness = study.slice_thickness_mm if study else None
    return MeasuredLesion(
        id=lesion.id or "lesion",
        kind=kind,
        organ=lesion.site,
        modality=_MODALITIES.get((study.modality or "").upper()) if study else None,
        long_axis_mm=_float(lesion.longest_diameter_mm),
        short_axis_mm=_float(lesion.short_axis_mm),
        slice_thickness_mm=_float(thickness),
        spacing_mm=_float(lesion.slice_spacing_mm),
    )


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _evidence(
    lesion: ImagedLesion, study: ImagingStudy | None, kind: LesionKind | None, path: str, compared: str
) -> list[Evidence]:
    node = kind is LesionKind.NODE
    field = "short_axis_mm" if node else "longest_diameter_mm"
    value = lesion.short_axis_mm if node else lesion.longest_diameter_mm
    cited = [
        cite(f"{path}.site", lesion.site, str(kind or "")),
        cite(f"{path}.{field}", value, compared, unit="mm"),
    ]
    if lesion.soft_tissue_component is not None:
        cited.append(cite(f"{path}.soft_tissue_component", lesion.soft_tissue_component))
    if study is not None:
        where = f"imaging.studies[{study.id}]"
        cited.append(cite(f"{path}.study", lesion.study))
        cited.append(cite(f"{where}.modality", study.modality))
        cited.append(cite(f"{where}.slice_thickness_mm", study.slice_thickness_mm, unit="mm"))
    return [e for e in cited if e.value is not None]


def _open_reason(lesion: ImagedLesion, study: ImagingStudy | None, kind: LesionKind | None) -> Reason:
    length = lesion.short_axis_mm if kind is LesionKind.NODE else lesion.longest_diameter_mm
    wanting = length is None or study is None or study.slice_thickness_mm is None
    return Reason.MISSING if wanting or study is None or study.modality is None else Reason.NOT_ASSESSABLE


def _size_missing(
    imaging: Imaging, lesion: ImagedLesion, study: ImagingStudy | None, kind: LesionKind | None, path: str
) -> list[Missing]:
    """What would have to be known to judge the size."""
    node = kind is LesionKind.NODE
    field = "short_axis_mm" if node else "longest_diameter_mm"
    missing = []
    if getattr(lesion, field) is None:
        label = "short axis of the node [mm]" if node else "longest diameter [mm]"
        missing.append(Missing(f"{path}.{field}", label, _LENGTHS_MM))
    if imaging.studies is None:
        missing.append(Missing("imaging.studies", "examination the lesion was measured on", (DYNAMIC_CT,)))
        return missing
    if study is None:
        ids = tuple(s.id for s in imaging.studies or () if s.id)
        missing.append(Missing(f"{path}.study", "examination the lesion was measured on", ids))
        return missing
    where = f"imaging.studies[{study.id}]"
    if study.modality is None:
        missing.append(Missing(f"{where}.modality", "modality of the examination", ("CT", "MR", "US")))
    if study.slice_thickness_mm is None:
        missing.append(Missing(f"{where}.slice_thickness_mm", "slice thickness [mm]", _SLICES_MM))
    return missing or [Missing(f"{path}.{field}", "a measurement on CT or MR")]


def _samples(imaging: Imaging) -> tuple[ImagedLesion, ...]:
    yes, no = Statement.YES, Statement.NO
    mass = ImagedLesion(
        site="liver",
        longest_diameter_mm=Decimal(60),
        malignant=yes,
        margins_measurable=yes,
        locoregional_treated=no,
    )
    studies = DYNAMIC_CT if imaging.studies is None else imaging.studies
    return tuple(replace(mass, study=s.id) for s in studies if s.id)
