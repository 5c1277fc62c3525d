"""Every row of the failure catalogue: loaded right, or refused with the right code. Nothing between."""

from pathlib import Path

import numpy as np
import pytest

from imaging.dicom.failures import CATALOGUE
from imaging.dicom.study_files import load_study
from imaging.errors import DicomError
from tests.dicom_scenarios import SCENARIOS
from tests.dicom_series import TOLERANCE, error_of, series, write


def outcome(folder, resample):
    """Acquisitions and refused codes of a folder."""
    try:
        study = load_study(folder, resample=resample)
    except DicomError as error:
        assert error.code == "NOTHING_USABLE"
        return (), {r["code"] for r in error.details["refused"]}, ()
    return study.acquisitions, {r.code for r in study.refused}, study.skipped


def positions(geometry):
    return geometry.patient_mm(np.moveaxis(np.indices(geometry.shape), 0, -1))


@pytest.mark.parametrize("sentence", SCENARIOS)
def test_scenario(sentence, tmp_path):
    case = SCENARIOS[sentence]
    case.build(tmp_path / "study")

    path = tmp_path / "study"
    acquisitions, refused, skipped = outcome(next(path.glob("*.zip"), path), case.resample)

    assert len(acquisitions) == case.loads
    assert refused == set((case.refused or "").split())
    cautions = {c.code for a in acquisitions for c in a.cautions}
    assert cautions == case.cautions
    assert any(case.skipped in s.reason for s in skipped) or case.skipped is None
    for acquisition in acquisitions:
        volume = acquisition.volume
        at = positions(volume.geometry)
        assert error_of(volume.voxels, at, volume.valid, mr=case.mr) <= TOLERANCE + case.scale_error
        assert volume.voxels.dtype in (np.int16, np.float32) and not volume.voxels.flags.writeable
        assert len(acquisition.header.sop_instance_uids) in (volume.voxels.shape[0], 1) or volume.resampled
    assert len({a.key for a in acquisitions}) == case.loads


def test_the_table_covers_every_refusal_and_caution_a_series_can_cause():
    told = {c for s in SCENARIOS.values() for c in (*s.cautions, *(s.refused or "").split())}
    elsewhere = {"UNSAFE_ARCHIVE", "TOO_LARGE", "DECODE_LIMIT", "UNREADABLE", "NOTHING_USABLE"}
    codes = {f.code for f in CATALOGUE if f.handling != "handled"}

    assert len(SCENARIOS) >= 60
    assert codes - told - elsewhere == set()


def test_passes_come_in_order_of_time(tmp_path):
    SCENARIOS["three passes across midnight"].build(tmp_path)

    study = load_study(tmp_path)

    assert [float(a.volume.voxels.mean()) for a in study] == sorted(
        float(a.volume.voxels.mean()) for a in study
    )
    assert len({a.header.acquisition_datetime.date() for a in study}) == 2


def test_padding_is_not_valid_and_keeps_its_number(tmp_path):
    SCENARIOS["padding outside the circle"].build(tmp_path)

    volume = load_study(tmp_path).acquisitions[0].volume

    assert (~volume.valid).sum() == 12 * 8
    assert not volume.valid[:, :3, :4].any()


@pytest.mark.parametrize(
    "sentence, text",
    {
        "Korean description in UTF-8": "간 동맥기",
        "Korean description in EUC-KR": "간 문맥기",
        "text that no character set is declared for": "�" * 6,
    }.items(),
)
def test_descriptions_survive_or_show_as_unreadable(sentence, text, tmp_path):
    SCENARIOS[sentence].build(tmp_path)

    assert load_study(tmp_path).acquisitions[0].header.series_description == text


def test_axial_slices_ascend(tmp_path):
    for sentence in ("a plain series", "a prone patient", "feet first"):
        SCENARIOS[sentence].build(tmp_path / sentence)
        geometry = load_study(tmp_path / sentence).acquisitions[0].volume.geometry

        assert geometry.slice_normal[2] > 0.99


def test_the_page_lists_the_catalogue():
    page = (Path(__file__).parent.parent / "docs" / "loading.md").read_text()

    for failure in CATALOGUE:
        assert f"| `{failure.code}` | {failure.handling} | {failure.sentence} |" in page
    assert len({f.code for f in CATALOGUE}) == len(CATALOGUE)


#: What one slice says otherwise, and the code of the refusal. Other loaders read the first slice for all.
ONE_SLICE_SAYS = {
    "another modality": ({"Modality": "MR"}, "MIXED_ATTRIBUTES"),
    "another kind of object": ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.4"}, "MIXED_ATTRIBUTES"),
    "three samples a pixel": ({"SamplesPerPixel": 3}, "BAD_BITS"),
    "that it is shown inverted": ({"PhotometricInterpretation": "MONOCHROME1"}, "MIXED_ATTRIBUTES"),
    "fewer bits allocated": ({"BitsAllocated": 8}, "BAD_BITS"),
    "fewer bits stored": ({"BitsStored": 12}, "BAD_BITS"),
    "another high bit": ({"HighBit": 11}, "BAD_BITS"),
    "a range of padding": ({"PixelPaddingRangeLimit": 7}, "MIXED_ATTRIBUTES"),
    "another slope": ({"RescaleSlope": "2"}, "RESCALE_VARIES"),
    "another unit": ({"RescaleType": "US"}, "RESCALE_VARIES"),
}


@pytest.mark.parametrize(("changes", "code"), ONE_SLICE_SAYS.values(), ids=ONE_SLICE_SAYS)
def test_a_slice_that_contradicts_the_others_is_refused(changes, code, tmp_path):
    images = series()
    for ds in images:
        ds.PixelPaddingValue, ds.RescaleType = 5, "HU"
        ds["PixelPaddingValue"].VR = "US"
    for keyword, value in changes.items():
        setattr(images[3], keyword, value)
        if keyword.startswith("PixelPadding"):
            images[3][keyword].VR = "US"
    write(images, tmp_path)

    assert outcome(tmp_path, resample=False)[:2] == ((), {code})
