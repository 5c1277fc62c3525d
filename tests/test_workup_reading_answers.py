"""What a reader is told of the work in hand is what the whole assessment says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from imaging.phases.decision import name_phases
from imaging.phases.phase import Evidence, Phase, PhaseDecision, Role
from imaging.regions.region import RegionRole
from tests.reading_studies import block, geometry, study
from workup.assess import assess
from workup.case.case import Line, Statement
from workup.protocol_files import read_protocol
from workup.reading import Reading
from workup.reading_answers import Answers
from workup.reading_files import open_reading

SAMPLE = Path(__file__).parent.parent / "sample_dicom"
SHAPE = (6, 90, 100)
_TEXT = Evidence("text", "P", Phase.PORTAL_VENOUS)
PORTAL = {"P": PhaseDecision(Role.IMAGE, Phase.PORTAL_VENOUS, 0.9, (_TEXT,))}


def with_lesions(*sides):
    """Square lesions of so many voxels beside each other on the portal venous phase."""
    reading = Reading(study(("P",), SHAPE), reader="A", decisions=PORTAL)
    corner = 2
    for side in sides:
        id_ = reading.add_region(RegionRole.TARGET_LESION)
        reading.outline(id_, {"P": block(geometry(SHAPE), (1, 2, corner), (3, side, side))})
        reading.state_lesion(
            id_,
            malignant=Statement.YES,
            margins_measurable=Statement.YES,
            locoregional_treated=Statement.NO,
            organ="liver",
        )
        corner += side
    return reading


def test_a_lesion_in_hand_has_the_role_that_it_has_among_all_lesions():
    reading = with_lesions(32, 30, 28)
    answers = Answers(reading, read_protocol())
    shown = [answers.region(id_).lesion for id_ in reading.state.regions]
    whole = answers.everything().lesions

    for name in ("role", "role_reason", "proposed_role", "proposed_reason"):
        assert [getattr(x, name) for x in shown] == [getattr(x, name) for x in whole]
    assert [x.role for x in shown] == ["target", "target", "non_target"]  # two in one organ


def test_what_is_doubtful_about_a_line_is_said_first():
    reading = with_lesions(30)
    (id_,) = reading.state.regions
    ends = [tuple(geometry(SHAPE).patient_mm((2, 10, column))) for column in (0, 80)]
    reading.set_lines(id_, (Line(id_, "P", "long", tuple(ends)),))
    answer = Answers(reading, read_protocol()).region(id_)

    assert len(answer.lesion.measurement.cautions) == 2  # beside the outline, and of another length
    assert answer.warnings[:2] == answer.lesion.measurement.cautions


def test_the_curve_of_the_liver_is_that_of_all_reference_regions_it_is_compared_with():
    reading = with_lesions(30)
    voxels = np.asarray(reading.study["P"].volume.voxels)
    for column in (50, 70):
        liver = reading.add_region(RegionRole.REFERENCE_LIVER)
        reading.outline(liver, {"P": block(geometry(SHAPE), (2, 60, column), (1, 9, 9))})
    curves = Answers(reading, read_protocol()).region("target_lesion_1").curves

    both = np.concatenate([voxels[2, 60:69, 50:59], voxels[2, 60:69, 70:79]])
    assert list(curves) == ["target_lesion_1", "reference_liver_1 + reference_liver_2"]
    assert curves["reference_liver_1 + reference_liver_2"][0].mean == pytest.approx(both.mean())


def test_a_label_on_one_phase_is_weighed_on_all_phases_that_are_shown(tmp_path):
    reading = open_reading(SAMPLE, case_folder=tmp_path / "case").reading
    by_phase = {reading.phase(a.key): a.key for a in reading.study}
    reading.label_phase(by_phase[Phase.UNENHANCED], Phase.DELAYED)
    now = name_phases(reading.study, reader_labels=reading.state.phase_labels)
    found = assess(reading.to_case(), read_protocol()).decisions

    assert dict(reading.decisions) == now == dict(found)
    assert {a.key: reading.phase(a.key) for a in reading.study} == {k: d.phase for k, d in found.items()}
    assert reading.phase(by_phase[Phase.LATE_ARTERIAL]) is Phase.UNDETERMINED  # the order speaks against it
    reading.undo()
    assert {reading.phase(a.key): a.key for a in reading.study} == by_phase
