"""Gestures of a reader: one step each, refused with a reason where they make no sense."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from imaging.errors import RegionError
from imaging.findings.finding import Finding
from imaging.phases.phase import Phase
from imaging.regions.region import Provenance, RegionRole
from tests.reading_studies import acquisition, block, geometry, study
from workup import reading_tools
from workup.assess import assess
from workup.case.case import Statement
from workup.protocol_files import read_protocol
from workup.reading import Reading
from workup.reading_answers import Answers, is_discordant, number_beside
from workup.reading_checklist import missing
from workup.reading_files import open_reading

SAMPLE = Path(__file__).parent.parent / "sample_dicom"


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """The sample as its reader left it."""
    return open_reading(SAMPLE, case_folder=tmp_path_factory.mktemp("kept") / "case").reading


def with_outline(images=None):
    reading = Reading(images or study())
    id_ = reading.add_region(RegionRole.FILLING_DEFECT)
    reading.outline(id_, {"A": block(geometry(), (2, 5, 5), (2, 6, 6))})
    return reading, id_


def test_an_outline_is_carried_within_its_frame_of_reference_and_never_over_an_own_one():
    images = study()
    foreign = acquisition("X", images["A"].volume.voxels, frame_of_reference_uid="9")
    reading, id_ = with_outline(type(images)((*images.acquisitions, foreign)))
    own = block(geometry(), (1, 1, 1), (1, 3, 3))
    reading.outline(id_, {"D": own})

    assert reading_tools.propagate(reading, id_, "A") == ("U", "P")
    assert reading.mask(id_, "D").count == 9
    assert reading.mask(id_, "X") is None
    how = reading.state.regions[id_].masks["P"]
    assert (how.provenance, how.verified) == (Provenance.PROPAGATED, False)
    with pytest.raises(RegionError, match="no other phase"):
        reading_tools.propagate(reading, id_, "A")
    assert reading.undo() == f"carry {id_} over"


def test_a_nudge_out_of_the_images_is_refused():
    reading, id_ = with_outline()
    with pytest.raises(RegionError, match="would leave the images"):
        reading_tools.nudge(reading, id_, "A", (-3, 0, 0))
    with pytest.raises(RegionError, match="not outlined on this phase"):
        reading_tools.nudge(reading, id_, "P", (1, 0, 0))


def test_slices_between_drawn_ones_are_filled():
    reading, id_ = with_outline()
    reading.labels["A"][5, 5:11, 5:11] = 1
    reading_tools.interpolate(reading, id_, "A")

    assert reading.outlines.statistics["A"].slices(1) == (2, 3, 4, 5)
    assert not reading.mask(id_, "A").verified


def test_a_click_grows_the_tumor_of_the_sample(sample):
    key = sample.keys_of_phase(Phase.LATE_ARTERIAL)[0]
    truth = sample.mask("hcc1", key)
    reading = Reading(sample.study, decisions=sample.decisions)
    id_ = reading.add_region(RegionRole.TARGET_LESION)
    word = reading_tools.grow(reading, id_, key, truth.positions_mm().mean(axis=0))
    grown = reading.mask(id_, key)
    both = (grown.full() & truth.full()).sum()

    # The thrombus is contiguous with the tumor and behaves alike: growth runs some way into it.
    assert 2 * both / (grown.count + truth.count) > 0.65
    assert word.endswith("confirm with Enter.")
    assert not grown.verified


def test_live_answers_are_those_of_the_whole_assessment(sample):
    protocol = read_protocol()
    answers, whole = Answers(sample, protocol), assess(sample.to_case(), protocol)
    defect = answers.region("defect1").defect
    tumor = answers.region("hcc1").lesion

    assert defect.findings == whole.defects[0].findings
    assert defect.adjacency == whole.defects[0].adjacency
    assert tumor.measurement.judged == whole.lesions[0].measurement.judged
    assert answers.everything().vascular_invasion == whole.vascular_invasion
    curve = answers.region("defect1").curves["defect1"]
    assert [point.phase for point in curve] == [
        Phase.UNENHANCED, Phase.LATE_ARTERIAL, Phase.PORTAL_VENOUS, Phase.DELAYED,
    ]  # fmt: skip
    live = [sample.moments("defect1", point.key).mean for point in curve]
    assert [point.mean for point in curve] == pytest.approx(live)


def test_a_wrong_phase_label_reaches_the_answers(sample):
    reading = Reading.from_case(sample.to_case(), sample.decisions)
    answers = Answers(reading, read_protocol())
    assert answers.region("defect1").defect.findings.enhancement.finding is Finding.POSITIVE
    for key in reading.keys_of_phase(Phase.UNENHANCED):
        reading.label_phase(key, Phase.DELAYED)

    assert answers.region("defect1").defect.findings.enhancement.finding is Finding.NOT_COMPUTABLE


def test_a_reader_against_the_number_is_discordant(sample):
    answer = Answers(sample, read_protocol()).region("defect1")
    found, words = number_beside(answer, "arterial_enhancement")

    assert found is Finding.POSITIVE
    assert words.startswith("+5") or words.startswith("+4")
    assert is_discordant(Statement.NO, found)
    assert not is_discordant(Statement.UNCERTAIN, found)


def test_the_checklist_shrinks_to_nothing(sample):
    empty = Reading(study())
    says = [item.says for item in missing(empty)]
    assert says[0] == "The reader's name"
    assert "An outline of the filling defect or the lesion" in says
    assert sum(item.acquisition_key is not None for item in missing(empty)) == 4

    left = [item.says for item in missing(sample)]
    if not sample.state.complete:
        assert left.pop().startswith("Your word that every filling defect")
    assert left == []


def test_strokes_on_one_side_only_are_refused():
    reading, id_ = with_outline()
    stroke = geometry().patient_mm([[2, 5, 5], [2, 5, 9]])
    with pytest.raises(RegionError, match="one side"):
        reading_tools.scribble(reading, id_, "A", [(np.asarray(stroke), True)])
