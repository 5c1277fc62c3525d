"""Independent judges: other loaders, and an oracle that reads each slice's header by itself."""

import warnings

import numpy as np
import pydicom
import pytest

from imaging.dicom.study_files import load_study
from imaging.errors import DicomError
from tests.dicom_peers import DICOM2NIFTI, PEERS, image_slices, verdicts
from tests.dicom_scenarios import SCENARIOS
from tests.real_data import REAL_DATA, needs_real_data

#: Folders of the public images whose series are plain: every judge must agree on them.
PLAIN = {
    "hcc005_baseline_1999-01-23/S002": {"SimpleITK", "dcm2niix", "highdicom"},
    "hcc005_baseline_1999-01-23/S004": {"SimpleITK", "dcm2niix", "highdicom"},
    "hcc005_baseline_1999-01-23/S103": {"SimpleITK", "dcm2niix", "highdicom"},
    "hcc005_followup_1999-04-30/S004": {"SimpleITK", "dcm2niix", "highdicom"},
    "hcc005_followup_1999-04-30/S005": {"SimpleITK", "dcm2niix", "highdicom"},
    "hcc005_followup_1999-04-30/S103": {"SimpleITK", "dcm2niix", "highdicom"},
    "tcga_lihc_BC-A10W_ct": {"SimpleITK", "dcm2niix", "highdicom"},
    "totalsegmentator_example_ct": {"SimpleITK", "dcm2niix"},  # no UIDs: highdicom refuses
    "dcmqi_liver_seg/ct-3slice": {"SimpleITK", "dcm2niix", "highdicom"},
    "dce_breast_pe_ser_oracle/image_dce_pe1": {"SimpleITK", "dcm2niix", "highdicom"},
    "dce_breast_pe_ser_oracle/image_dce_ser": {"SimpleITK", "dcm2niix", "highdicom"},
    "mr_abdomen_adc_t2/adc_image": {"SimpleITK", "dcm2niix", "highdicom"},
    "mr_abdomen_adc_t2/t2_image": {"SimpleITK", "dcm2niix", "highdicom"},
    "prostatex_dce_45_series/011": {"SimpleITK", "dcm2niix", "highdicom"},
    "prostatex_dce_45_series/030": {"SimpleITK", "dcm2niix", "highdicom"},
    "prostatex_dce_45_series/056": {"SimpleITK", "dcm2niix", "highdicom"},
}

INSTALLED = [name for name in PEERS if name != "dicom2nifti" or DICOM2NIFTI.exists()]


def corners(shape, matrix):
    last = np.array(shape) - 1
    picks = np.array([[i, j, k, 1] for i in (0, 1) for j in (0, 1) for k in (0, 1)], float)
    return (picks * [*last, 1]) @ matrix.T


@needs_real_data
@pytest.mark.parametrize("folder", PLAIN)
def test_plain_series_agree_with_every_judge(folder):
    (acquisition,) = load_study(REAL_DATA / folder).acquisitions
    volume = acquisition.volume
    matrix = volume.geometry.index_to_patient_mm
    agreed = set()
    for name in INSTALLED:
        for peer in PEERS[name](REAL_DATA / folder):
            turned = peer.along(matrix)
            assert turned.voxels.shape == volume.voxels.shape, name
            assert np.abs(turned.voxels.astype(float) - volume.voxels).max() <= 0.5, name
            gap = np.abs(
                corners(volume.voxels.shape, turned.index_to_patient_mm)
                - corners(volume.voxels.shape, matrix)
            )
            assert gap.max() <= 0.01, name
            agreed.add(name)
    assert agreed - {"dicom2nifti"} == PLAIN[folder]  # which leaves series of fewer than four slices out


@needs_real_data
@pytest.mark.parametrize(
    "folder", [*PLAIN, "dce_breast_pe_ser_oracle/image_dce_3dfgre_orig", "ohif_sr_measurements"]
)
def test_each_slice_is_where_its_own_header_says(folder):
    """An oracle of its own: each file read alone by pydicom, looked up in the volume by position."""
    study = load_study(REAL_DATA / folder)
    seen = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for acquisition in study:
            volume, uids = acquisition.volume, acquisition.header.sop_instance_uids
            for path in sorted((REAL_DATA / folder).rglob("*")):
                if path.suffix in (".md", ".json"):
                    continue
                ds = pydicom.dcmread(path)
                uid = str(ds.get("SOPInstanceUID") or ds.file_meta.MediaStorageSOPInstanceUID)
                if uid not in uids:
                    continue
                index = uids.index(uid)
                values = ds.pixel_array * float(ds.get("RescaleSlope", 1)) + float(
                    ds.get("RescaleIntercept", 0)
                )
                assert np.abs(values - volume.voxels[index]).max() <= 0.5
                last = np.array(ds.ImagePositionPatient, float)
                last += (
                    np.array(ds.ImageOrientationPatient[:3], float) * ds.PixelSpacing[1] * (ds.Columns - 1)
                )
                last += np.array(ds.ImageOrientationPatient[3:], float) * ds.PixelSpacing[0] * (ds.Rows - 1)
                ours = volume.geometry.patient_mm([[index, 0, 0], [index, ds.Rows - 1, ds.Columns - 1]])
                assert np.abs(ours - [np.array(ds.ImagePositionPatient, float), last]).max() <= 0.01
                seen += 1
    assert seen == sum(a.volume.voxels.shape[0] for a in study)


@needs_real_data
@pytest.mark.parametrize(
    "folder, code",
    {
        "gantrytilting_001": "GANTRY_TILT",
        "sliceincrement_001": "SERIES_GAP",
        "sliceincrement_002": "SERIES_GAP",
        "notavolume_001": "NOT_A_VOLUME",
        "sliceorientation_001": "MIXED_GEOMETRY",
    }.items(),
)
def test_series_that_dicom2nifti_fails_on_are_refused(folder, code):
    with pytest.raises(DicomError) as caught:
        load_study(REAL_DATA / "dicom2nifti_failing" / folder)

    assert [r["code"] for r in caught.value.details["refused"]] == [code]


@needs_real_data
def test_45_identically_named_series_stay_45_acquisitions():
    study = load_study(REAL_DATA / "prostatex_dce_45_series")

    dynamic = [a for a in study if a.header.series_description.startswith("tfl_dyn")]
    assert len(dynamic) == 45
    assert study.refused == ()


@needs_real_data
def test_three_times_in_one_series_are_three_acquisitions_in_order():
    study = load_study(REAL_DATA / "dce_breast_pe_ser_oracle" / "image_dce_3dfgre_orig")

    assert [a.header.acquisition for a in study] == [f"content time {n}" for n in (1, 2, 3)]
    times = [a.header.content_time_s for a in study]
    assert times == sorted(times) and len(set(times)) == 3


@needs_real_data
def test_percent_enhancement_agrees_with_the_maker_of_the_map():
    """PE1 = 100 (S1 - S0) / S0 was computed by other software from the same three passes."""
    study = load_study(REAL_DATA / "dce_breast_pe_ser_oracle")
    before, early = (a.volume.voxels.astype(float) for a in study.acquisitions[:2])
    (theirs,) = (a for a in study if a.header.series_description.endswith("PE1"))
    tissue = (before > 40) & (theirs.volume.voxels > 0)
    ours = 100 * (early - before) / np.maximum(before, 1)

    assert tissue.sum() > 1000
    assert np.abs(ours - theirs.volume.voxels)[tissue].max() <= 1.0


#: Scenarios of which nothing loads; a peer's right answer there needs a reason not to be ours.
REFUSED = [sentence for sentence, case in SCENARIOS.items() if not case.loads]


@pytest.mark.long
@pytest.mark.parametrize("sentence", REFUSED)
def test_what_a_peer_loads_right_we_load_right_or_say_why_not(sentence, tmp_path):
    """Refusing is no excuse, and a reason that no peer's answer calls for is none."""
    case = SCENARIOS[sentence]
    case.build(tmp_path)

    found = verdicts(case, tmp_path, image_slices(tmp_path), INSTALLED)

    right = [name for name, word in found.items() if word == "right"]
    missing = "dicom2nifti" not in INSTALLED and case.peers_may
    assert bool(right) == bool(case.peers_may) or missing, right


@pytest.mark.long
@pytest.mark.skipif(not DICOM2NIFTI.exists(), reason="`make test-long` installs dicom2nifti; it is not there")
def test_dicom2nifti_takes_part(tmp_path):
    SCENARIOS["a plain series"].build(tmp_path)

    assert verdicts(SCENARIOS["a plain series"], tmp_path, 8, ["dicom2nifti"]) == {"dicom2nifti": "right"}
