"""Every transfer syntax gives the same pixels, on real files too."""

import random

import imagecodecs
import numpy as np
import pytest
import rle.utils

from imaging.dicom.decoding import RLE, check_tail, decode, fragments, is_native
from imaging.dicom.elements import EXPLICIT_LITTLE
from imaging.dicom.frames import frames_of
from imaging.dicom.pixels import PixelFormat, pixel_format
from imaging.dicom.study_files import load_study, read_header
from imaging.errors import DicomError
from tests.real_data import REAL_DATA, needs_real_data


def stored_pixels(path):
    """Stored values of every frame, read the way the loader does."""
    image = read_header(path, path.name)
    layout = pixel_format_of(image)
    count = image.elements.integer(0x00280008) or 1
    value = path.read_bytes()[image.pixel_offset :]
    if is_native(image.transfer_syntax):
        order = layout.dtype.newbyteorder(image.elements.encoding.order)
        size = count * layout.rows * layout.columns
        return (
            np.frombuffer(value, order, size).reshape(count, layout.rows, layout.columns).astype(layout.dtype)
        )
    return np.array([decode(code, image.transfer_syntax, layout) for code in fragments(value, count)])


def pixel_format_of(image):
    from imaging.dicom.frames import Frame

    return pixel_format(Frame(image, 0, (image.elements,)))


@needs_real_data
@pytest.mark.parametrize("number", range(2, 10))
def test_one_slice_in_nine_transfer_syntaxes(number):
    folder = REAL_DATA / "enhanced_and_codecs" / "dcm_qa_ts"

    assert np.array_equal(stored_pixels(folder / f"{number}.dcm"), stored_pixels(folder / "1.dcm"))


@needs_real_data
@pytest.mark.parametrize("name", ["RLE", "big_endian", "jpeg_2k_lossless", "jpeg_ls_lossless"])
def test_ten_frames_in_five_transfer_syntaxes(name):
    folder = REAL_DATA / "enhanced_and_codecs"

    plain = stored_pixels(folder / "emri_small.dcm")

    assert plain.shape == (10, 64, 64)
    assert np.array_equal(stored_pixels(folder / f"emri_small_{name}.dcm"), plain)


@needs_real_data
@pytest.mark.parametrize("name", ["CT1_UNC.explicit_big_endian", "explicit_VR-UN"])
def test_odd_files_decode_as_pydicom_decodes_them(name):
    import pydicom

    path = REAL_DATA / "enhanced_and_codecs" / f"{name}.dcm"
    theirs = pydicom.dcmread(path)
    image = read_header(path, path.name)
    layout = pixel_format(frames_of(image)[0])
    ours = stored_pixels(path)[0].astype(int)
    if layout.signed:
        ours = ours - ((ours >> (layout.stored - 1) & 1) << layout.stored) * (ours >= 0)

    assert np.array_equal(ours, theirs.pixel_array)


@needs_real_data
def test_a_lossless_jpeg_of_a_scanner_equals_simpleitk():
    import SimpleITK

    path = REAL_DATA / "enhanced_and_codecs" / "bad_sequence.dcm"
    theirs = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(path))

    assert np.array_equal(load_study(path).acquisitions[0].volume.voxels, theirs)


def item(data):
    return b"\xfe\xff\x00\xe0" + len(data).to_bytes(4, "little") + data


END = b"\xfe\xff\xdd\xe0\0\0\0\0"


@pytest.mark.parametrize(
    "value, frames, expected",
    {
        "one frame in one fragment": (item(b"") + item(b"ab") + END, 1, [b"ab"]),
        "one frame in two fragments": (item(b"") + item(b"ab") + item(b"cd") + END, 1, [b"abcd"]),
        "a fragment each": (item(b"") + item(b"ab") + item(b"cd") + END, 2, [b"ab", b"cd"]),
        "fragments by the offset table": (
            item(b"\0\0\0\0\x14\0\0\0") + item(b"ab") + item(b"cd") + item(b"ef") + END,
            2,
            [b"abcd", b"ef"],
        ),
    }.values(),
)  # fmt: skip
def test_fragments_become_frames(value, frames, expected):
    assert fragments(value, frames) == expected


@pytest.mark.parametrize(
    "value, frames, code",
    {
        "no end": (item(b"") + item(b"ab"), 1, "TRUNCATED"),
        "nothing": (item(b"") + END, 1, "TRUNCATED"),
        "a fragment longer than the file": (item(b"") + item(b"ab")[:-1], 1, "TRUNCATED"),
        "bytes after the end": (item(b"") + item(b"ab") + END + b"abcd", 1, "OVERLONG"),
        "three fragments for two frames": (item(b"") + item(b"ab") * 3 + END, 2, "DECODE_FAILED"),
        "an offset table that points between": (
            item(b"\0\0\0\0\x0b\0\0\0") + item(b"ab") * 3 + END, 2, "DECODE_FAILED",
        ),
    }.values(),
)  # fmt: skip
def test_fragments_that_do_not_fit_are_refused(value, frames, code):
    with pytest.raises(DicomError) as caught:
        fragments(value, frames)

    assert caught.value.code == code


def test_only_padding_may_follow_the_pixels():
    check_tail(b"", EXPLICIT_LITTLE)
    check_tail(b"\xfc\xff\xfc\xffOB\0\0\x02\0\0\0\0\0", EXPLICIT_LITTLE)
    with pytest.raises(DicomError):
        check_tail(b"\xfc\xff\xfc\xffOB\0\0\x02\0\0\0\0\0junk", EXPLICIT_LITTLE)


PICTURE = np.random.default_rng(1).normal(1000, 40, (96, 80)).astype(np.uint16)
LAYOUT = PixelFormat(96, 80, 16, 16, signed=False, padding=None)
CODES = {
    "RLE": (
        RLE,
        bytes(
            rle.utils.encode_pixel_data(
                PICTURE.tobytes(), rows=96, columns=80, samples_per_pixel=1, number_of_frames=1,
                bits_allocated=16, byteorder="<",
            )
        ),
    ),
    "JPEG lossless": ("1.2.840.10008.1.2.4.70", imagecodecs.ljpeg_encode(PICTURE)),
    "JPEG-LS": ("1.2.840.10008.1.2.4.80", imagecodecs.jpegls_encode(PICTURE)),
    "JPEG 2000": (
        "1.2.840.10008.1.2.4.90",
        imagecodecs.jpeg2k_encode(PICTURE, level=0, reversible=True, codecformat="j2k"),
    ),
    "HTJ2K": ("1.2.840.10008.1.2.4.201", imagecodecs.htj2k_encode(PICTURE, reversible=True)),
}  # fmt: skip


@pytest.mark.parametrize("name", CODES)
def test_a_picture_that_is_not_whole_is_refused(name):
    """Most decoders fill what is missing with gray and say nothing."""
    syntax, code = CODES[name]
    rng = random.Random(1)

    assert np.array_equal(decode(code, syntax, LAYOUT), PICTURE)
    for kept in (len(code) - 2, len(code) - 40, *(rng.randrange(len(code) - 2) for _ in range(40))):
        with pytest.raises(DicomError) as caught:
            decode(code[:kept], syntax, LAYOUT)
        assert caught.value.code == "DECODE_FAILED"


@pytest.mark.parametrize("name", ["JPEG-LS", "JPEG 2000", "HTJ2K"])
def test_bytes_lost_inside_a_picture_are_noticed_where_the_code_tells(name):
    syntax, code = CODES[name]
    rng = random.Random(2)

    for _ in range(40):
        at = rng.randrange(200, len(code) - 200)
        with pytest.raises(DicomError):
            decode(code[:at] + code[at + rng.choice((1, 2, 100)) :], syntax, LAYOUT)


@pytest.mark.parametrize("name", CODES)
def test_a_damaged_picture_is_one_of_the_right_size_or_refused(name):
    """Whatever the bytes: no other exception, and never memory of another size."""
    syntax, code = CODES[name]
    rng = random.Random(3)
    refused = 0

    for _ in range(150):
        damaged = bytearray(code)
        for _ in range(rng.choice((1, 4, 40))):
            damaged[rng.randrange(rng.choice((64, len(code))))] = rng.randrange(256)
        try:
            pixels = decode(bytes(damaged), syntax, LAYOUT)
        except DicomError as error:
            refused += error.code == "DECODE_FAILED"
        else:
            assert (pixels.shape, pixels.dtype) == ((96, 80), np.uint16)
    assert refused > 10


def test_more_run_lengths_than_pixels_are_refused():
    syntax, code = CODES["RLE"]

    with pytest.raises(DicomError) as caught:
        decode(code + b"\x81\7", syntax, LAYOUT)

    assert caught.value.code == "DECODE_FAILED"


def test_pixels_wider_than_the_header_says_are_refused():
    syntax, code = CODES["JPEG-LS"]

    with pytest.raises(DicomError) as caught:
        decode(code, syntax, PixelFormat(96, 80, 8, 8, signed=False, padding=None))

    assert caught.value.code == "DECODE_FAILED"
