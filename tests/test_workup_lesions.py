"""A region becomes a lesion: which mask is measured, what a line outranks, what is never measured."""

from dataclasses import replace

import numpy as np
import pytest

from imaging.errors import MeasurementError
from imaging.phases.phase import Phase, PhaseDecision, Role
from imaging.regions.region import Provenance, Region, RegionMask, RegionRole
from imaging.volume import Study
from recist.lesion import LesionKind, Modality
from recist.measurability import Status
from tests.reading_studies import acquisition, block, geometry, study
from workup.case.case import LesionStatement, Line, Statement
from workup.errors import CaseError
from workup.lesions import measure_lesion

YES, NO = Statement.YES, Statement.NO
GRID = geometry()
STUDY = study()
PHASES = {"U": Phase.UNENHANCED, "A": Phase.LATE_ARTERIAL, "P": Phase.PORTAL_VENOUS, "D": Phase.DELAYED}
DECISIONS = {key: PhaseDecision(Role.IMAGE, phase, 1.0) for key, phase in PHASES.items()}
SAID = LesionStatement(malignant=YES, margins_measurable=YES, locoregional_treated=NO)
MASK = block(GRID, (1, 5, 5), (3, 12, 14))


def region(masks, role=RegionRole.TARGET_LESION):
    return Region("L1", role, masks)


def measure(of, said=SAID, lines=(), on=STUDY, decisions=DECISIONS):
    return measure_lesion(of, on, decisions, said, lines)


def line(axis, start, end, key="P", lesion="L1"):
    one, other = GRID.patient_mm([start, end]).tolist()
    return Line(lesion, key, axis, (tuple(one), tuple(other)))


def with_provenance(mask, provenance, verified=True):
    return replace(mask, provenance=provenance, verified=verified)


# fmt: off
CHOICES = {
    "margins are clearest in the portal venous phase":
        ({"U": MASK, "A": MASK, "P": MASK, "D": MASK}, "P"),
    "the arterial phase enlarges a lesion: last":
        ({"U": MASK, "A": MASK}, "U"),
    "drawn before carried over":
        ({"A": MASK, "P": with_provenance(MASK, Provenance.PROPAGATED)}, "A"),
    "verified before suggested":
        ({"D": MASK, "P": with_provenance(MASK, Provenance.SUGGESTED, verified=False)}, "D"),
    "what is there":
        ({"A": MASK}, "A"),
}
# fmt: on


@pytest.mark.parametrize(("masks", "key"), CHOICES.values(), ids=CHOICES)
def test_which_mask_is_measured(masks, key):
    assert measure(region(masks)).acquisition_key == key


def test_a_measured_mask_with_all_that_the_verdict_rests_on():
    found = measure(region({"P": MASK}))

    assert found.method == "g0.7"
    assert found.lesion.long_axis_mm == pytest.approx(found.diameters.long_axis_mm)
    assert found.lesion.interval_mm == found.diameters.interval_mm
    assert (found.lesion.slice_thickness_mm, found.lesion.spacing_mm) == (5.0, 5.0)
    assert found.lesion.modality is Modality.CT
    assert found.lesion.plane_degrees_from_axial == pytest.approx(0.0)
    assert found.lesion.voxel_anisotropy == pytest.approx(5.0 / 0.8)
    assert (found.judged.status, found.judged.rule) == (Status.MEASURABLE, "M1")
    ends = np.array(found.long_ends_lps_mm)
    assert np.linalg.norm(ends[1] - ends[0]) == pytest.approx(found.lesion.long_axis_mm)


def test_a_readers_line_outranks_the_mask():
    drawn = line("long", (2, 8, 8), (2, 14, 12))
    found = measure(region({"P": MASK, "D": MASK}), lines=[drawn])

    assert found.method == "line"
    assert found.lesion.long_axis_mm == pytest.approx(np.hypot(6.0, 4 * 0.8))
    assert found.lesion.short_axis_mm is None
    assert found.lesion.interval_mm is None
    assert found.diameters is not None
    assert (found.acquisition_key, found.slice_index) == ("P", 2)


def test_a_line_on_another_phase_than_the_mask():
    found = measure(region({"P": MASK}), lines=[line("long", (2, 8, 8), (2, 20, 8), key="D")])

    assert (found.method, found.acquisition_key) == ("line", "D")
    assert found.lesion.long_axis_mm == pytest.approx(12.0)
    assert found.diameters is None


def test_a_bidirectional_measurement():
    lines = [line("long", (2, 5, 10), (2, 20, 10)), line("short", (2, 10, 5), (2, 10, 15))]
    found = measure(region({}), lines=lines)

    assert (found.lesion.long_axis_mm, found.lesion.short_axis_mm) == pytest.approx((15.0, 8.0))


def test_the_longer_line_is_the_long_axis_whatever_it_was_called():
    lines = [line("short", (2, 5, 10), (2, 20, 10)), line("long", (2, 10, 5), (2, 10, 15))]

    assert measure(region({}), lines=lines).lesion.long_axis_mm == pytest.approx(15.0)


def test_of_several_long_axes_the_longest_with_the_short_axis_of_its_slice():
    lines = [
        line("long", (1, 5, 10), (1, 12, 10)),
        line("short", (1, 8, 8), (1, 8, 12)),
        line("long", (3, 5, 10), (3, 20, 10)),
        line("short", (3, 10, 6), (3, 10, 14)),
    ]
    found = measure(region({}), lines=lines)

    assert found.slice_index == 3
    assert found.lesion.short_axis_mm == pytest.approx(8 * 0.8)


def test_a_node_by_its_short_line_alone():
    found = measure(region({}, RegionRole.LYMPH_NODE), lines=[line("short", (2, 4, 8), (2, 20, 8))])

    assert found.lesion.kind is LesionKind.NODE
    assert found.lesion.short_axis_mm == pytest.approx(16.0)
    assert found.judged.rule == "N1"


def test_lines_of_other_lesions_are_not_used():
    found = measure(region({"P": MASK}), lines=[line("long", (2, 8, 8), (2, 20, 8), lesion="L2")])

    assert found.method == "g0.7"


@pytest.mark.parametrize(
    "lines",
    [
        [line("long", (2, 8, 8), (3, 20, 8))],
        [line("long", (2, 5, 10), (2, 20, 10)), line("short", (2, 5, 5), (2, 15, 15))],
    ],
    ids=["across slices", "not perpendicular"],
)
def test_lines_that_break_the_rules_are_refused(lines):
    with pytest.raises(MeasurementError):
        measure(region({"P": MASK}), lines=lines)


def test_nothing_is_measured_on_a_resampled_volume():
    resampled = Study(tuple(replace(a, volume=replace(a.volume, resampled=True)) for a in STUDY))
    found = measure(region({"P": MASK}), on=resampled)

    assert (found.method, found.lesion.long_axis_mm) == ("not measured", None)
    assert found.judged.status is Status.UNKNOWN


def test_without_mask_or_line_nothing_is_known():
    found = measure(region({}))

    assert (found.method, found.acquisition_key, found.long_ends_lps_mm) == ("not measured", None, None)
    assert found.judged.status is Status.UNKNOWN


# fmt: off
KINDS = {
    "a node is a node":               (RegionRole.LYMPH_NODE,     None,          LesionKind.NODE),
    "anything else is solid":         (RegionRole.PRIMARY_TUMOR,  None,          LesionKind.SOLID),
    "the reader knows better":        (RegionRole.TARGET_LESION,  "cystic",      LesionKind.CYSTIC),
    "a filling defect is a thrombus": (RegionRole.FILLING_DEFECT, None,          LesionKind.THROMBUS),
}
# fmt: on


@pytest.mark.parametrize(("role", "kind", "expected"), KINDS.values(), ids=KINDS)
def test_what_a_lesion_is(role, kind, expected):
    found = measure(region({"P": MASK}, role), replace(SAID, kind=kind))

    assert found.lesion.kind is expected


def test_a_thrombus_is_never_measurable_however_long():
    found = measure(region({"P": MASK}, RegionRole.FILLING_DEFECT))

    assert (found.judged.status, found.judged.rule) == (Status.NOT_MEASURABLE, "H1")


def test_an_unknown_kind_is_refused():
    with pytest.raises(CaseError, match="'blob'"):
        measure(region({"P": MASK}), replace(SAID, kind="blob"))


def test_what_the_reader_did_not_say_stays_unknown():
    unsaid = measure(region({"P": MASK}), LesionStatement())
    unsure = measure(region({"P": MASK}), replace(SAID, margins_measurable=Statement.UNCERTAIN))

    assert unsaid.judged.status is Status.UNKNOWN
    assert unsaid.by_size.status is Status.MEASURABLE
    assert unsure.lesion.margins_measurable is None and unsure.judged.rule == "H2"


def test_a_treated_lesion_counts_once_it_progressed():
    treated = replace(SAID, locoregional_treated=YES)

    assert measure(region({"P": MASK}), treated).judged.status is Status.UNKNOWN
    assert (
        measure(region({"P": MASK}), replace(treated, progressed_after_locoregional=NO)).judged.rule == "P1"
    )
    again = measure(region({"P": MASK}), replace(treated, progressed_after_locoregional=YES))
    assert again.judged.status is Status.MEASURABLE


def test_a_lesion_at_the_edge_of_the_volume_is_unknown():
    found = measure(region({"P": block(GRID, (0, 5, 5), (3, 12, 14))}))

    assert (found.judged.status, found.judged.rule) == (Status.UNKNOWN, "T1")


def test_a_reformat_in_another_plane_is_not_accepted():
    coronal = geometry()
    matrix = np.array(coronal.index_to_patient_mm)
    turned = replace(
        coronal,
        index_to_patient_mm=np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]]) @ matrix,
    )
    voxels = np.zeros(coronal.shape, np.int16)
    on = Study((acquisition("P", voxels, turned),))
    mask = RegionMask.from_full(MASK.full(), turned)
    reformat = {"P": PhaseDecision(Role.REFORMAT, Phase.PORTAL_VENOUS, 1.0)}
    found = measure(region({"P": mask}), on=on, decisions=reformat)

    assert found.lesion.plane_acquired is False
    assert (found.judged.status, found.judged.rule) == (Status.UNKNOWN, "G8")


def test_the_image_that_holds_the_axes_is_named():
    uids = tuple(f"1.2.{n}" for n in range(6))
    one = STUDY["P"]
    on = Study((replace(one, header=replace(one.header, sop_instance_uids=uids)),))
    multi_frame = Study((replace(one, header=replace(one.header, sop_instance_uids=("1.2",))),))
    found = measure(region({"P": MASK}), on=on)

    assert found.sop_instance_uid == uids[found.slice_index]
    assert measure(region({"P": MASK}), on=multi_frame).sop_instance_uid == "1.2"
    assert measure(region({"P": MASK})).sop_instance_uid is None


# fmt: off
PLACES = {
    "a place that is not understood may be bone": ("갈비뼈", RegionRole.TARGET_LESION, None),
    "a place that is understood":                 ("left lung", RegionRole.TARGET_LESION, LesionKind.SOLID),
    "a primary tumor lies in the liver":          ("우엽", RegionRole.PRIMARY_TUMOR, LesionKind.SOLID),
    "no place":                                   (None, RegionRole.TARGET_LESION, LesionKind.SOLID),
}
# fmt: on


@pytest.mark.parametrize(("organ", "role", "kind"), PLACES.values(), ids=PLACES)
def test_what_a_place_makes_of_a_lesion(organ, role, kind):
    found = measure(region({"P": MASK}, role), replace(SAID, organ=organ))

    assert found.lesion.kind is kind
    assert found.judged.status is (Status.UNKNOWN if kind is None else Status.MEASURABLE)
