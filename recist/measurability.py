"""Measurable, not measurable, unknown: and by which rule.

Two questions, kept apart:

* :func:`judge_size` asks what size, slices, plane and kind allow (rules M, N, B, Y, X, G, H1);
* :func:`judge` asks the reader's facts as well: margins, whole lesion, earlier treatment (H2, H5, P1).

A definite "no" outranks an unknown, an unknown outranks a "yes". The sentences of the rules are in
``recist.rules``; thresholds stand here, once, next to the rule that uses them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from recist.lengths import at_least, shown_mm
from recist.lesion import LesionKind, MeasuredLesion, Modality
from recist.organs import at_porta_hepatis, organ_of
from recist.rules import RULES

#: M1, M4: shortest measurable longest diameter (RECIST 1.1, 3.1). [mm]
LONG_AXIS_MM = 10.0
#: M5: the same on a chest X-ray (RECIST 1.1, 3.1). [mm]
CHEST_X_RAY_MM = 20.0
#: N1: shortest measurable short axis of a node (RECIST 1.1, 3.1). [mm]
NODE_TARGET_MM = 15.0
#: N2, N3: below this short axis a node is normal (RECIST 1.1, 3.1). [mm]
NODE_PATHOLOGICAL_MM = 10.0
#: M2, N4: a lesion must span this many slices (RECIST 1.1, 3.1). [slices]
SLICES_SPANNED = 2.0
#: M1: slices up to this thickness are "5 mm"; the hundredth allows for noise in headers (G4). [mm]
THIN_SLICE_MM = 5.01
#: H3: a porta hepatis node counts as malignant from this short axis (mRECIST). [mm]
PORTA_HEPATIS_NODE_MM = 20.0
#: G8: up to here a plane is axial, up to the second "oblique axial". [degrees]
AXIAL_DEGREES, OBLIQUE_AXIAL_DEGREES = 10.0, 30.0
#: G8: CT may be measured in another plane if its voxels are this close to cubes.
ISOTROPIC_RATIO = 1.5
#: Closer to a limit than this, a second reader is asked for; inter-reader limits of one lesion are
#: about -22 % to +25 % (S. H. Yoon et al., Eur J Cancer 53 (2016) 5-15). [mm]
BORDERLINE_MM = 1.0


class Status(StrEnum):
    """The answer for one lesion."""

    MEASURABLE = "MEASURABLE"
    NOT_MEASURABLE = "NOT_MEASURABLE"
    UNKNOWN = "UNKNOWN"
    EXCLUDED = "EXCLUDED"  # not a lesion at all: simple cyst, normal node


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurability:
    """The verdict on one lesion, with everything it rests on.

    Attributes
    ----------
    status : Status
    rule : str
        Id of the rule that decided, see ``recist.rules``.
    threshold_mm, value_mm : float or None
        What was compared with what; None where no length decided. [mm]
    effective_slice_mm : float or None
        Larger of slice thickness and spacing. [mm]
    borderline : bool
        Within 1 mm of the threshold, or the pixel grid leaves both sides open: ask a second reader.
    message : str
        One sentence for people, with the numbers that were compared.
    source : str
        Where the rule is written.
    overlay : tuple of str
        Ids of the HCC rules (H1..H6) that apply.
    notes : tuple of str
        What every report must say beside the verdict.
    """

    status: Status
    rule: str
    message: str
    threshold_mm: float | None = None
    value_mm: float | None = None
    effective_slice_mm: float | None = None
    borderline: bool = False
    overlay: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """Where the rule is written."""
        return RULES[self.rule].source

    @property
    def says(self) -> str:
        """The rule as a sentence."""
        return RULES[self.rule].says


def judge(lesion: MeasuredLesion, *, hcc_overlay: bool = True) -> Measurability:
    """Whether a lesion is measurable at baseline by RECIST 1.1, reader's facts included.

    Parameters
    ----------
    lesion : MeasuredLesion
        What is not known is None.
    hcc_overlay : bool
        Apply the HCC rules H1..H6 as well (and name them); the default for this trial.

    Examples
    --------
    >>> mass = MeasuredLesion(
    ...     id="L1", kind=LesionKind.SOLID, modality=Modality.CT, long_axis_mm=22.4, slice_thickness_mm=2.5,
    ...     margins_measurable=True, previously_treated=False)
    >>> judge(mass).status, judge(mass).rule
    (<Status.MEASURABLE: 'MEASURABLE'>, 'M1')
    """
    size = judge_size(lesion, hcc_overlay=hcc_overlay)
    if size.status in (Status.NOT_MEASURABLE, Status.EXCLUDED):
        return size
    for status, rule, message in sorted(_reader_facts(lesion), key=lambda fact: fact[0] is Status.UNKNOWN):
        if status is Status.NOT_MEASURABLE or size.status is Status.MEASURABLE:
            overlay = size.overlay + ((rule,) if hcc_overlay and rule.startswith("H") else ())
            return replace(size, status=status, rule=rule, message=message, overlay=overlay)
    return size


def judge_size(lesion: MeasuredLesion, *, hcc_overlay: bool = True) -> Measurability:
    """What kind, size, slices and plane alone say; margins and treatment are not asked."""
    nature = _by_nature(lesion, hcc_overlay) or _by_modality(lesion)
    if nature is not None:
        return nature
    verdict = _node(lesion) if lesion.kind is LesionKind.NODE else _non_nodal(lesion)
    if hcc_overlay:
        verdict = _with_overlay(lesion, verdict)
    if lesion.truncated:
        message = "the lesion touches the edge of the volume: its diameter is a lower bound"
        return replace(verdict, status=Status.UNKNOWN, rule="T1", message=message)
    return _with_plane(lesion, verdict)


def effective_slice_mm(lesion: MeasuredLesion) -> float | None:
    """Larger of slice thickness and spacing (G2); None if neither is known. [mm]"""
    known = [mm for mm in (lesion.slice_thickness_mm, lesion.spacing_mm) if mm is not None]
    return max(known, default=None)


# --- what a lesion is -----------------------------------------------------------------------------

_TRULY_NON_MEASURABLE = {
    LesionKind.ASCITES: "ascites",
    LesionKind.EFFUSION: "an effusion",
    LesionKind.LEPTOMENINGEAL: "leptomeningeal disease",
    LesionKind.LYMPHANGITIC: "lymphangitic spread",
    LesionKind.INFLAMMATORY_BREAST: "inflammatory breast disease",
    LesionKind.PALPABLE_MASS: "a mass known by palpation only",
}


def _by_nature(lesion: MeasuredLesion, hcc_overlay: bool) -> Measurability | None:
    """What can be said without any length."""
    if lesion.kind is LesionKind.SIMPLE_CYST:
        return Measurability(status=Status.EXCLUDED, rule="Y1", message="a simple cyst is not a tumor lesion")
    if lesion.kind is LesionKind.BONE_BLASTIC:
        return _not("B2", "bone without a soft-tissue part that can be measured")
    if lesion.kind in _TRULY_NON_MEASURABLE:
        fluid = lesion.kind in (LesionKind.ASCITES, LesionKind.EFFUSION)
        overlay = ("H4",) if fluid and hcc_overlay else ()
        return _not("X1", f"{_TRULY_NON_MEASURABLE[lesion.kind]} is not measurable", overlay)
    if lesion.kind is LesionKind.THROMBUS:
        if hcc_overlay:
            return _not("H1", "tumor thrombus is not measurable and never a target", ("H1",))
        return _unknown("K1", "RECIST 1.1 does not speak of tumor thrombus: the reader decides")
    if lesion.kind is LesionKind.INFILTRATIVE:
        return _not("H2", "infiltrative: no border to measure between", ("H2",) if hcc_overlay else ())
    return None


def _by_modality(lesion: MeasuredLesion) -> Measurability | None:
    """What can be said from how the lesion was seen."""
    if lesion.modality is Modality.ULTRASOUND:
        return _not("M6", "seen on ultrasound, which is never used to measure")
    if lesion.modality in (Modality.PLAIN_FILM, Modality.BONE_SCAN, Modality.PET):
        return _not("B2", f"{lesion.modality.value} is not adequate to measure a lesion")
    if lesion.modality is Modality.MR and organ_of(lesion.organ, lesion.kind) == "lung":
        return _unknown("M3", "RECIST 1.1 does not accept MR of the lung")
    return None


# --- how long it is -------------------------------------------------------------------------------


def _non_nodal(lesion: MeasuredLesion) -> Measurability:
    length = lesion.long_axis_mm
    if length is None:
        return _unknown("X2", "the longest diameter is not known")
    if lesion.modality is Modality.CHEST_X_RAY:
        return _compare("M5", "longest diameter", length, CHEST_X_RAY_MM, lesion)
    if lesion.modality is Modality.CALIPERS:
        return _compare("M4", "longest diameter", length, LONG_AXIS_MM, lesion)
    slice_mm = effective_slice_mm(lesion)
    thick = slice_mm is not None and slice_mm > THIN_SLICE_MM
    threshold = max(LONG_AXIS_MM, SLICES_SPANNED * slice_mm) if thick and slice_mm else LONG_AXIS_MM
    verdict = _compare(_rule_of(lesion, thick), "longest diameter", length, threshold, lesion)
    if not at_least(length, LONG_AXIS_MM):
        return verdict  # below 10 mm under every rule
    return _if_known(lesion, verdict, LONG_AXIS_MM)


def _rule_of(lesion: MeasuredLesion, thick: bool) -> str:
    if lesion.kind is LesionKind.BONE_SOFT_TISSUE:
        return "B1"
    if lesion.kind is LesionKind.CYSTIC:
        return "Y2"
    if lesion.modality is Modality.MR:
        return "M3"
    return "M2" if thick else "M1"


def _node(lesion: MeasuredLesion) -> Measurability:
    length = lesion.short_axis_mm
    if length is None:
        return _unknown("N1", "the short axis of the node is not known")
    if lesion.modality in (Modality.CHEST_X_RAY, Modality.CALIPERS):
        return _unknown("N1", f"nodes are measured on CT or MR, not by {lesion.modality.value}")
    if not at_least(length, NODE_PATHOLOGICAL_MM):
        verdict = _compare("N3", "short axis", length, NODE_PATHOLOGICAL_MM, lesion)
        return replace(verdict, status=Status.EXCLUDED)
    slice_mm = effective_slice_mm(lesion)
    double = SLICES_SPANNED * slice_mm if slice_mm is not None else 0.0
    threshold = max(NODE_TARGET_MM, double)
    rule = "N4" if double > NODE_TARGET_MM else "N1" if at_least(length, NODE_TARGET_MM) else "N2"
    verdict = _compare(rule, "short axis", length, threshold, lesion)
    largest = lesion.largest_short_axis_mm
    if largest is not None and at_least(largest, threshold) != at_least(length, threshold):
        note = f"another slice has a short axis of {shown_mm(largest, threshold)} mm"
        verdict = replace(verdict, borderline=True, notes=(*verdict.notes, note))
    return verdict if rule == "N2" else _if_known(lesion, verdict, NODE_TARGET_MM)


def _compare(rule: str, what: str, length: float, threshold: float, lesion: MeasuredLesion) -> Measurability:
    """Compare unrounded; flag what is too close to call for one reader."""
    reached = at_least(length, threshold)
    low, high = lesion.interval_mm or (length, length)
    open_ = at_least(high, threshold) and not at_least(low, threshold)
    sign = ">=" if reached else "<"
    return Measurability(
        status=Status.MEASURABLE if reached else Status.NOT_MEASURABLE,
        rule=rule,
        threshold_mm=threshold,
        value_mm=length,
        effective_slice_mm=effective_slice_mm(lesion),
        borderline=open_ or abs(length - threshold) < BORDERLINE_MM,
        message=f"{what} {shown_mm(length, threshold)} mm ({sign} {threshold:g} mm)",
    )


def _if_known(lesion: MeasuredLesion, verdict: Measurability, floor_mm: float) -> Measurability:
    """Withhold a verdict that rests on facts nobody recorded (K1, G5)."""
    if lesion.kind is None:
        return replace(
            verdict, status=Status.UNKNOWN, rule="K1", message="what the lesion is, is not recorded"
        )
    if lesion.modality is None:
        return replace(verdict, status=Status.UNKNOWN, rule="K1", message="the modality is not recorded")
    if lesion.slice_thickness_mm is not None:
        return verdict
    spacing = lesion.spacing_mm
    if spacing is None:
        why = "neither slice thickness nor spacing is recorded"
    elif spacing > floor_mm / SLICES_SPANNED + 0.01 or verdict.status is Status.NOT_MEASURABLE:
        why = f"slice thickness is not recorded and slices are {spacing:.2f} mm apart"
    else:
        note = f"slice thickness not recorded: the spacing of {spacing:.2f} mm stands for it"
        return replace(verdict, notes=(*verdict.notes, note))
    return replace(verdict, status=Status.UNKNOWN, rule="G5", message=f"{why}: {verdict.message} is open")


# --- plane, overlay, reader's facts ---------------------------------------------------------------


def _with_plane(lesion: MeasuredLesion, verdict: Measurability) -> Measurability:
    """Rule G8: planes other than axial."""
    tilt = lesion.plane_degrees_from_axial
    if tilt is None or tilt <= AXIAL_DEGREES:
        return verdict
    if tilt <= OBLIQUE_AXIAL_DEGREES:
        return replace(verdict, notes=(*verdict.notes, f"oblique axial: tilted {tilt:.0f} degrees"))
    as_acquired = lesion.modality is Modality.MR and lesion.plane_acquired is True
    isotropic = lesion.voxel_anisotropy is not None and lesion.voxel_anisotropy <= ISOTROPIC_RATIO
    if as_acquired or (isotropic and lesion.modality is Modality.CT):
        note = f"plane {tilt:.0f} degrees from axial: use the same plane at every time point"
        return replace(verdict, notes=(*verdict.notes, note))
    message = f"the plane is {tilt:.0f} degrees from axial and not known to be acquired or isotropic"
    return replace(verdict, status=Status.UNKNOWN, rule="G8", message=message)


def _with_overlay(lesion: MeasuredLesion, verdict: Measurability) -> Measurability:
    """Rules H3 and H6: warnings that never change the RECIST verdict."""
    ids, notes = [], []
    short = lesion.short_axis_mm or 0.0
    portal = lesion.kind is LesionKind.NODE and at_porta_hepatis(lesion.organ)
    if portal and at_least(short, NODE_TARGET_MM) and not at_least(short, PORTA_HEPATIS_NODE_MM):
        ids.append("H3")
        shown = shown_mm(short, PORTA_HEPATIS_NODE_MM)
        notes.append(f"a porta hepatis node of {shown} mm (< 20 mm) may be reactive in cirrhosis (H3)")
    if lesion.contiguous_thrombus:
        ids.append("H6")
        notes.append("tumor grows into a vein: measure the mass only, not down the vein (H6)")
    return replace(verdict, overlay=verdict.overlay + tuple(ids), notes=verdict.notes + tuple(notes))


def _reader_facts(lesion: MeasuredLesion) -> list[tuple[Status, str, str]]:
    """Facts only a reader or the history can give, as far as they stand in the way."""
    facts = []
    if lesion.margins_measurable is False:
        facts.append((Status.NOT_MEASURABLE, "H2", "the reader finds no measurable margins"))
    elif lesion.margins_measurable is None:
        facts.append((Status.UNKNOWN, "H2", "whether the margins can be measured is not recorded"))
    if lesion.whole_lesion is False:
        facts.append((Status.UNKNOWN, "H5", "only the enhancing part was measured, not the whole lesion"))
    if lesion.previously_treated is None:
        facts.append((Status.UNKNOWN, "P1", "whether the lesion was treated before is not recorded"))
    elif lesion.previously_treated and lesion.progressed is None:
        facts.append((Status.UNKNOWN, "P1", "treated before; whether it progressed since is not known"))
    elif lesion.previously_treated and not lesion.progressed:
        facts.append((Status.NOT_MEASURABLE, "P1", "treated before and not progressed since"))
    return facts


def _not(rule: str, message: str, overlay: tuple[str, ...] = ()) -> Measurability:
    return Measurability(status=Status.NOT_MEASURABLE, rule=rule, message=message, overlay=overlay)


def _unknown(rule: str, message: str) -> Measurability:
    return Measurability(status=Status.UNKNOWN, rule=rule, message=message)
