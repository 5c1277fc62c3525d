"""The phantom's true answers come back, and everything that must not give an answer does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.errors import RegionError
from imaging.findings.assess_region import RegionFindings, assess_region, assess_regions
from imaging.findings.finding import Finding
from imaging.findings.guards import without_overridable
from imaging.findings.mr_scaling import scaling_doubts
from imaging.findings.policy import DEFAULT_POLICY
from imaging.findings.stability import stability
from imaging.geometry import VolumeGeometry
from imaging.phantom.phantom import Phantom, make_phantom
from imaging.phantom.reader import drawn_labels, drawn_regions
from imaging.phantom.spec import TWINS
from imaging.phases.phase import Phase, PhaseDecision, Role
from imaging.regions.region import Provenance, Region, RegionMask, RegionRole
from imaging.volume import Acquisition, AcquisitionHeader, Study, Volume

POS, NEG, IND, NA = (
    Finding.POSITIVE,
    Finding.NEGATIVE,
    Finding.INDETERMINATE,
    Finding.NOT_COMPUTABLE,
)


@cache
def twin(name: str) -> tuple[Phantom, Study, tuple[Region, ...], dict[str, PhaseDecision]]:
    """A phantom with its reader's regions and true phases."""
    spec = TWINS[name]
    phantom = make_phantom(replace(spec, shape=(24, 160, 160), spacing_mm=(5.0, 2.2, 2.2)))
    labels = {a.key: drawn_labels(phantom, a.key) for a in phantom.acquisitions}
    regions = tuple(
        Region(
            drawn.id,
            RegionRole(drawn.role),
            {
                a.key: RegionMask.from_full(labels[a.key] == drawn.label, a.volume.geometry)
                for a in phantom.acquisitions
                if (labels[a.key] == drawn.label).any()
            },
        )
        for drawn in drawn_regions(phantom)
    )
    decisions = {key: PhaseDecision(Role.IMAGE, phase, 1.0) for key, phase in phantom.phases().items()}
    return phantom, Study(phantom.acquisitions), regions, decisions


def region(regions: tuple[Region, ...], role: RegionRole) -> Region:
    return next(r for r in regions if r.role is role)


def answer(name: str, role: RegionRole = RegionRole.FILLING_DEFECT) -> RegionFindings:
    _, study, regions, decisions = twin(name)
    wanted = region(regions, role)
    return next(f for f in assess_regions(regions, study, decisions) if f.region_id == wanted.id)


TRUE_ANSWERS = {
    "tumor thrombus enhances and washes out": ("plain", POS, POS),
    "bland thrombus does neither": ("bland", NEG, NEG),
    "without an unenhanced phase nothing is said": ("no_unenhanced", NA, IND),
}


@pytest.mark.parametrize("name", TRUE_ANSWERS)
def test_the_phantoms_true_answers_come_back(name: str) -> None:
    spec, enhancement, washout = TRUE_ANSWERS[name]

    found = answer(spec)

    assert (found.enhancement.finding, found.washout.finding) == (enhancement, washout)


def test_an_early_arterial_phase_never_says_no() -> None:
    found = answer("early_arterial")

    assert found.enhancement.finding in (POS, IND)


def test_reference_liver_is_measured_and_not_judged() -> None:
    found = answer("plain", RegionRole.REFERENCE_LIVER)

    assert found.enhancement.finding is NA
    assert found.enhancement.difference is not None
    assert len(found.phases) == 4


NO_MASKS = {
    "labels, of which one is meant": lambda mask: np.where(mask, 3, 1),
    "probabilities": lambda mask: mask * 0.4,
    "not a number outside": lambda mask: np.where(mask, 1.0, np.nan),
}


@pytest.mark.parametrize("given", NO_MASKS.values(), ids=NO_MASKS)
def test_an_array_that_is_no_mask_is_not_taken_for_one(given: Callable[[np.ndarray], np.ndarray]) -> None:
    grid = twin("plain")[1].acquisitions[0].volume.geometry
    inside = np.zeros(grid.shape, dtype=bool)
    inside[8:10, 40:60, 40:60] = True

    assert RegionMask.from_full(inside.astype(np.uint8), grid).count == 800
    with pytest.raises(RegionError) as refusal:
        RegionMask.from_full(given(inside), grid)
    assert refusal.value.code == "NOT_A_MASK"


def test_two_regions_of_one_id_do_not_get_one_anothers_numbers() -> None:
    _, study, regions, decisions = twin("plain")
    with pytest.raises(RegionError) as refusal:
        assess_regions([replace(r, id="x") for r in regions], study, decisions)

    assert refusal.value.code == "ID_TWICE"


def test_a_role_may_be_given_by_its_name_and_by_no_other() -> None:
    _, study, regions, decisions = twin("plain")
    by_name = tuple(replace(r, role=str(r.role.value)) for r in regions)  # type: ignore[arg-type]

    assert assess_regions(by_name, study, decisions) == assess_regions(regions, study, decisions)
    for kind, word in (("role", "tumour"), ("vessel", "PV"), ("level", "Vp5")):
        with pytest.raises(RegionError, match=f"{kind} '{word}'"):
            replace(regions[0], **{kind: word})  # type: ignore[arg-type]


def test_without_reference_liver_there_is_no_washout() -> None:
    _, study, regions, decisions = twin("plain")

    found = assess_region(region(regions, RegionRole.FILLING_DEFECT), None, study, decisions)

    assert (found.enhancement.finding, found.washout.finding) == (POS, NA)


def changed(one: Region, key: str, **fields: object) -> Region:
    return replace(one, masks={**one.masks, key: replace(one.masks[key], **fields)})


UNCONFIRMED = {
    "propagated": {"provenance": Provenance.PROPAGATED, "verified": False},
    "suggested": {"provenance": Provenance.SUGGESTED, "verified": False},
    "imported and not looked at": {"provenance": Provenance.IMPORTED, "verified": False},
}


@pytest.mark.parametrize("name", UNCONFIRMED)
def test_an_unconfirmed_region_gives_numbers_and_no_answer(name: str) -> None:
    phantom, study, regions, decisions = twin("plain")
    arterial = phantom.acquisition(Phase.LATE_ARTERIAL).key
    defect = changed(region(regions, RegionRole.FILLING_DEFECT), arterial, **UNCONFIRMED[name])
    liver = region(regions, RegionRole.REFERENCE_LIVER)

    found = assess_region(defect, liver, study, decisions)

    assert (found.enhancement.finding, found.enhancement.if_confirmed) == (IND, POS)
    assert (found.washout.finding, found.washout.if_confirmed) == (IND, POS)
    assert found.enhancement.difference > 20


def test_a_badly_registered_region_gives_no_answer_until_a_reader_confirms_it() -> None:
    phantom, study, regions, decisions = twin("plain")
    arterial = phantom.acquisition(Phase.LATE_ARTERIAL).key
    defect = region(regions, RegionRole.FILLING_DEFECT)
    liver = region(regions, RegionRole.REFERENCE_LIVER)
    off = {"provenance": Provenance.PROPAGATED, "residual_mm": 3.1}

    open_ = assess_region(changed(defect, arterial, verified=False, **off), liver, study, decisions)
    closed = assess_region(changed(defect, arterial, verified=True, **off), liver, study, decisions)

    assert (open_.enhancement.finding, open_.enhancement.if_confirmed) == (NA, NA)
    assert closed.enhancement.finding is POS


def test_another_tube_voltage_is_not_compared_and_another_kernel_is_left_to_the_reader() -> None:
    phantom, study, regions, decisions = twin("plain")
    arterial = phantom.acquisition(Phase.LATE_ARTERIAL)
    defect = region(regions, RegionRole.FILLING_DEFECT)
    liver = region(regions, RegionRole.REFERENCE_LIVER)

    def with_header(**fields: object) -> RegionFindings:
        other = replace(arterial, header=replace(arterial.header, **fields))
        swapped = Study(tuple(other if a.key == other.key else a for a in study))
        return assess_region(defect, liver, swapped, decisions)

    assert with_header(kvp=80.0).enhancement.finding is NA
    kernel = with_header(convolution_kernel="BONE").enhancement
    assert (kernel.finding, kernel.if_confirmed) == (IND, POS)
    assert with_header(study_uid="9.9", frame_of_reference_uid="9").enhancement.finding is NA
    assert with_header(study_date="20200101").enhancement.finding is NA


def test_a_tube_voltage_that_nobody_recorded_is_left_to_the_reader() -> None:
    phantom, study, regions, decisions = twin("plain")
    arterial = phantom.acquisition(Phase.LATE_ARTERIAL)
    silent = replace(arterial, header=replace(arterial.header, kvp=None))
    swapped = Study(tuple(silent if a.key == silent.key else a for a in study))
    asked = (region(regions, RegionRole.FILLING_DEFECT), region(regions, RegionRole.REFERENCE_LIVER), swapped)

    found = assess_region(*asked, decisions)
    overridden = assess_region(*asked, decisions, not_comparable_reasons=without_overridable())

    assert (found.enhancement.finding, found.enhancement.if_confirmed) == (IND, POS)
    assert (found.washout.finding, found.washout.if_confirmed) == (IND, POS)
    assert "TUBE_VOLTAGE_UNKNOWN" in {r.code for r in found.enhancement.reasons}
    assert (overridden.enhancement.finding, overridden.washout.finding) == (POS, POS)


def test_a_region_darker_than_before_contrast_does_not_wash_out() -> None:
    """The portal venous mask slipped into fat: 440 % of liver to region would be washout."""
    phantom, study, regions, decisions = twin("plain")
    defect, portal = region(regions, RegionRole.FILLING_DEFECT), phantom.acquisition(Phase.PORTAL_VENOUS)
    voxels = portal.volume.voxels.copy()
    voxels[defect.masks[portal.key].full()] -= 65
    fat = replace(portal, volume=replace(portal.volume, voxels=voxels))
    slipped = Study(tuple(fat if a.key == fat.key else a for a in study))

    found = assess_region(defect, region(regions, RegionRole.REFERENCE_LIVER), slipped, decisions)

    late = next(p for p in found.washout.by_phase if p.phase is Phase.PORTAL_VENOUS)
    assert (late.finding, late.if_confirmed) == (IND, POS)
    assert "REGION_BELOW_UNENHANCED" in {r.code for r in late.reasons}


def second_arterial(**fields: object) -> tuple[Study, Region, Acquisition]:
    """The plain twin with its arterial phase stored a second time, under a key that sorts first."""
    phantom, study, regions, _ = twin("plain")
    arterial = phantom.acquisition(Phase.LATE_ARTERIAL)
    other = replace(
        arterial, key="0", header=replace(arterial.header, series_uid="0", series_number=103, **fields)
    )
    defect = region(regions, RegionRole.FILLING_DEFECT)
    both = replace(defect, masks={**defect.masks, "0": defect.masks[arterial.key]})
    return Study((*study, other)), both, arterial


SECOND_ARTERIAL = {
    "a sharp kernel beside a soft one is left": ({"convolution_kernel": "B60f"}, True),
    "another tube voltage beside the others' is left": ({"kvp": 80.0}, True),
    "a plain copy may be used": ({}, False),
}


@pytest.mark.parametrize("name", SECOND_ARTERIAL)
def test_of_two_arterial_series_the_one_that_compares_answers(name: str) -> None:
    fields, left = SECOND_ARTERIAL[name]
    study, defect, arterial = second_arterial(**fields)
    decisions = {**twin("plain")[3], "0": PhaseDecision(Role.IMAGE, Phase.LATE_ARTERIAL, 1.0)}

    found = assess_region(defect, region(twin("plain")[2], RegionRole.REFERENCE_LIVER), study, decisions)

    used = dict(found.used)[Phase.LATE_ARTERIAL]
    assert used == (arterial.key if left else "0")
    said = next(r.message for r in found.enhancement.reasons if r.code == "SERIES_LEFT_OUT")
    assert found.enhancement.finding is POS
    assert said.startswith("for the late arterial phase series")
    assert ("not series 103" in said) is left


def test_a_verdict_says_how_often_it_survives_and_what_flips_it() -> None:
    _, study, regions, decisions = twin("plain")
    defect = region(regions, RegionRole.FILLING_DEFECT)
    found = stability(defect, region(regions, RegionRole.REFERENCE_LIVER), study, decisions)

    assert found.enhancement.finding is POS
    assert found.enhancement.cases > 40
    assert found.enhancement.stable == found.enhancement.cases - len(found.enhancement.flips)
    assert found.enhancement.stable > 0.8 * found.enhancement.cases
    assert "stable in" in found.enhancement.sentence


MR_GRID = VolumeGeometry((2, 20, 20), np.diag([3.0, 1.0, 1.0, 1.0])[[2, 1, 0, 3]])
PARTS = {
    RegionRole.FILLING_DEFECT: (slice(None), slice(0, 9), slice(0, 9)),
    RegionRole.REFERENCE_LIVER: (slice(None), slice(10, 20), slice(0, 20)),
    RegionRole.MUSCLE: (slice(None), slice(0, 9), slice(11, 20)),
}
#: Signal of each part before contrast, in the arterial, a late and the hepatobiliary phase.
SIGNAL = {
    RegionRole.FILLING_DEFECT: (200, 320, 250, 190),
    RegionRole.REFERENCE_LIVER: (220, 250, 330, 400),
    RegionRole.MUSCLE: (150, 155, 158, 158),
}
PHASES = (Phase.UNENHANCED, Phase.LATE_ARTERIAL, Phase.PORTAL_VENOUS)


def mr_answer(
    factors: tuple[float, ...],
    *,
    told: bool,
    one_series: bool = False,
    late_flip: str = "10",
    muscle: Callable[[RegionMask], RegionMask] = lambda mask: mask,
    phases: tuple[Phase, ...] = PHASES,
    agents: tuple[str | None, ...] = (None,) * 4,
    offset: float = 0.0,
    scaling: tuple[tuple[str, float], ...] = (),
    scanner: str | None = "Maker Model",
    more: Callable[[Mapping[RegionRole, dict[str, RegionMask]]], Sequence[Region]] = lambda masks: (),
) -> RegionFindings:
    """Three MR phases whose stored values were multiplied; ``told``: the header says so.

    ``offset`` is added to the last phase, ``scaling`` to the headers of all.
    """
    random = np.random.default_rng(0)
    acquisitions = []
    for number, factor in enumerate(factors):
        voxels = random.normal(0, 8, MR_GRID.shape)
        for role, part in PARTS.items():
            voxels[part] += SIGNAL[role][number]
        header = AcquisitionHeader(
            series_uid="1" if one_series else str(number),
            modality="MR",
            frame_of_reference_uid="f",
            scanner=scanner,
            slice_thickness_mm=3.0,
            contrast_agent=agents[number],
            mr_sequence=(
                ("RepetitionTime", "4.1"),
                ("EchoTime", "1.9"),
                ("FlipAngle", late_flip if number == 2 else "10"),
            ),
            mr_scaling=(("RescaleSlope", factor if told else 1.0), *scaling),
        )
        moved = offset if number == len(factors) - 1 else 0.0
        volume = Volume((voxels * factor + moved).astype(np.float32), MR_GRID, "MR")
        acquisitions.append(Acquisition(str(number), header, volume))
    masks = {}
    for role, part in PARTS.items():
        mask = np.zeros(MR_GRID.shape, dtype=bool)
        mask[part] = True
        drawn = RegionMask.from_full(mask, MR_GRID)
        masks[role] = {a.key: muscle(drawn) if role is RegionRole.MUSCLE else drawn for a in acquisitions}
    regions = [*(Region(role.value, role, masks[role]) for role in PARTS), *more(masks)]
    decisions = {str(n): PhaseDecision(Role.IMAGE, phase, 1.0) for n, phase in enumerate(phases)}
    return assess_regions(regions, Study(tuple(acquisitions)), decisions)[0]


def test_mr_with_one_scale_enhances_and_washes_out() -> None:
    found = mr_answer((1.0, 1.0, 1.0), told=False)

    assert (found.enhancement.finding, found.washout.finding) == (POS, POS)


LATE_3 = (Phase.UNENHANCED, Phase.LATE_ARTERIAL, Phase.DELAYED)
HEPATOBILIARY = (*LATE_3, Phase.HEPATOBILIARY)
AGENTS = {
    "one extracellular agent in every header": (LATE_3, ("Gadovist",) * 3, POS, None),
    "no agent": (LATE_3, (None,) * 3, IND, "AGENT_UNKNOWN"),
    "an agent of CT": (LATE_3, ("Omnipaque",) * 3, IND, "AGENT_UNKNOWN"),
    "gadoxetate in another header": (LATE_3, (None, "Primovist", "Gadovist"), IND, "AGENT_CONTRADICTED"),
    "a hepatobiliary phase of an agent without one": (
        HEPATOBILIARY,
        ("Gadovist",) * 4,
        IND,
        "AGENT_CONTRADICTED",
    ),
    "a hepatobiliary phase of gadobenate": (HEPATOBILIARY, ("MultiHance",) * 4, POS, None),
}


@pytest.mark.parametrize("name", AGENTS)
def test_whether_a_delayed_mr_phase_is_transitional(name: str) -> None:
    phases, agents, washout, code = AGENTS[name]

    found = mr_answer((1.0,) * len(phases), told=False, phases=phases, agents=agents).washout

    delayed = next(p for p in found.by_phase if p.phase is Phase.DELAYED)
    assert delayed.finding is washout
    assert {r.code for r in delayed.reasons if r.code.startswith("AGENT")} == ({code} if code else set())


@pytest.mark.parametrize("missing", ["RepetitionTime", "EchoTime", "FlipAngle"])
def test_headers_that_do_not_tell_the_weighting_prove_no_common_scale(missing: str) -> None:
    """The normalization of the coil alone, or its name, describes no sequence."""
    told = {"RepetitionTime": "4.1", "EffectiveEchoTime": "1.9", "FlipAngle": "10", "ImageType": "NORM"}
    whole = AcquisitionHeader(series_uid="1", scanner="Maker", mr_sequence=tuple(told.items()))
    kept = tuple((name, value) for name, value in told.items() if not name.endswith(missing))

    doubts = scaling_doubts(whole, replace(whole, mr_sequence=kept), DEFAULT_POLICY)
    alike = replace(whole, mr_sequence=kept)

    assert scaling_doubts(whole, whole, DEFAULT_POLICY) == ()
    assert "MR_SEQUENCE_DIFFERS" in {d.code for d in doubts}
    (doubt,) = scaling_doubts(alike, alike, DEFAULT_POLICY)
    assert (doubt.code, doubt.message.rpartition(": ")[2]) == ("MR_SCALING_NOT_PROVEN", missing)


SCALE_SLOPE = (("ScaleSlope", 0.01),)
SCANNERS = {
    "Philips without its scale": ("Philips Achieva", (), NA),
    "Philips with its scale": ("Philips Achieva", SCALE_SLOPE, POS),
    "nobody knows whose, without a scale": (None, (), NA),
    "nobody knows whose, with a scale": (None, SCALE_SLOPE, POS),
    "another maker": ("Maker Model", (), POS),
}


@pytest.mark.parametrize("name", SCANNERS)
def test_whose_scanner_needs_its_own_scale(name: str) -> None:
    """Where de-identification removed the maker, it may have removed Philips' private scale, too."""
    scanner, scaling, enhancement = SCANNERS[name]

    found = mr_answer((1.0, 1.0, 1.0), told=False, scanner=scanner, scaling=scaling)

    assert found.enhancement.finding is enhancement


def few_voxels(mask: RegionMask) -> RegionMask:
    return RegionMask.from_box(mask.voxels[:1, :2, :2], mask.offset, mask.geometry)


CONTROLS = {
    "four voxels of muscle prove no common scale": (few_voxels, False, NA),
    "muscle that nobody confirmed leaves the scale open": (lambda m: replace(m, verified=False), False, IND),
    "phases of one series need no muscle": (few_voxels, True, POS),
    "nor its confirmation": (lambda m: replace(m, verified=False), True, POS),
}


@pytest.mark.parametrize("name", CONTROLS)
def test_what_a_control_region_proves(name: str) -> None:
    muscle, one_series, enhancement = CONTROLS[name]

    found = mr_answer((1.0, 1.0, 1.0), told=False, one_series=one_series, muscle=muscle)

    assert found.enhancement.finding is enhancement


INTERCEPT = ("RescaleIntercept", -50.0)
ZEROS = {
    "a signed image, as a subtraction is": (-150.0, (), POS, NA),
    "an intercept in every header": (0.0, (INTERCEPT,), NA, NA),
    "an intercept of 0": (0.0, (("RescaleIntercept", 0.0),), POS, POS),
    "an intercept of Philips": (0.0, (INTERCEPT, ("ScaleSlope", 0.01)), POS, POS),
}


@pytest.mark.parametrize("name", ZEROS)
def test_no_ratio_is_formed_where_zero_is_not_that_of_the_signal(name: str) -> None:
    """The ratio of liver to region minds no factor, but 150 less on both make 180 % of 132 %."""
    offset, scaling, enhancement, washout = ZEROS[name]

    found = mr_answer((1.0, 1.0, 1.0), told=False, offset=offset, scaling=scaling)

    reasons = {r.code for r in found.washout.by_phase[0].reasons}
    assert (found.enhancement.finding, found.washout.finding) == (enhancement, washout)
    assert ("MR_ZERO_MOVED" in reasons) is (washout is NA)


def test_any_muscle_that_changes_betrays_another_scale() -> None:
    """The first of two muscles changed by 3 %; the second, here on what enhances, by far more."""

    def second(masks: Mapping[RegionRole, dict[str, RegionMask]]) -> list[Region]:
        return [Region("muscle2", RegionRole.MUSCLE, masks[RegionRole.FILLING_DEFECT])]

    found = mr_answer((1.0, 1.0, 1.0), told=False, more=second)

    assert found.enhancement.finding is NA
    assert "MR_CONTROL_CHANGED" in {r.code for r in found.enhancement.reasons}


def test_another_mr_sequence_in_the_late_phase_is_no_washout() -> None:
    """A ratio to liver minds no scale, but the weighting of the sequence."""
    found = mr_answer((1.0, 1.0, 1.0), told=False, late_flip="70")

    assert (found.enhancement.finding, found.washout.finding) == (POS, NA)
    assert "MR_SEQUENCE_DIFFERS" in {r.code for p in found.washout.by_phase for r in p.reasons}


def test_of_two_unenhanced_mr_series_the_one_of_the_arterial_sequence_answers() -> None:
    """A T1 without fat suppression, or the in-phase image, beside the dynamic's own first pass."""
    phases = (Phase.DELAYED, Phase.LATE_ARTERIAL, Phase.UNENHANCED, Phase.UNENHANCED)

    found = mr_answer((1.0,) * 4, told=False, phases=phases, late_flip="70")

    assert dict(found.used)[Phase.UNENHANCED] == "3"
    assert found.enhancement.finding is POS
    assert found.enhancement.difference == pytest.approx(100 * (320 - 190) / 190, abs=2)


factors = st.tuples(*[st.floats(0.1, 10).filter(lambda f: abs(f - 1) > 0.15)] * 2)


@settings(max_examples=40, deadline=None)
@given(factors, st.booleans())
def test_no_scaling_of_an_mr_phase_gives_a_definite_answer_between_phases(
    factors: tuple[float, float], told: bool
) -> None:
    """Whether the header admits it, or muscle betrays it."""
    before, arterial = factors
    if abs(arterial / before - 1) < 0.15:
        return  # both phases were scaled alike: nothing changed between them

    found = mr_answer((before, arterial, 1.0), told=told)

    assert found.enhancement.finding is NA
    assert found.washout.finding not in (POS, NEG)


def test_scaling_the_late_mr_phase_changes_no_answer() -> None:
    """Washout on MR compares ratios within one image."""
    for factor in (0.2, 1.0, 7.0):
        assert mr_answer((1.0, 1.0, factor), told=False).washout.finding is POS
