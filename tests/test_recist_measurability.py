"""Measurability: the vectors of the specification, both sides of every limit, and the laws behind them."""

# ruff: noqa: E501  (tables read as tables)

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recist.errors import RecistError
from recist.lesion import LesionKind, MeasuredLesion, Modality
from recist.measurability import Status, effective_slice_mm, judge, judge_size
from recist.rules import RULES

YES, NO, OPEN, OUT = Status.MEASURABLE, Status.NOT_MEASURABLE, Status.UNKNOWN, Status.EXCLUDED


def lesion(**known):
    """A liver mass on 5 mm CT slices of which a reader said all that is needed."""
    facts = {
        "id": "L1",
        "kind": LesionKind.SOLID,
        "organ": "liver",
        "modality": Modality.CT,
        "slice_thickness_mm": 5.0,
        "margins_measurable": True,
        "previously_treated": False,
    }
    return MeasuredLesion(**{**facts, **known})


def node(short, long=None, **known):
    return lesion(kind=LesionKind.NODE, short_axis_mm=short, long_axis_mm=long or short, **known)


MR, X_RAY, CALIPERS = Modality.MR, Modality.CHEST_X_RAY, Modality.CALIPERS
# fmt: off
VECTORS = {
    # what the row is about                      lesion                                                        expected  rule  limit
    "A-01 10.0 on 5 mm":                         (lesion(long_axis_mm=10.0),                                         YES, "M1", 10.0),
    "A-02 9.95 on 5 mm":                         (lesion(long_axis_mm=9.95),                                         NO,  "M1", 10.0),
    "A-03 10.0 with noise":                      (lesion(long_axis_mm=9.9999999),                                    YES, "M1", 10.0),
    "A-04 10.0 on 5.1 mm":                       (lesion(long_axis_mm=10.0, slice_thickness_mm=5.1, spacing_mm=5.1), NO,  "M2", 10.2),
    "A-05 10.2 on 5.1 mm":                       (lesion(long_axis_mm=10.2, slice_thickness_mm=5.1, spacing_mm=5.1), YES, "M2", 10.2),
    "A-06 12 on 5 mm with 1 mm gaps":            (lesion(long_axis_mm=12.0, spacing_mm=6.0),                         YES, "M2", 12.0),
    "A-07 11.9 on 5 mm with 1 mm gaps":          (lesion(long_axis_mm=11.9, spacing_mm=6.0),                         NO,  "M2", 12.0),
    "A-08 10 on overlapping 5 mm":               (lesion(long_axis_mm=10.0, spacing_mm=2.5),                         YES, "M1", 10.0),
    "A-09 10 on 2.5 mm every 5 mm":              (lesion(long_axis_mm=10.0, slice_thickness_mm=2.5, spacing_mm=5.0), YES, "M1", 10.0),
    "A-10 15 on 8 mm":                           (lesion(long_axis_mm=15.0, slice_thickness_mm=8.0),                 NO,  "M2", 16.0),
    "A-11 node 14.95 x 22":                      (node(14.95, 22.0),                                                 NO,  "N2", 15.0),
    "A-12 node 20 x 30":                         (node(20.0, 30.0),                                                  YES, "N1", 15.0),
    "A-13 node 15 on 8 mm":                      (node(15.0, slice_thickness_mm=8.0),                                NO,  "N4", 16.0),
    "A-14 node 9.9":                             (node(9.9),                                                         OUT, "N3", 10.0),
    "A-15 ellipsoid, 9 in the axial plane":      (lesion(long_axis_mm=9.0, slice_thickness_mm=3.0),                  NO,  "M1", 10.0),
    "A-15 the same 14 coronal, as acquired":     (lesion(long_axis_mm=14.0, modality=MR, slice_thickness_mm=3.0, plane_degrees_from_axial=90.0,
                                                         plane_acquired=True),                                       YES, "M3", 10.0),
    "A-15 the same 14 coronal, isotropic CT":    (lesion(long_axis_mm=14.0, slice_thickness_mm=1.0, plane_degrees_from_axial=90.0,
                                                         voxel_anisotropy=1.2),                                      YES, "M1", 10.0),
    "A-16 chest X-ray 19":                       (lesion(long_axis_mm=19.0, modality=X_RAY, organ="lung"),           NO,  "M5", 20.0),
    "A-16 chest X-ray 20":                       (lesion(long_axis_mm=20.0, modality=X_RAY, organ="lung"),           YES, "M5", 20.0),
    "A-17 thrombus 25":                          (lesion(long_axis_mm=25.0, kind=LesionKind.THROMBUS),               NO,  "H1", None),
    "A-29 MR tilted 20 degrees":                 (lesion(long_axis_mm=11.0, modality=MR, plane_degrees_from_axial=20.0), YES, "M3", 10.0),
    "A-29 anisotropic CT reformat at 40":        (lesion(long_axis_mm=11.0, plane_degrees_from_axial=40.0, voxel_anisotropy=3.0,
                                                         plane_acquired=False),                                      OPEN, "G8", 10.0),
    "A-30 10.218":                               (lesion(long_axis_mm=10.218),                                       YES, "M1", 10.0),
    "A-30 with swapped spacing, 9.304":          (lesion(long_axis_mm=9.304),                                        NO,  "M1", 10.0),
    "A-31 10.140":                               (lesion(long_axis_mm=10.140),                                       YES, "M1", 10.0),
}
KINDS = {
    "calipers 10":                               (lesion(long_axis_mm=10.0, modality=CALIPERS),                      YES, "M4", 10.0),
    "calipers 9.9":                              (lesion(long_axis_mm=9.9, modality=CALIPERS),                       NO,  "M4", 10.0),
    "ultrasound":                                (lesion(long_axis_mm=50.0, modality=Modality.ULTRASOUND),           NO,  "M6", None),
    "PET":                                       (lesion(long_axis_mm=50.0, modality=Modality.PET),                  NO,  "B2", None),
    "bone scan":                                 (lesion(long_axis_mm=50.0, modality=Modality.BONE_SCAN),            NO,  "B2", None),
    "plain film":                                (lesion(long_axis_mm=50.0, modality=Modality.PLAIN_FILM),           NO,  "B2", None),
    "MR of the lung":                            (lesion(long_axis_mm=50.0, modality=MR, organ="left lung"),         OPEN, "M3", None),
    "MR of the liver on 6 mm":                   (lesion(long_axis_mm=12.0, modality=MR, slice_thickness_mm=6.0),    YES, "M3", 12.0),
    "soft tissue of a bone lesion":              (lesion(long_axis_mm=12.0, kind=LesionKind.BONE_SOFT_TISSUE),       YES, "B1", 10.0),
    "blastic bone":                              (lesion(long_axis_mm=30.0, kind=LesionKind.BONE_BLASTIC),           NO,  "B2", None),
    "cystic metastasis":                         (lesion(long_axis_mm=12.0, kind=LesionKind.CYSTIC),                 YES, "Y2", 10.0),
    "simple cyst":                               (lesion(long_axis_mm=12.0, kind=LesionKind.SIMPLE_CYST),            OUT, "Y1", None),
    "infiltrative":                              (lesion(long_axis_mm=90.0, kind=LesionKind.INFILTRATIVE),           NO,  "H2", None),
    "ascites":                                   (lesion(kind=LesionKind.ASCITES),                                   NO,  "X1", None),
    "pleural effusion":                          (lesion(kind=LesionKind.EFFUSION),                                  NO,  "X1", None),
    "leptomeningeal":                            (lesion(kind=LesionKind.LEPTOMENINGEAL),                            NO,  "X1", None),
    "lymphangitic":                              (lesion(kind=LesionKind.LYMPHANGITIC),                              NO,  "X1", None),
    "inflammatory breast":                       (lesion(kind=LesionKind.INFLAMMATORY_BREAST),                       NO,  "X1", None),
    "palpable only":                             (lesion(kind=LesionKind.PALPABLE_MASS, modality=CALIPERS),          NO,  "X1", None),
    "node 10.0":                                 (node(10.0),                                                        NO,  "N2", 15.0),
    "node 15.0":                                 (node(15.0),                                                        YES, "N1", 15.0),
    "node 15.0 on 7.5 mm":                       (node(15.0, slice_thickness_mm=7.5),                                YES, "N1", 15.0),
    "node 16.0 on 8 mm":                         (node(16.0, slice_thickness_mm=8.0),                                YES, "N4", 16.0),
    "node by calipers":                          (node(20.0, modality=CALIPERS),                                     OPEN, "N1", None),
}
UNKNOWNS = {
    "no diameter":                               (lesion(),                                                          OPEN, "X2", None),
    "no short axis of a node":                   (lesion(kind=LesionKind.NODE, long_axis_mm=30.0),                   OPEN, "N1", None),
    "what it is, is not known":                  (lesion(kind=None, long_axis_mm=30.0),                              OPEN, "K1", 10.0),
    "unknown kind, but small":                   (lesion(kind=None, long_axis_mm=8.0),                               NO,  "M1", 10.0),
    "no modality":                               (lesion(modality=None, long_axis_mm=30.0),                          OPEN, "K1", 10.0),
    "no thickness, no spacing":                  (lesion(slice_thickness_mm=None, long_axis_mm=30.0),                OPEN, "G5", 10.0),
    "no thickness, spacing 5":                   (lesion(slice_thickness_mm=None, spacing_mm=5.0, long_axis_mm=10.0), YES, "M1", 10.0),
    "no thickness, spacing above 5":             (lesion(slice_thickness_mm=None, spacing_mm=5.1, long_axis_mm=30.0), OPEN, "G5", 10.2),
    "no thickness, below twice the spacing":     (lesion(slice_thickness_mm=None, spacing_mm=6.0, long_axis_mm=11.0), OPEN, "G5", 12.0),
    "no thickness, but below 10":                (lesion(slice_thickness_mm=None, spacing_mm=6.0, long_axis_mm=9.9), NO,  "M2", 12.0),
    "no thickness, thin slices":                 (lesion(slice_thickness_mm=None, spacing_mm=1.0, long_axis_mm=12.0), YES, "M1", 10.0),
    "node without thickness, spacing 7.5":       (node(15.0, slice_thickness_mm=None, spacing_mm=7.5),               YES, "N1", 15.0),
    "node without thickness, spacing 8":         (node(20.0, slice_thickness_mm=None, spacing_mm=8.0),               OPEN, "G5", 16.0),
    "runs out of the volume":                    (lesion(long_axis_mm=30.0, truncated=True),                         OPEN, "T1", 10.0),
    "non-axial volume of unknown modality":      (lesion(long_axis_mm=30.0, modality=Modality.CT_OR_MR, plane_degrees_from_axial=90.0,
                                                         plane_acquired=True, voxel_anisotropy=4.0),                 OPEN, "G8", 10.0),
    "margins not asked":                         (lesion(long_axis_mm=30.0, margins_measurable=None),                OPEN, "H2", 10.0),
    "margins cannot be measured":                (lesion(long_axis_mm=30.0, margins_measurable=False),               NO,  "H2", 10.0),
    "only the viable part":                      (lesion(long_axis_mm=30.0, whole_lesion=False),                     OPEN, "H5", 10.0),
    "treatment not known":                       (lesion(long_axis_mm=30.0, previously_treated=None),                OPEN, "P1", 10.0),
    "treated, course not known":                 (lesion(long_axis_mm=30.0, previously_treated=True),                OPEN, "P1", 10.0),
    "treated, not progressed":                   (lesion(long_axis_mm=30.0, previously_treated=True, progressed=False), NO, "P1", 10.0),
    "treated, progressed":                       (lesion(long_axis_mm=30.0, previously_treated=True, progressed=True), YES, "M1", 10.0),
    "a definite no outranks an unknown":         (lesion(long_axis_mm=30.0, margins_measurable=None, previously_treated=True,
                                                         progressed=False),                                          NO,  "P1", 10.0),
    "treated without progression, size open":    (lesion(previously_treated=True, progressed=False),                 NO,  "P1", None),
    "too small and not asked: small":            (lesion(long_axis_mm=8.0, margins_measurable=None),                 NO,  "M1", 10.0),
}
# fmt: on
TABLE = {**VECTORS, **KINDS, **UNKNOWNS}


@pytest.mark.parametrize(("given_", "status", "rule", "limit"), TABLE.values(), ids=TABLE)
def test_measurability(given_, status, rule, limit):
    found = judge(given_)

    assert (found.status, found.rule) == (status, rule)
    assert found.threshold_mm == pytest.approx(limit) if limit else found.threshold_mm is None
    assert found.source == RULES[rule].source and found.says and found.message


@pytest.mark.parametrize("length", [9.01, 9.95, 10.0, 10.99])
def test_within_a_millimeter_of_the_limit_a_second_reader_is_asked_for(length):
    assert judge(lesion(long_axis_mm=length)).borderline


@pytest.mark.parametrize("length", [8.99, 11.01, 40.0])
def test_beyond_a_millimeter_nobody_is_asked(length):
    assert not judge(lesion(long_axis_mm=length)).borderline


def test_words_of_a_table_are_taken_as_the_kind_and_modality_they_name():
    node = MeasuredLesion(
        id="n", kind="node", modality="CT", long_axis_mm=12.0, short_axis_mm=12.0, slice_thickness_mm=5.0
    )

    assert judge_size(node).status is Status.NOT_MEASURABLE
    assert judge_size(node) == judge_size(replace(node, kind=LesionKind.NODE, modality=Modality.CT))


# fmt: off
NO_LESIONS = {
    "a kind that is none":     ({"kind": "tumor"}, "KIND_UNKNOWN"),
    "a modality that is none": ({"modality": "ct"}, "MODALITY_UNKNOWN"),
    "a length as text":        ({"long_axis_mm": "12.5"}, "NOT_A_LENGTH"),
    "not a number":            ({"short_axis_mm": float("nan")}, "NOT_A_LENGTH"),
    "less than nothing":       ({"slice_thickness_mm": -5.0}, "NOT_A_LENGTH"),
}
# fmt: on


@pytest.mark.parametrize(("wrong", "code"), NO_LESIONS.values(), ids=NO_LESIONS)
def test_what_is_no_lesion_is_refused_and_not_judged(wrong, code):
    with pytest.raises(RecistError) as refusal:
        MeasuredLesion(id="x", **wrong)

    assert refusal.value.code == code


def test_an_interval_across_the_limit_is_borderline():
    assert judge(lesion(long_axis_mm=11.5, interval_mm=(9.9, 12.5))).borderline
    assert not judge(lesion(long_axis_mm=11.5, interval_mm=(10.0, 12.5))).borderline


def test_a_node_that_is_larger_on_another_slice_is_borderline():
    found = judge(node(13.5, largest_short_axis_mm=15.2))

    assert found.status is NO and found.borderline
    assert "15.2" in found.notes[0]


def test_a_message_never_prints_a_number_on_the_wrong_side():
    assert judge(lesion(long_axis_mm=9.95)).message == "longest diameter 9.95 mm (< 10 mm)"


def test_without_the_overlay_a_thrombus_is_the_readers_decision():
    found = judge(lesion(long_axis_mm=25.0, kind=LesionKind.THROMBUS), hcc_overlay=False)

    assert found.status is OPEN and not found.overlay


@pytest.mark.parametrize(
    ("organ", "short", "warned"),
    [
        ("porta hepatis", 15.0, True),
        ("porta hepatis", 19.9, True),
        ("porta hepatis", 20.0, False),
        ("porta hepatis", 14.9, False),
        ("mediastinum", 17.0, False),
    ],
)
def test_a_reactive_node_is_pointed_out_but_judged_by_recist(organ, short, warned):
    with_overlay = judge(node(short, organ=organ))
    without = judge(node(short, organ=organ), hcc_overlay=False)

    assert ("H3" in with_overlay.overlay) is warned
    assert with_overlay.status is without.status
    assert without.overlay == ()


def test_the_overlay_is_named_where_it_decides():
    assert judge(lesion(kind=LesionKind.THROMBUS)).overlay == ("H1",)
    assert judge(lesion(kind=LesionKind.ASCITES)).overlay == ("H4",)
    assert judge(lesion(kind=LesionKind.INFILTRATIVE)).overlay == ("H2",)
    assert judge(lesion(long_axis_mm=30.0, margins_measurable=False)).overlay == ("H2",)
    assert judge(lesion(long_axis_mm=30.0, contiguous_thrombus=True)).overlay == ("H6",)
    assert judge(lesion(kind=LesionKind.ASCITES), hcc_overlay=False).overlay == ()


@pytest.mark.parametrize(("tilt", "said"), [(10.0, ""), (10.1, "oblique"), (30.0, "oblique"), (None, "")])
def test_a_tilted_plane_is_accepted_with_a_note(tilt, said):
    found = judge(lesion(long_axis_mm=20.0, plane_degrees_from_axial=tilt))

    assert found.status is YES
    assert said in " ".join(found.notes) if said else not found.notes


def test_beyond_30_degrees_ct_must_be_nearly_isotropic():
    tilted = lesion(long_axis_mm=20.0, plane_degrees_from_axial=30.1)

    assert judge(replace(tilted, voxel_anisotropy=1.5)).status is YES
    assert judge(replace(tilted, voxel_anisotropy=1.51)).status is OPEN
    assert judge(tilted).status is OPEN


@pytest.mark.parametrize(
    ("thickness", "spacing", "expected"),
    [(5.0, 2.5, 5.0), (5.0, 6.0, 6.0), (None, 3.0, 3.0), (2.0, None, 2.0), (None, None, None)],
)
def test_the_effective_slice_is_the_larger_of_both(thickness, spacing, expected):
    assert effective_slice_mm(lesion(slice_thickness_mm=thickness, spacing_mm=spacing)) == expected


@pytest.mark.parametrize(("thickness", "limit"), [(5.0, 10.0), (5.01, 10.0), (5.02, 10.04), (5.1, 10.2)])
def test_header_noise_does_not_make_5_mm_slices_thick(thickness, limit):
    found = judge(lesion(long_axis_mm=30.0, slice_thickness_mm=thickness))

    assert found.threshold_mm == pytest.approx(limit)


LENGTHS = st.floats(0, 60, allow_nan=False)
SLICES = st.none() | st.floats(0.5, 12, allow_nan=False)


@st.composite
def lesions(draw):
    return lesion(
        kind=draw(st.none() | st.sampled_from(LesionKind)),
        modality=draw(st.none() | st.sampled_from(Modality)),
        long_axis_mm=draw(st.none() | LENGTHS),
        short_axis_mm=draw(st.none() | LENGTHS),
        slice_thickness_mm=draw(SLICES),
        spacing_mm=draw(SLICES),
        margins_measurable=draw(st.none() | st.booleans()),
        previously_treated=draw(st.none() | st.booleans()),
        progressed=draw(st.none() | st.booleans()),
    )


@given(lesions(), st.data())
def test_new_facts_never_reverse_a_decided_answer(before, data):
    """Filling in what was not asked turns UNKNOWN into an answer, never one answer into another."""
    blanks = {"margins_measurable": st.booleans(), "previously_treated": st.booleans()}
    filled = {name: data.draw(s) for name, s in blanks.items() if getattr(before, name) is None}
    if before.progressed is None:
        filled["progressed"] = data.draw(st.booleans())
    after = replace(before, **filled)

    if judge(before).status is not OPEN:
        assert judge(after).status is judge(before).status


@given(lesions(), LENGTHS)
def test_growing_never_loses_a_target(small, more):
    if small.long_axis_mm is None or small.short_axis_mm is None:
        return
    large = replace(small, long_axis_mm=small.long_axis_mm + more, short_axis_mm=small.short_axis_mm + more)

    if judge_size(small).status is YES:
        assert judge_size(large).status is YES


@given(lesions())
def test_facts_of_a_reader_never_make_a_lesion_measurable(given_):
    if judge(given_).status is YES:
        assert judge_size(given_).status is YES
