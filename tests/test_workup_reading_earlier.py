"""Regions of an earlier study: placed on a stated ground, or refused; never verified."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imaging.geometry import VolumeGeometry
from imaging.phases.phase import Phase
from imaging.regions.region import Provenance, RegionRole, Vessel, VesselLevel
from imaging.volume import Study
from tests.reading_studies import block, geometry, study
from workup.errors import CaseError
from workup.reading import Reading
from workup.reading_checklist import missing
from workup.reading_earlier import from_earlier, take
from workup.reading_files import open_reading

SAMPLE = Path(__file__).parent.parent / "sample_dicom"
#: Where the patient lies now, against the earlier examination. [mm]
MOVED_MM = np.array([6.0, -4.0, 14.0])


def again(images, *, frame="other", moved_mm=MOVED_MM, **header):
    """The same patient at another examination: other UIDs, moved on the table."""
    made = []
    for a in images:
        matrix = a.volume.geometry.index_to_patient_mm.copy()
        matrix[:3, 3] += moved_mm
        grid = VolumeGeometry(a.volume.geometry.shape, matrix)
        fields = {"study_uid": "9.9", "frame_of_reference_uid": frame, **header}
        made.append(replace(a, header=replace(a.header, **fields), volume=replace(a.volume, geometry=grid)))
    return Study(tuple(made))


def drawn(images=None):
    reading = Reading(images or study(), reader="A")
    id_ = reading.add_region(RegionRole.FILLING_DEFECT)
    reading.outline(id_, {"A": block(geometry(), (2, 5, 5), (2, 6, 6))})
    return reading, id_


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    return open_reading(SAMPLE, case_folder=tmp_path_factory.mktemp("kept") / "case").reading


def test_in_one_frame_of_reference_an_outline_stays_in_its_place():
    earlier, id_ = drawn()
    now = Reading(again(study(), frame="1.2.3", moved_mm=0.0), reader="A")
    (found,) = from_earlier(earlier.to_case(), {}, now.study, "P", Phase.PORTAL_VENOUS)
    (taken,) = take(now, (found,))

    assert "one frame of reference" in found.how
    assert (now.mask(taken, "P").full() == earlier.mask(id_, "A").full()).all()
    how = now.state.regions[taken].masks["P"]
    assert (how.provenance, how.verified) == (Provenance.SUGGESTED, False)
    assert now.steps == ("copy regions from an earlier study",)
    assert now.active == taken
    now.undo()
    assert not now.state.regions


def test_how_far_tumor_reached_then_is_told_and_not_taken_over():
    earlier, id_ = drawn()
    earlier.describe_region(id_, vessel=Vessel.PORTAL_VEIN, level=VesselLevel.VP4)
    now = Reading(again(study(), frame="1.2.3", moved_mm=0.0), reader="A")
    (found,) = from_earlier(earlier.to_case(), {}, now.study, "P", Phase.PORTAL_VENOUS)
    (taken,) = take(now, (found,))

    assert "its level then was Vp4: give it anew" in found.how
    assert (now.region(taken).vessel, now.region(taken).level) == (Vessel.PORTAL_VEIN, None)
    assert "Vp4" in now.region(taken).note
    assert f"{taken}: vessel and level" in [item.says for item in missing(now)]


def test_across_frames_a_patient_who_moved_on_the_table_is_found_again(sample):
    now = again(sample.study)
    key = sample.keys_of_phase(Phase.PORTAL_VENOUS)[0]
    tumor = replace(sample.to_case(), regions=(sample.region("hcc1"),))
    (found,) = from_earlier(tumor, sample.decisions, now, key, Phase.PORTAL_VENOUS)
    mask = found.region.masks[key]

    assert found.how.startswith("registered: moved by +6 mm left, -4 mm back, +14 mm up")
    assert not mask.verified
    assert mask.residual_mm is not None
    was, is_ = sample.mask("hcc1", key).full(), mask.full()
    assert 2 * (was & is_).sum() / (was.sum() + is_.sum()) > 0.9


def test_what_cannot_be_aligned_comes_without_an_outline_and_says_why():
    earlier, _ = drawn()
    now = Reading(again(study(seed=1)), reader="A")
    found = from_earlier(earlier.to_case(), {}, now.study, "P", Phase.PORTAL_VENOUS)
    (taken,) = take(now, found)

    assert not found[0].placed
    assert found[0].how.startswith("no outline: the phases could not be aligned")
    assert now.region(taken).masks == {}
    assert "filling_defect_1" in now.region(taken).note


def test_voxels_of_regions_that_are_there_stay_with_them():
    earlier, _ = drawn()
    now = Reading(again(study(), frame="1.2.3", moved_mm=0.0), reader="A")
    own = now.add_region(RegionRole.FILLING_DEFECT)
    now.outline(own, {"P": block(geometry(), (2, 5, 5), (2, 6, 3))})
    before = now.mask(own, "P").full()
    (taken,) = take(now, from_earlier(earlier.to_case(), {}, now.study, "P", Phase.PORTAL_VENOUS))

    assert taken == "filling_defect_2"
    assert (now.mask(own, "P").full() == before).all()
    assert now.mask(taken, "P").count == 36
    assert now.kept_apart == ()


REFUSED = {
    "another patient": ("ANOTHER_PATIENT", {"patient_id_hash": "b"}),
    "the images in hand themselves": ("SAME_STUDY", {"study_uid": "1.1"}),
}


@pytest.mark.parametrize(("code", "header"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_earlier_study_of_this_patient_is_refused(code, header):
    images = again(study(), study_uid="1.1", patient_id_hash="a")
    earlier, _ = drawn(again(study(), frame="1.2.3", moved_mm=0.0, **{"study_uid": "0", **header}))

    with pytest.raises(CaseError) as refused:
        from_earlier(earlier.to_case(), {}, images, "P", Phase.PORTAL_VENOUS)
    assert refused.value.code == code


def test_a_study_that_nobody_read_is_refused():
    with pytest.raises(CaseError, match="no regions"):
        from_earlier(Reading(study()).to_case(), {}, study(), "P", Phase.PORTAL_VENOUS)


@pytest.mark.parametrize(
    ("ours", "theirs", "told"), [("p", "p", False), ("p", None, True), (None, None, True)]
)
def test_that_nothing_tells_whether_it_is_the_same_patient_is_said(ours, theirs, told):
    earlier, _ = drawn(again(study(), frame="1.2.3", moved_mm=0.0, patient_id_hash=theirs, study_uid="8.8"))
    now = again(study(), frame="1.2.3", moved_mm=0.0, patient_id_hash=ours)
    (found,) = from_earlier(earlier.to_case(), {}, now, "P", Phase.PORTAL_VENOUS)

    assert ("no patient ID tells" in found.how) is told
