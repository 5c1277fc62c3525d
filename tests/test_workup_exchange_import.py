"""What other programs write is taken over to the voxel, or refused by name."""

import copy
import dataclasses
import shutil
from random import Random

import highdicom as hd
import nibabel
import numpy as np
import pydicom
import pytest
import SimpleITK
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sr.coding import Code
from pydicom.uid import ExplicitVRLittleEndian, RTStructureSetStorage

from imaging.dicom.study_files import load_study
from imaging.errors import ImagingError, RegionError
from imaging.geometry import LPS_TO_RAS, VolumeGeometry
from imaging.regions.region import Provenance, RegionRole, Vessel, VesselLevel
from imaging.regions.region_files import read_regions
from imaging.regions.seg_files import read_segmentation
from tests.dicom_judges import dcmqi_voxels, needs_dcmqi, rounded
from tests.dicom_series import COLUMNS, ROWS, SLICES, series, write
from tests.real_data import REAL_DATA, needs_real_data
from workup.case.case_files import read_case
from workup.errors import ExchangeError, WorkupError
from workup.exchange.import_files import import_file, write_import
from workup.exchange.rtstruct_files import contour_mask, even_odd
from workup.exchange.source_image_files import prepared

SHAPE = (SLICES, ROWS, COLUMNS)
THROMBUS, LESION = Code("396339007", "SCT", "Thrombus"), Code("52988006", "SCT", "Lesion")
ABNORMAL = Code("49755003", "SCT", "Morphologically Abnormal Structure")
PORTAL_VEIN = Code("32764006", "SCT", "Portal vein")


@pytest.fixture(scope="module")
def images():
    return series()


@pytest.fixture(scope="module")
def folder(images, tmp_path_factory):
    target = tmp_path_factory.mktemp("images")
    write(images, target)
    return target


@pytest.fixture(scope="module")
def study(folder):
    return load_study(folder)


@pytest.fixture(scope="module")
def acquisition(study):
    return study.acquisitions[0]


@pytest.fixture(scope="module")
def sources(images, acquisition):
    by_uid = {i.SOPInstanceUID: i for i in images}
    return [prepared(copy.deepcopy(by_uid[uid])) for uid in acquisition.header.sop_instance_uids]


def blobs(seed, count=2):
    """Masks (count, slices, rows, columns) that overlap, leave slices empty and touch no pattern."""
    random = np.random.default_rng(seed)
    masks = random.random((count, *SHAPE)) < 0.3
    masks[:, random.integers(0, SLICES, 3)] = False
    return masks


def segmentation(sources, masks, kind="BINARY", **options):
    """A SEG by highdicom: masks (segments, slices, rows, columns)."""
    descriptions = [
        hd.seg.SegmentDescription(
            segment_number=n,
            segment_label=f"part {n}",
            segmented_property_category=ABNORMAL,
            segmented_property_type=LESION,
            algorithm_type="MANUAL",
        )
        for n in range(1, len(masks) + 1)
    ]
    pixels = np.moveaxis(np.asarray(masks), 0, -1)
    if kind == "LABELMAP":
        pixels = (pixels * np.arange(1, len(masks) + 1)).max(axis=-1)
    return hd.seg.Segmentation(
        source_images=sources,
        pixel_array=pixels.astype(float if kind == "FRACTIONAL" else np.uint8),
        segmentation_type=kind,
        segment_descriptions=options.pop("descriptions", descriptions),
        series_instance_uid=hd.UID(),
        series_number=90,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer=options.pop("manufacturer", "Another"),
        manufacturer_model_name="Writer",
        software_versions="1",
        device_serial_number="1",
        **options,
    )


def saved(dataset, path):
    dataset.save_as(path)
    return path


ROLES = {"part 1": "filling_defect:portal_vein:Vp3", "part 2": "primary_tumor"}


def voxels(imported, acquisition):
    return [r.masks[acquisition.key].full() for r in imported.regions]


def shuffled(seg, seed=5):
    """The same object with its frames in another order."""
    mixed = copy.deepcopy(seg)
    order = np.random.default_rng(seed).permutation(len(seg.PerFrameFunctionalGroupsSequence))
    frames = np.asarray(seg.pixel_array)[order]
    mixed.PerFrameFunctionalGroupsSequence = [seg.PerFrameFunctionalGroupsSequence[i] for i in order]
    mixed.PixelData = pydicom.pixels.pack_bits(frames)
    return mixed


@pytest.mark.parametrize("seed", range(4))
def test_overlapping_binary_segments_read_back_to_the_voxel(seed, sources, study, acquisition, tmp_path):
    masks = blobs(seed)
    path = saved(segmentation(sources, masks), tmp_path / "seg.dcm")

    imported = import_file(path, study, roles=ROLES)

    assert all((a == b).all() for a, b in zip(voxels(imported, acquisition), masks, strict=True))
    assert [(r.role, r.vessel, r.level) for r in imported.regions] == [
        (RegionRole.FILLING_DEFECT, Vessel.PORTAL_VEIN, VesselLevel.VP3),
        (RegionRole.PRIMARY_TUMOR, None, None),
    ]
    mask = imported.regions[0].masks[acquisition.key]
    assert (mask.provenance, mask.verified) == (Provenance.IMPORTED, False)


def test_the_order_of_frames_says_nothing(sources, study, acquisition, tmp_path):
    masks = blobs(7)
    path = saved(shuffled(segmentation(sources, masks)), tmp_path / "seg.dcm")

    assert all(
        (a == b).all()
        for a, b in zip(voxels(import_file(path, study, roles=ROLES), acquisition), masks, strict=True)
    )


def test_a_label_map_reads_back_to_the_voxel(sources, study, acquisition, tmp_path):
    masks = blobs(1)
    masks[1] &= ~masks[0]
    path = saved(segmentation(sources, masks, "LABELMAP"), tmp_path / "seg.dcm")

    found = voxels(import_file(path, study, roles=ROLES), acquisition)

    assert (found[0] == masks[0]).all()
    assert (found[1] == masks[1]).all()


def test_a_fraction_of_half_is_inside_and_less_is_not(sources, study, acquisition, tmp_path):
    fractions = np.zeros((1, *SHAPE))
    fractions[0, 3, 4, 4:8] = [0.2, 0.49, 0.51, 1.0]
    options = {"fractional_type": "PROBABILITY", "max_fractional_value": 100}
    path = saved(segmentation(sources, fractions, "FRACTIONAL", **options), tmp_path / "seg.dcm")

    imported = import_file(path, study, roles={"part 1": "spleen"})

    assert np.argwhere(voxels(imported, acquisition)[0]).tolist() == [[3, 4, 6], [3, 4, 7]]
    assert "50%" in imported.regions[0].note


@needs_dcmqi
@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
def test_dcmqi_reads_the_same_voxels(kind, sources, study, acquisition, tmp_path):
    masks = blobs(3)
    masks[1] &= ~masks[0]
    path = saved(segmentation(sources, masks, kind), tmp_path / "seg.dcm")

    ours = import_file(path, study, roles=ROLES)

    theirs = dcmqi_voxels(path, tmp_path / "dcmqi")
    assert [rounded(r.masks[acquisition.key].positions_mm()) for r in ours.regions] == [theirs[1], theirs[2]]


# ---------------------------------------------------------------- what is refused


def changed(seg, change):
    other = copy.deepcopy(seg)
    change(other)
    return other


def _another_frame(seg):
    seg.FrameOfReferenceUID = "1.2.3"


def _unknown(seg):
    _another_frame(seg)
    seg.ReferencedSeriesSequence = []
    for frame in seg.PerFrameFunctionalGroupsSequence:
        del frame.DerivationImageSequence


def _moved(seg):
    for frame in seg.PerFrameFunctionalGroupsSequence:
        place = frame.PlanePositionSequence[0]
        place.ImagePositionPatient = [p + 0.3 for p in place.ImagePositionPatient]


def _coarser(seg):
    seg.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing = [1.5, 2.5]


def _frame_lost(seg):
    seg.PerFrameFunctionalGroupsSequence = seg.PerFrameFunctionalGroupsSequence[1:]


def _position_lost(seg):
    del seg.PerFrameFunctionalGroupsSequence[0].PlanePositionSequence


def _pixels_cut(seg):
    seg.PixelData = seg.PixelData[:-20]


def _undescribed(seg):
    seg.SegmentSequence = seg.SegmentSequence[:1]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_another_frame, "FRAME_OF_REFERENCE"),
        (_unknown, "UNKNOWN_SERIES"),
        (_moved, "GRID_MISMATCH"),
        (_coarser, "GRID_MISMATCH"),
        (_frame_lost, "REGIONS_FORMAT"),
        (_position_lost, "REGIONS_FORMAT"),
        (_pixels_cut, "REGIONS_FORMAT"),
        (_undescribed, "REGIONS_FORMAT"),
    ],
    ids=lambda x: x.__name__.strip("_") if callable(x) else x,
)
def test_a_segmentation_that_does_not_fit_is_refused(change, code, sources, study, tmp_path):
    path = saved(changed(segmentation(sources, blobs(0)), change), tmp_path / "seg.dcm")

    with pytest.raises(RegionError) as refused:
        import_file(path, study, roles=ROLES)
    assert refused.value.code == code


def test_roles_are_asked_for_and_never_guessed(sources, study, tmp_path):
    path = saved(segmentation(sources, blobs(0)), tmp_path / "seg.dcm")

    with pytest.raises(RegionError, match="part 1") as refused:
        import_file(path, study)
    assert refused.value.code == "UNKNOWN_ROLE"
    with pytest.raises(RegionError) as refused:
        import_file(path, study, roles={**ROLES, "part 3": "spleen"})
    assert refused.value.code == "UNKNOWN_LABEL"
    with pytest.raises(RegionError, match="tumour"):
        import_file(path, study, roles={**ROLES, "part 2": "tumour"})
    kept = import_file(path, study, roles={"part 1": "skip", "2": "primary_tumor"})
    assert [r.id for r in kept.regions] == ["part 2"]


def test_a_thrombus_in_a_vein_is_known_by_its_codes(sources, study, tmp_path):
    description = hd.seg.SegmentDescription(
        segment_number=1,
        segment_label="clot",
        segmented_property_category=ABNORMAL,
        segmented_property_type=THROMBUS,
        algorithm_type="MANUAL",
        anatomic_regions=[PORTAL_VEIN],
    )
    seg = segmentation(sources, blobs(0, 1), descriptions=[description])

    (region,) = import_file(saved(seg, tmp_path / "seg.dcm"), study).regions

    assert (region.role, region.vessel) == (RegionRole.FILLING_DEFECT, Vessel.PORTAL_VEIN)


def test_words_of_another_maker_that_look_like_ours_are_not_believed(sources, study, tmp_path):
    seg = segmentation(sources, blobs(0, 1))
    seg.SegmentSequence[0].SegmentDescription = "role: primary_tumor"

    with pytest.raises(RegionError, match="no role"):
        import_file(saved(seg, tmp_path / "seg.dcm"), study)


def test_another_grid_is_resampled_only_when_asked_and_stays_unverified(
    sources, study, acquisition, tmp_path
):
    masks = np.zeros((1, *SHAPE), dtype=bool)
    masks[0, 2:5, 3:8, 4:12] = True
    path = saved(changed(segmentation(sources, masks), _moved), tmp_path / "seg.dcm")

    with pytest.raises(RegionError, match="another grid"):
        import_file(path, study, roles={"part 1": "spleen"})
    (region,) = import_file(path, study, roles={"part 1": "spleen"}, resample=True, verified=True).regions

    mask = region.masks[acquisition.key]
    assert (mask.provenance, mask.verified) == (Provenance.IMPORTED, False)
    assert (mask.full() == masks[0]).all()  # 0.3 mm is less than half a voxel


def test_read_regions_takes_a_segmentation(sources, study, acquisition, tmp_path):
    seg = segmentation(sources, blobs(0, 1))
    seg.SegmentSequence[0].SegmentLabel = "Spleen"

    (region,) = read_regions(saved(seg, tmp_path / "seg.dcm"), study)

    assert region.role is RegionRole.SPLEEN
    assert not region.masks[acquisition.key].verified  # of another maker: nobody here has looked at it


@pytest.mark.parametrize("maker", ["veinvasion", "Another"])
def test_only_our_own_object_can_say_that_it_was_signed(sources, study, acquisition, tmp_path, maker):
    seg = segmentation(sources, blobs(0, 1))
    seg.Manufacturer = maker
    seg.SegmentSequence[0].SegmentLabel = "Spleen"
    seg.SegmentSequence[0].SegmentDescription = "role: spleen; signed: yes"

    (region,) = read_regions(saved(seg, tmp_path / "seg.dcm"), study)

    assert region.masks[acquisition.key].verified is (maker == "veinvasion")


# ---------------------------------------------------------------- label maps


def nifti(labels, geometry, path):
    nibabel.save(
        nibabel.Nifti1Image(labels.astype(np.uint8), LPS_TO_RAS @ geometry.index_to_patient_mm), path
    )
    return path


SNAP = """################################################
# ITK-SnAP Label Description File
################################################
    0     0    0    0        0  0  0    "Clear Label"
    1   255    0    0        1  1  1    "Spleen"
    2     0  255    0      0.5  1  1    "the tumor"
"""


def test_an_itk_snap_label_list_names_the_labels(study, acquisition, tmp_path):
    labels = blobs(0)[0].astype(np.uint8)
    labels[blobs(1)[0]] = 2
    path = nifti(labels, acquisition.volume.geometry, tmp_path / "x.nii.gz")
    (tmp_path / "labels.txt").write_text(SNAP)

    imported = import_file(
        path, study, label_list=tmp_path / "labels.txt", roles={"the tumor": "primary_tumor"}
    )

    assert [(r.id, r.role) for r in imported.regions] == [
        ("Spleen", RegionRole.SPLEEN),
        ("the tumor", RegionRole.PRIMARY_TUMOR),
    ]
    found = voxels(imported, acquisition)
    assert (found[0] == (labels == 1)).all()
    assert (found[1] == (labels == 2)).all()


def test_a_line_that_is_no_label_is_named(study, acquisition, tmp_path):
    path = nifti(np.ones(SHAPE), acquisition.volume.geometry, tmp_path / "x.nii.gz")
    (tmp_path / "labels.txt").write_text(SNAP + "3 liver\n")

    with pytest.raises(RegionError, match="line 7"):
        import_file(path, study, label_list=tmp_path / "labels.txt")


def test_a_refusal_of_several_series_says_which_they_are(study, acquisition, tmp_path):
    header = dataclasses.replace(acquisition.header, series_number=77, series_uid="1.2.840.55512345678")
    second = dataclasses.replace(acquisition, key="second", header=header)
    both = dataclasses.replace(study, acquisitions=(acquisition, second))
    path = nifti(np.ones(SHAPE), acquisition.volume.geometry, tmp_path / "x.nii.gz")

    with pytest.raises(RegionError) as refused:
        import_file(path, both, roles={"label-1": "spleen"})
    assert refused.value.code == "AMBIGUOUS_SERIES"
    assert "series 77 (UID …12345678, key second)" in str(refused.value)
    assert f"key {acquisition.key})" in str(refused.value)
    (region,) = import_file(path, both, roles={"label-1": "spleen"}, series="77").regions
    assert list(region.masks) == ["second"]


def test_a_label_map_of_another_grid_needs_permission(study, acquisition, tmp_path):
    fine = acquisition.volume.geometry
    matrix = fine.index_to_patient_mm.copy()
    matrix[:3, 1:3] *= 2
    matrix[:3, 3] += (fine.index_to_patient_mm[:3, 1] + fine.index_to_patient_mm[:3, 2]) / 2
    coarse = VolumeGeometry((SLICES, ROWS // 2, COLUMNS // 2), matrix)
    labels = np.zeros(coarse.shape)
    labels[2:4, 1:4, 2:5] = 1
    path = nifti(labels, coarse, tmp_path / "x.nii.gz")
    roles = {"label-1": "spleen"}

    with pytest.raises(RegionError) as refused:
        import_file(path, study, roles=roles)
    assert refused.value.code == "GRID_MISMATCH"
    (region,) = import_file(path, study, roles=roles, resample=True, verified=True).regions
    mask = region.masks[acquisition.key]
    assert not mask.verified
    assert (mask.full() == labels.repeat(2, axis=1).repeat(2, axis=2)).all()


def slicer_file(path, layers, geometry, header):
    """A .seg.nrrd as 3D Slicer writes it: layers (layers, slices, rows, columns)."""
    image = SimpleITK.GetImageFromArray(np.moveaxis(layers.astype(np.uint8), 0, -1), isVector=True)
    matrix = geometry.index_to_patient_mm
    steps = matrix[:3, [2, 1, 0]]
    spacing = np.linalg.norm(steps, axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetDirection((steps / spacing).ravel().tolist())
    image.SetOrigin(matrix[:3, 3].tolist())
    for key, value in header.items():
        image.SetMetaData(key, value)
    SimpleITK.WriteImage(image, str(path))
    return path


def test_overlapping_segments_of_3d_slicer_read_to_the_voxel(study, acquisition, tmp_path):
    masks = blobs(4)
    tags = (
        "Segmentation.Status:inprogress|TerminologyEntry:x~SCT^49755003^Abnormal~SCT^396339007^Thrombus~^^"
        "~y~SCT^8993003^Hepatic vein~^^|"
    )
    header = {
        "Segment0_ID": "Segment_1", "Segment0_Name": "clot", "Segment0_LabelValue": "1",
        "Segment0_Layer": "0", "Segment0_Tags": tags, "Segment1_ID": "Segment_2",
        "Segment1_Name": "tumor", "Segment1_LabelValue": "3", "Segment1_Layer": "1",
    }  # fmt: skip
    layers = np.stack([masks[0] * 1, masks[1] * 3])
    path = slicer_file(tmp_path / "x.seg.nrrd", layers, acquisition.volume.geometry, header)

    imported = import_file(path, study, roles={"tumor": "primary_tumor"})

    assert [(r.id, r.role, r.vessel) for r in imported.regions] == [
        ("clot", RegionRole.FILLING_DEFECT, Vessel.HEPATIC_VEIN),
        ("tumor", RegionRole.PRIMARY_TUMOR, None),
    ]
    assert all((a == b).all() for a, b in zip(voxels(imported, acquisition), masks, strict=True))


# ---------------------------------------------------------------- RTSTRUCT


def rtstruct(contours, frame="1.2.826.0.1.3680043.8.498.8", kind="CLOSED_PLANAR", name="tumor"):
    """A minimal RTSTRUCT: contours are (n, 3) arrays of patient positions."""
    plan = FileDataset("", {}, file_meta=FileMetaDataset(), preamble=b"\0" * 128)
    plan.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    plan.file_meta.MediaStorageSOPClassUID = plan.SOPClassUID = RTStructureSetStorage
    plan.file_meta.MediaStorageSOPInstanceUID = plan.SOPInstanceUID = "1.2.3.4"
    plan.ReferencedFrameOfReferenceSequence = [Dataset()]
    plan.ReferencedFrameOfReferenceSequence[0].FrameOfReferenceUID = frame
    roi, shape = Dataset(), Dataset()
    roi.ROINumber, roi.ROIName, shape.ReferencedROINumber = 1, name, 1
    shape.ContourSequence = []
    for points in contours:
        contour = Dataset()
        contour.ContourGeometricType = kind
        contour.NumberOfContourPoints = len(points)
        contour.ContourData = [f"{v:.4f}" for v in np.asarray(points).ravel()]
        shape.ContourSequence.append(contour)
    plan.StructureSetROISequence, plan.ROIContourSequence = [roi], [shape]
    return plan


FINE = VolumeGeometry((3, 400, 400), [[0, 0, 0.25, -50], [0, 0.25, 0, -50], [5.0, 0, 0, 0], [0, 0, 0, 1]])


def disc(center, radius_mm, z, corners=720):
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    x, y = center[0] + radius_mm * np.cos(angle), center[1] + radius_mm * np.sin(angle)
    return np.stack([x, y, np.full(corners, z)], axis=1)


@pytest.mark.parametrize("radius_mm", [2.0, 5.3, 20.0, 41.7])
def test_the_area_of_a_disc_is_right(radius_mm):
    mask, gaps = contour_mask([disc((1.23, -2.34), radius_mm, 5.0)], FINE, "disc", True)

    assert gaps == 0
    assert mask.count * FINE.pixel_area_mm2 == pytest.approx(np.pi * radius_mm**2, rel=0.02)


def test_holes_are_holes_and_islands_in_them_are_islands():
    rings = [disc((0, 0), r, 5.0) for r in (30.0, 20.0, 10.0)]

    mask, _ = contour_mask(rings, FINE, "rings", True)

    area = np.pi * (30**2 - 20**2 + 10**2)
    assert mask.count * FINE.pixel_area_mm2 == pytest.approx(area, rel=0.01)
    row, column = np.rint(FINE.index([0, 0, 5.0])[1:]).astype(int)
    full = mask.full()
    assert full[1, row, column]
    assert not full[1, row, column + 60]
    assert full[1, row, column + 100]


def test_even_odd_agrees_with_a_peer_on_any_polygon():
    """skimage's polygon test, which shares no code with ours, for pixels off the border."""
    from skimage.measure import points_in_poly

    random = np.random.default_rng(0)
    grid = np.stack(np.mgrid[:30, :40], axis=-1).reshape(-1, 2)
    for _ in range(60):
        corners = random.random((random.integers(3, 12), 2)) * [32, 42] - 1
        ours = even_odd(corners, (30, 40)).ravel()
        assert (ours == points_in_poly(grid, corners)).all()


def test_pixels_on_a_shared_border_belong_to_one_side():
    """Two rectangles that share an edge through pixel centers cover each pixel exactly once."""
    left = even_odd(np.array([[2, 2], [2, 5], [8, 5], [8, 2]], float), (12, 12))
    right = even_odd(np.array([[2, 5], [2, 9], [8, 9], [8, 5]], float), (12, 12))

    assert not (left & right).any()
    assert (left | right).sum() == 6 * 7


def test_structures_land_on_the_series_of_their_frame(study, acquisition, tmp_path):
    geometry = acquisition.volume.geometry
    corners = geometry.patient_mm([[3, 2.5, 3.5], [3, 2.5, 8.5], [3, 7.5, 8.5], [3, 7.5, 3.5]])
    path = saved(rtstruct([corners]), tmp_path / "rt.dcm")

    (region,) = import_file(path, study, roles={"tumor": "primary_tumor"}).regions

    expected = np.zeros(SHAPE, dtype=bool)
    expected[3, 3:8, 4:9] = True
    assert (region.masks[acquisition.key].full() == expected).all()


@pytest.mark.parametrize(
    ("off", "options", "code"),
    [
        ((0.6, 0, 0), {}, "CONTOUR_OFF_SLICE"),
        ((0, 40, 0), {}, "GRID_MISMATCH"),
        ((-9, 0, 0), {}, "GRID_MISMATCH"),
        ((0, 0, 0), {"frame": "1.2.3"}, "UNKNOWN_SERIES"),
        ((0, 0, 0), {"kind": "POINT"}, "EMPTY_REGION"),
    ],
)
def test_contours_that_do_not_fit_are_refused(off, options, code, study, acquisition, tmp_path):
    geometry = acquisition.volume.geometry
    corners = np.array([[3, 2, 3], [3, 2, 8], [3, 7, 8], [3, 7, 3.0]]) + np.array(off)
    path = saved(rtstruct([geometry.patient_mm(corners)], **options), tmp_path / "rt.dcm")

    with pytest.raises(RegionError) as refused:
        import_file(path, study, roles={"tumor": "primary_tumor"} if "kind" not in options else None)
    assert refused.value.code == code


# ---------------------------------------------------------------- public objects of other makers


@pytest.fixture(scope="module")
def liver():
    return load_study(REAL_DATA / "dcmqi_liver_seg" / "ct-3slice")


@needs_real_data
def test_the_liver_of_dcmqi_is_the_mask_that_slicer_saved(liver):
    seg = import_file(REAL_DATA / "dcmqi_liver_seg/liver.dcm", liver, roles={"Liver": "reference_liver"})
    nrrd = import_file(
        REAL_DATA / "dcmqi_liver_seg/liver_seg.nrrd", liver, roles={"label-1": "reference_liver"}
    )
    key = liver.acquisitions[0].key

    assert seg.regions[0].masks[key].count == 107098
    assert (seg.regions[0].masks[key].full() == nrrd.regions[0].masks[key].full()).all()


@needs_real_data
def test_a_whole_liver_is_not_taken_for_the_reference(liver):
    with pytest.raises(RegionError, match="Liver"):
        import_file(REAL_DATA / "dcmqi_liver_seg/liver.dcm", liver)


@needs_real_data
@needs_dcmqi
def test_overlapping_segments_of_dcmqi_are_what_dcmqi_reads(liver, tmp_path):
    path = REAL_DATA / "dcmqi_liver_seg" / "partial_overlaps.dcm"
    names = ("GREEN", "ORANGE", "PURPLE", "LIGHT_BLUE", "DARK_BLUE")

    ours = import_file(path, liver, roles=dict.fromkeys(names, "muscle"))

    theirs = dcmqi_voxels(path, tmp_path)
    key = liver.acquisitions[0].key
    assert [rounded(r.masks[key].positions_mm()) for r in ours.regions] == [theirs[n] for n in range(1, 6)]


@needs_real_data
@pytest.mark.parametrize("name", ["sparse-labelmap-noppv", "sparse-labelmap-ppv5"])
def test_a_sparse_label_map_has_its_two_slices_where_they_are(name):
    seg = read_segmentation(REAL_DATA / "dcmqi_liver_seg" / f"{name}.dcm")

    assert seg.stacks[1].origins_mm[:, 2].tolist() == [-177.75, -172.75]
    assert seg.stacks[1].spacing_mm == 2.5
    assert int(seg.stacks[1].pictures.sum()) == 630


@needs_real_data
def test_bidirectional_and_length_of_ohif_are_the_stated_numbers(tmp_path):
    folder = REAL_DATA / "ohif_sr_measurements"
    study = load_study(folder)

    imported = import_file(folder / "8512609329887240.dcm", study)

    assert [(x.line.region_id, x.line.axis, round(x.stated_mm, 2)) for x in imported.lines] == [
        ("Bidirectional", "long", 59.55),
        ("Bidirectional", "short", 43.36),
        ("Length", "long", 55.99),
    ]
    for each in imported.lines:
        ends = np.array(each.line.ends_lps_mm)
        assert np.linalg.norm(ends[1] - ends[0]) == pytest.approx(each.stated_mm, abs=1e-3)


@needs_real_data
def test_imported_lines_are_a_reading_that_the_case_reads(tmp_path):
    folder = REAL_DATA / "ohif_sr_measurements"
    shutil.copytree(folder, tmp_path / "dicom")
    study = load_study(tmp_path / "dicom")
    write_import(import_file(folder / "8512609329887240.dcm", study), study, tmp_path)

    case = read_case(tmp_path)

    assert [(line.region_id, line.axis) for line in case.lines] == [
        ("Bidirectional", "long"),
        ("Bidirectional", "short"),
        ("Length", "long"),
    ]
    assert [r.id for r in case.regions] == ["Bidirectional", "Length"]
    with pytest.raises(ExchangeError, match="already"):
        write_import(import_file(folder / "8512609329887240.dcm", study), study, tmp_path)


@needs_real_data
@pytest.mark.parametrize("change", ["number", "points"])
def test_a_length_that_contradicts_its_line_is_refused(change, tmp_path):
    folder = REAL_DATA / "ohif_sr_measurements"
    report = pydicom.dcmread(folder / "8512609329887240.dcm")
    numbers = [i for i in _content(report) if i.ValueType == "NUM"]
    if change == "number":
        numbers[0].MeasuredValueSequence[0].NumericValue = "9.55"
    else:
        numbers[0].ContentSequence[0].GraphicData = [10.0, 10.0, 20.0, 20.0]
    report.save_as(tmp_path / "sr.dcm")

    with pytest.raises(ExchangeError) as refused:
        import_file(tmp_path / "sr.dcm", load_study(folder))
    assert refused.value.code == "NUMBER_MISMATCH"


def _content(item):
    for child in item.get("ContentSequence", ()):
        yield child
        yield from _content(child)


@needs_real_data
def test_a_report_without_lines_says_what_it_holds():
    folder = REAL_DATA / "ohif_sr_measurements"

    with pytest.raises(ExchangeError, match="no diameter") as refused:
        import_file(folder / "5712163010185313.dcm", load_study(folder))
    assert refused.value.code == "NO_MEASUREMENT"


def test_a_file_that_is_none_of_these_is_refused(folder, study, tmp_path):
    (tmp_path / "x.txt").write_text("hello")

    for path in (tmp_path / "x.txt", next(folder.iterdir()), tmp_path / "absent.dcm"):
        with pytest.raises(ExchangeError):
            import_file(path, study)


# ---------------------------------------------------------------- damaged files


def mutated(raw, random):
    """A few bytes changed, cut, added or removed."""
    raw = bytearray(raw)
    for _ in range(random.choice([1, 1, 2, 5, 20])):
        at, kind = random.randrange(len(raw)), random.random()
        if kind < 0.6:
            raw[at] = random.randrange(256)
        elif kind < 0.8:
            raw = raw[: max(at, 1)]
        else:
            raw[at : at + random.randrange(8)] = random.randbytes(random.randrange(8))
        raw = raw or bytearray(b"x")
    return bytes(raw)


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP", "RTSTRUCT", "NIfTI", "NRRD"])
def test_a_damaged_file_is_read_or_refused_by_name(kind, sources, study, acquisition, tmp_path):
    """Never another exception; what is read lies on the grid."""
    masks, geometry = blobs(0), acquisition.volume.geometry
    masks[1] &= ~masks[0]
    if kind == "RTSTRUCT":
        corners = geometry.patient_mm(np.array([[3, 2, 3], [3, 2, 8], [3, 7, 8], [3, 7, 3.0]]))
        path, roles = saved(rtstruct([corners]), tmp_path / "x.dcm"), {"tumor": "spleen"}
    elif kind == "NIfTI":
        path, roles = nifti(masks[0], geometry, tmp_path / "x.nii"), {"label-1": "spleen"}
    elif kind == "NRRD":
        path = slicer_file(tmp_path / "x.seg.nrrd", masks[:1], geometry, {"Segment0_ID": "part 1"})
        roles = {"part 1": "spleen"}
    else:
        path, roles = saved(segmentation(sources, masks, kind), tmp_path / "x.dcm"), ROLES
    whole, random = path.read_bytes(), Random(kind)
    import_file(path, study, roles=roles)

    refused = 0
    for _ in range(60):
        path.write_bytes(mutated(whole, random))
        try:
            found = import_file(path, study, roles=roles)
        except (ImagingError, WorkupError) as error:
            refused += 1
            assert error.code
        else:
            assert all(m.geometry.same_grid(geometry) for r in found.regions for m in r.masks.values())
    assert refused > 5
