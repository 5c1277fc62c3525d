# ruff: noqa: E501 - tables are read across
"""Every refusal of damaged bytes is reached: elements, code streams, zips, whole files."""

import struct
import zipfile

import imagecodecs
import numpy as np
import pytest
from pydicom.dataset import Dataset

from imaging.dicom import tags
from imaging.dicom.decoding import J2K_LOSSLESS, check_tail, decode
from imaging.dicom.elements import EXPLICIT_LITTLE, UNDEFINED, NeedMoreError, walk
from imaging.dicom.pixels import PixelFormat
from imaging.dicom.study_files import HEADER_BYTES, load_study, read_headers
from imaging.errors import DicomError
from imaging.findings.mr_scaling import sequence_differs
from tests.dicom_series import FIRST_MM, STEP_MM, enhanced, series, write

LONG = {b"OB", b"OW", b"SQ", b"UN", b"UT"}


def element(tag, vr, value=b"", length=None):
    """One element in explicit little endian, with another length than that of its value where one is given."""
    length = len(value) if length is None else length
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr)
    return head + (struct.pack("<2xI", length) if vr in LONG else struct.pack("<H", length)) + value


def item(value=b"", length=None, element_number=0xE000):
    return struct.pack("<HHI", 0xFFFE, element_number, len(value) if length is None else length) + value


def item_end():
    return item(element_number=0xE00D)


def sequence_end():
    return item(element_number=0xE0DD)


GROUPS, PLANE = tags.SHARED_GROUPS, 0x00209113
NAME = element(0x00080060, b"CS", b"CT")

DAMAGED_ELEMENTS = {
    "doubles that end in the middle of one": (element(tags.ACQUISITION_DURATION, b"FD", bytes(12)), "BAD_NUMBER", "12 bytes"),
    "a number written with another VR": (element(tags.ACQUISITION_DURATION, b"LO", b"1.5 "), "BAD_NUMBER", "written as LO"),
    "letters where an integer must be": (element(tags.NUMBER_OF_FRAMES, b"IS", b"1.5 "), "BAD_NUMBER", "not an integer"),
    "four bytes where two must be": (element(tags.ROWS, b"UL", bytes(4)), "MALFORMED", "16-bit"),
    "text where a sequence must be": (element(GROUPS, b"LO", b"none"), "MALFORMED", "not a sequence"),
    "an item longer than its sequence": (element(GROUPS, b"SQ", item(NAME, 40)), "TRUNCATED", "item ends past"),
    "an item whose end lies behind its sequence": (element(GROUPS, b"SQ", item(NAME, UNDEFINED)) + item_end(), "TRUNCATED", "item ends past"),
    "an item that ends inside an element": (element(GROUPS, b"SQ", item(element(0x00081030, b"UT")[:10])), "TRUNCATED", "inside an element"),
    "an item without an end": (element(GROUPS, b"SQ", item(NAME, UNDEFINED)), "TRUNCATED", "inside an element"),
    "a sequence too short for an item": (element(GROUPS, b"SQ", bytes(4)), "TRUNCATED", "inside an element"),
    "an element where an item must start": (element(GROUPS, b"SQ", NAME), "MALFORMED", "item must start"),
    "an element where an item must start, without a length": (element(GROUPS, b"SQ", NAME + sequence_end(), UNDEFINED), "MALFORMED", "item must start"),
    "a sequence without an end": (element(GROUPS, b"SQ", item(NAME), UNDEFINED), "TRUNCATED", "inside an element"),
    "text without a length": (element(0x00081030, b"UT", b"text", UNDEFINED), "MALFORMED", "undefined length"),
    "an element longer than the data set": (element(0x00081030, b"LO", b"text", 40), "TRUNCATED", "past its container"),
    "elements out of order": (element(0x00081030, b"LO", b"text") + NAME, "MALFORMED", "out of order"),
    "an unknown value representation": (element(0x00081030, b"ZZ", b"text"), "MALFORMED", "no known value"),
}  # fmt: skip


def read_everything(data):
    elements = walk(data, 0, len(data), EXPLICIT_LITTLE)
    elements.integer(tags.NUMBER_OF_FRAMES)
    elements.unsigned(tags.ROWS)
    return elements.decimals(tags.ACQUISITION_DURATION), elements.items(GROUPS)


@pytest.mark.parametrize("sentence", DAMAGED_ELEMENTS)
def test_a_damaged_element_is_refused(sentence):
    data, code, words = DAMAGED_ELEMENTS[sentence]

    with pytest.raises(DicomError, match=words) as refused:
        read_everything(data)
    assert refused.value.code == code


WHOLE_SEQUENCES = {
    "lengths known": element(GROUPS, b"SQ", item(NAME)),
    "lengths open": element(GROUPS, b"SQ", item(NAME + item_end(), UNDEFINED) + sequence_end(), UNDEFINED),
    "a known item in an open sequence": element(GROUPS, b"SQ", item(NAME) + sequence_end(), UNDEFINED),
    "an unknown VR, which is implicit inside": element(GROUPS, b"UN", item(struct.pack("<HHI", 8, 0x60, 2) + b"CT") + sequence_end(), UNDEFINED),
}  # fmt: skip


@pytest.mark.parametrize("sentence", WHOLE_SEQUENCES)
def test_a_whole_sequence_is_read(sentence):
    (found,) = read_everything(WHOLE_SEQUENCES[sentence])[1]

    assert found.ascii(0x00080060) == "CT"


def test_a_blank_integer_is_not_recorded_and_a_binary_one_is_read():
    data = element(tags.TEMPORAL_POSITION_INDEX, b"UL", struct.pack("<I", 7)) + element(
        tags.NUMBER_OF_FRAMES, b"IS", b"  "
    )
    elements = walk(data, 0, len(data), EXPLICIT_LITTLE)

    assert elements.integer(tags.TEMPORAL_POSITION_INDEX) == 7
    assert elements.integer(tags.NUMBER_OF_FRAMES) is None


def test_a_value_that_goes_on_past_the_bytes_at_hand_asks_for_them():
    data = NAME + element(GROUPS, b"SQ", item(NAME))

    with pytest.raises(NeedMoreError) as more:
        walk(data[:-1], 0, len(data), EXPLICIT_LITTLE)
    assert more.value.size == len(data)


# code streams and tails -------------------------------------------------------------------------

ROWS, COLUMNS = 96, 80
LAYOUT = PixelFormat(ROWS, COLUMNS, 16, 16, signed=False, padding=None)


def subsampled():
    """A JPEG 2000 picture that spans the header's size with every other row and column only."""
    code = bytearray(
        imagecodecs.jpeg2k_encode(np.ones((ROWS // 2, COLUMNS // 2), np.uint16), codecformat="j2k")
    )
    for offset in (8, 24):  # of the image, and of its one tile
        struct.pack_into(">2I", code, offset, COLUMNS, ROWS)
    code[43:45] = 2, 2
    return bytes(code)


def test_a_picture_with_fewer_samples_than_its_size_is_refused():
    with pytest.raises(DicomError) as refused:
        decode(subsampled(), J2K_LOSSLESS, LAYOUT)

    assert refused.value.code == "DECODE_FAILED"


def test_the_last_tile_part_may_leave_its_length_open():
    picture = np.arange(ROWS * COLUMNS, dtype=np.uint16).reshape(ROWS, COLUMNS)
    code = bytearray(imagecodecs.jpeg2k_encode(picture, level=0, codecformat="j2k"))
    struct.pack_into(">I", code, code.index(b"\xff\x90\x00\x0a") + 6, 0)

    assert np.array_equal(decode(bytes(code), J2K_LOSSLESS, LAYOUT), picture)


@pytest.mark.parametrize(
    "tail", [element(0xFFFCFFFB, b"OB", b"more"), element(0xFFFCFFFC, b"OB", b"more", 9), b"\0"]
)
def test_a_tail_that_is_no_padding_is_refused(tail):
    with pytest.raises(DicomError) as refused:
        check_tail(tail, EXPLICIT_LITTLE)

    assert refused.value.code == "OVERLONG"


# zips -------------------------------------------------------------------------------------------


def test_a_member_that_holds_more_than_it_declares_is_refused(tmp_path):
    path = tmp_path / "study.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.dcm", bytes(100_000))
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", 100_000), struct.pack("<I", 1000)))

    assert code_of(path) == "UNSAFE_ARCHIVE"


def test_a_path_that_leads_nowhere_is_refused(tmp_path):
    assert code_of(tmp_path / "nothing") == "UNREADABLE"


# whole files ------------------------------------------------------------------------------------


def code_of(path, **options):
    """Code of the only refusal of a path."""
    try:
        (refused,) = load_study(path, **options).refused
    except DicomError as error:
        refused = error.details.get("refused", [])
        return refused[0]["code"] if refused else error.code
    return refused.code


def attributes(modality="CT", **values):
    """A series whose images all carry these values; None takes an attribute out."""

    def build(folder):
        images = series(modality=modality)
        for image in images:
            for name, value in values.items():
                setattr(image, name, value) if value is not None else delattr(image, name)
        write(images, folder)

    return build


def patched(old, new):
    """A series whose files carry other bytes at one place."""

    def build(folder):
        write(series(), folder)
        for path in folder.iterdir():
            data = path.read_bytes()
            assert data.count(old) == 1
            path.write_bytes(data.replace(old, new))

    return build


PIXELS = struct.pack("<HH2s2x", 0x7FE0, 0x10, b"OW") + struct.pack("<I", 2 * 12 * 16)
DAMAGED_FILES = {
    "an intercept outside of every CT scale": (attributes(RescaleIntercept="-99999"), "BAD_RESCALE"),
    "an MR slope without an intercept": (attributes("MR", RescaleIntercept=None), "BAD_RESCALE"),
    "no row count": (attributes(Rows=None), "BAD_BITS"),
    "pixels of floating point": (attributes(FloatPixelData=bytes(8)), "NOT_GRAYSCALE"),
    "a pixel spacing of zero": (attributes(PixelSpacing=["0", "1.25"]), "NO_POSITION"),
    "a pixel spacing that spans no volume": (attributes(PixelSpacing=["1E-200", "1E-200"]), "NO_POSITION"),
    "a pixel spacing beyond all lengths": (attributes(PixelSpacing=["1E200", "1E200"]), "NO_POSITION"),
    "a stack beyond all memory": (attributes(Rows=65535, Columns=65535), "TOO_LARGE"),
    "more plain pixels than bytes": (attributes(Rows=4000, Columns=4000), "TRUNCATED"),
    "a CT of nothing but surroundings": (attributes(PixelData=bytes(2 * 12 * 16), RescaleIntercept="-9000"), "BAD_RESCALE"),
    "compressed pixels of a known length": (patched(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0"), "MALFORMED"),
    "plain pixels of an open length": (patched(PIXELS, PIXELS[:-4] + b"\xff" * 4), "MALFORMED"),
}  # fmt: skip


@pytest.mark.parametrize("sentence", DAMAGED_FILES)
def test_a_damaged_file_is_refused(sentence, tmp_path):
    build, code = DAMAGED_FILES[sentence]
    build(tmp_path / "study")

    assert code_of(tmp_path / "study") == code


def test_enhanced_headers_without_pixels_are_read_however_long_they_are(tmp_path):
    images = enhanced(
        [one for n in range(3) for one in series(40, first_mm=FIRST_MM + np.array([0, 0, 40 * STEP_MM * n]))]
    )
    del images.PixelData
    write([images], tmp_path)

    assert next(tmp_path.iterdir()).stat().st_size > HEADER_BYTES
    (header,) = read_headers(tmp_path).headers.values()
    assert len(header.frame_numbers) == 120


def test_an_enhanced_image_cut_inside_its_frames_is_refused(tmp_path):
    write([enhanced(series())], tmp_path)
    path = next(tmp_path.iterdir())
    data = path.read_bytes()
    frames = element(tags.PER_FRAME_GROUPS, b"SQ", item(element(0x00081030, b"UT")[:10]))
    path.write_bytes(data[: data.index(frames[:6])] + frames)

    assert code_of(tmp_path) == "TRUNCATED"


def test_a_long_tail_is_refused_without_reading_it(tmp_path):
    write(series(), tmp_path)
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes() + bytes((1 << 20) + 2))

    assert code_of(tmp_path) == "OVERLONG"


@pytest.mark.parametrize("change", [lambda data: data[:-100], lambda data: data + b"more"])
def test_a_file_that_changes_while_its_study_is_read_is_refused(change, tmp_path):
    write([*series(), *series(series_uid="1.2.826.0.1.3680043.8.498.2", pass_number=1)], tmp_path)

    def other_series_changes(done, total):
        for path in tmp_path.iterdir():
            data = path.read_bytes()
            path.write_bytes(change(data) if b"8.498.2" in data else data)

    assert code_of(tmp_path, progress=other_series_changes) == "TRUNCATED"


def philips(slopes, scales):
    """MR images with their own rescale slope and Philips' private scale slope."""
    images = series(len(slopes), modality="MR", slope=1.0, intercept=0.0)
    for ds, slope, scale in zip(images, slopes, scales, strict=True):
        ds.RescaleSlope = f"{slope:g}"
        ds.private_block(0x2005, "Philips MR Imaging DD 001", create=True).add_new(0x0E, "FL", scale)
    return images


PHILIPS = {
    "one scale in all images": ((2.0,) * 4, (0.01,) * 4, 0.01),
    "rescale and scale undo each other": ((2.0, 4.0, 2.0, 4.0), (0.02, 0.01, 0.02, 0.01), 0.02),
    "the scale of one image differs": ((2.0,) * 4, (0.01, 0.01, 0.02, 0.01), None),
    "the rescale of one image differs": ((2.0, 2.0, 2.5, 2.0), (0.01,) * 4, None),
}


@pytest.mark.parametrize(("slopes", "scales", "recorded"), PHILIPS.values(), ids=PHILIPS)
def test_a_philips_scale_is_recorded_where_it_holds_for_every_image(slopes, scales, recorded, tmp_path):
    write(philips(slopes, scales), tmp_path)

    (loaded,) = load_study(tmp_path).acquisitions

    assert dict(loaded.header.mr_scaling).get("ScaleSlope") == pytest.approx(recorded)


VALUES_OF_MR = {
    "another bandwidth": {"PixelBandwidth": "650"},
    "evened out by a pre-scan": {"ImageType": ["ORIGINAL", "PRIMARY", "M", "NORM", "DIS2D"]},
    "water of a Dixon series": {"ImageType": ["ORIGINAL", "PRIMARY", "W", "DIS2D"]},
}


@pytest.mark.parametrize("changes", VALUES_OF_MR.values(), ids=VALUES_OF_MR)
def test_mr_images_whose_values_were_made_otherwise_are_of_another_sequence(changes, tmp_path):
    """Ratios between phases, and of liver to lesion, change with each of them."""
    headers = []
    for name, values in (("as acquired", {}), ("changed", changes)):
        images = series(4, modality="MR", slope=None, intercept=None)
        for ds in images:
            ds.ImageType, ds.PixelBandwidth = ["ORIGINAL", "PRIMARY", "M", "ND"], "390"
            for keyword, value in values.items():
                setattr(ds, keyword, value)
        write(images, tmp_path / name)
        headers.append(load_study(tmp_path / name).acquisitions[0].header)

    assert [reason.code for reason in sequence_differs(*headers)] == ["MR_SEQUENCE_DIFFERS"]
    assert not sequence_differs(headers[0], headers[0])


VALUES_OF_ENHANCED_MR = {
    "MRModifierSequence": ("SpectrallySelectedSuppression", "FAT", "NONE"),
    "MRImagingModifierSequence": ("PixelBandwidth", "390", "650"),
    "MRReceiveCoilSequence": ("ReceiveCoilName", "Body", "Torso"),
}


@pytest.mark.parametrize("group", VALUES_OF_ENHANCED_MR)
def test_an_enhanced_object_says_in_groups_how_its_values_were_made(group, tmp_path):
    name, *values = VALUES_OF_ENHANCED_MR[group]
    headers = []
    for value in values:
        made = enhanced(series(4, modality="MR", slope=1.0, intercept=0.0))
        said = Dataset()
        setattr(said, name, value)
        setattr(made.SharedFunctionalGroupsSequence[0], group, [said])
        write([made], tmp_path / value)
        headers.append(load_study(tmp_path / value).acquisitions[0].header)

    (reason,) = sequence_differs(*headers)

    assert reason.message == f"{name} {values[0]} and {values[1]}"
