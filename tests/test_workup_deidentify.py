"""Nothing of a patient leaves; phases, delays and scales stay."""

from __future__ import annotations

import io
import json
import re
import warnings
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.datadict import DicomDictionary
from pydicom.dataelem import DataElement
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.sequence import Sequence
from pydicom.uid import (
    MPEG4HP41,
    CTImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
    generate_uid,
)

from workup.command_line import main
from workup.deidentify import dataset as writer
from workup.deidentify.dataset import deidentified, moved
from workup.deidentify.deidentify_files import deidentify_folder, project_key
from workup.deidentify.profile import Action, action_for
from workup.deidentify.profile_table import BASIC_PROFILE
from workup.deidentify.pseudonyms import ProjectKey
from workup.deidentify.verifier import identifying, left_in
from workup.deidentify.vocabulary import cleaned
from workup.errors import DeidentifyError

KEY = ProjectKey(b"0123456789abcdef-test-key")
OTHER_KEY = ProjectKey(b"another key of another project")

CANARIES = (
    "Hong", "Gildong", "HONG^GILDONG", "Kim Cheolsu", "Müller", "O'Brien", "Nguyễn", "Zebraquist", "Quagmire",
    "홍길동", "洪^吉洞", "김철수", "이영희", "박서준", "똠방각하", "山田太郎", "王小明",
    "남궁민수", "황보은지",
    "800101-1234567", "8001011234567", "900505-2345678", "010-1234-5678", "01098765432", "+82-10-5555-1212",
    "SNUH-00481516", "ACC2342108", "1978-07-23", "Samsung Medical Center", "zeb@clinic.example",
)  # fmt: skip
TEXT_VR = dict.fromkeys(("AE", "CS", "SH"), 16) | dict.fromkeys(("LO", "PN", "UR"), 64)
TEXT_VR |= dict.fromkeys(("LT", "ST", "UC", "UT"), 200)
CHARSETS = {
    "ISO_IR 192": "utf-8",
    "\\ISO 2022 IR 149": "euc_kr",
    "ISO_IR 100": "latin-1",
    "GB18030": "gb18030",
}
ENCODINGS = ("utf-8", "euc_kr", "cp949", "iso2022_kr", "utf-16-le", "utf-16-be", "latin-1", "gb18030")


def image(**attributes):
    """A small CT slice of Hong Gildong."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = attributes.pop("syntax", ExplicitVRLittleEndian)
    made = FileDataset(None, {}, file_meta=meta, preamble=b"PHI in preamble!" * 8)
    made.SOPClassUID, made.SOPInstanceUID = CTImageStorage, generate_uid()
    made.StudyInstanceUID, made.SeriesInstanceUID = "1.2.3.4.5", "1.2.3.4.5.6"
    made.FrameOfReferenceUID = "1.2.3.4.5.9"
    made.PatientName, made.PatientID, made.PatientBirthDate = "Hong^Gildong", "SNUH-00481516", "19800101"
    made.Modality, made.SeriesDescription, made.Manufacturer = "CT", "ART LIVER 3.0 B30f", "SIEMENS"
    made.StudyDate = made.SeriesDate = made.AcquisitionDate = "20240315"
    made.StudyTime, made.AcquisitionTime = "101500", "101535.250000"
    made.Rows = made.Columns = 8
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 16, 15, 1
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.RescaleSlope, made.RescaleIntercept = "1", "-1024"
    made.ImagePositionPatient, made.PixelSpacing = ["-10.5", "-20", "30.125"], ["0.7", "0.7"]
    made.PixelData = np.arange(64, dtype="<i2").tobytes()
    for name, value in attributes.items():
        setattr(made, name, value)
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = made.SOPClassUID, made.SOPInstanceUID
    return made


def as_bytes(dataset):
    buffer = io.BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def read(data):
    return dcmread(io.BytesIO(data))


def hostile(charset, syntax=ExplicitVRLittleEndian):
    """A slice with a canary in every attribute of the dictionary that can hold text, private and nested."""
    made = image(syntax=syntax)
    made.SpecificCharacterSet = charset
    fill(made, charset)
    nested = Dataset()
    fill(nested, charset)
    deeper = Dataset()
    deeper.ReferencedImageSequence = Sequence([nested])
    made.SharedFunctionalGroupsSequence = Sequence([deeper])
    for group in (0x0029, 0x2005):
        block = made.private_block(group, "HONG GILDONG CLINIC", create=True)
        block.add_new(0x10, "LO", "Zebraquist")
        block.add_new(0x11, "UN", "홍길동 800101-1234567".encode("euc_kr"))
        block.add_new(0x12, "OB", b"\0\1Quagmire 010-1234-5678\0")
    scale = made.private_block(0x2005, "Philips MR Imaging DD 001", create=True)
    scale.add_new(0x0E, "FL", 0.0125)
    scale.add_new(0x10, "LO", "Kim Cheolsu")
    return made


def fill(dataset, charset):
    number = 0
    for tag, (vr, _, _, retired, keyword) in DicomDictionary.items():
        if vr not in TEXT_VR or retired or tag < 0x00080006 or not keyword:
            continue
        if keyword in ("Modality", "PhotometricInterpretation"):
            continue
        text = writable(CANARIES[number % len(CANARIES)][: TEXT_VR[vr]], vr, charset)
        number += 1
        dataset.add(DataElement(tag, vr, text.upper() if vr == "CS" else text, validation_mode=0))


def writable(text, vr, charset):
    """The text, or a Latin canary where this VR and character set cannot hold it."""
    encoding = "ascii" if vr in ("AE", "CS", "UR") else CHARSETS[charset]
    return text if text.encode(encoding, "ignore").decode(encoding) == text else "Zebraquist"


def canaries_in(data):
    """Which canaries stand in some bytes, in any encoding; independent of the product's verifier."""
    small, found = data.lower(), set()
    for canary in CANARIES:
        for text in {canary, canary.upper(), canary.replace("^", " ")}:
            for encoding in ENCODINGS:
                needle = text.encode(encoding, "ignore").lower()
                if len(needle) >= 4 and re.search(rb"(?<![a-z])" + re.escape(needle) + rb"(?![a-z])", small):
                    found.add(canary)
    return found


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


# -- canaries --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian], ids=["explicit", "implicit"]
)
@pytest.mark.parametrize("charset", CHARSETS)
def test_no_canary_is_left_of_any_text_attribute(charset, syntax, tmp_path, capfd):
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    made = hostile(charset, syntax)
    (source / "Hong_Gildong.dcm").write_bytes(as_bytes(made))
    assert len(canaries_in((source / "Hong_Gildong.dcm").read_bytes())) >= 15

    deidentify_folder(source, target, KEY, keep_burned_in=True)

    left = {c for path in target.rglob("*") if path.is_file() for c in canaries_in(path.read_bytes())}
    names = {c for path in target.rglob("*") for c in canaries_in(str(path.relative_to(target)).encode())}
    printed = capfd.readouterr()
    assert left == names == set()
    assert canaries_in((printed.out + printed.err).encode()) == set()


def test_wrongly_declared_hangul_bytes_leave_neither(tmp_path):
    """EUC-KR bytes under ISO_IR 100: what a console that knows no Hangul exports."""
    made = image()
    made.SpecificCharacterSet = "ISO_IR 100"
    data = as_bytes(made).replace(b"Hong^Gildong", "홍길동^길동".encode("euc_kr")[:12].ljust(12))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "1").write_bytes(data)

    deidentify_folder(tmp_path / "in", tmp_path / "out", KEY)

    (written,) = (tmp_path / "out").rglob("*.dcm")
    assert "홍길동".encode("euc_kr") not in written.read_bytes()
    assert "홍".encode() not in written.read_bytes()


def test_an_undecodable_or_broken_value_does_not_leave(tmp_path):
    made = image()
    made.SpecificCharacterSet = "NO_SUCH_SET"
    made.add(DataElement(0x00181030, "LO", "Zebraquist protocol", validation_mode=0))

    assert canaries_in(as_bytes(deidentified(made, KEY))) == set()


LEAKS = {
    "an institution is kept": (0x00080080, "InstitutionName", "Samsung Medical Center"),
    "a physician is kept": (0x00080090, "ReferringPhysicianName", "김철수"),
    "a comment is kept": (0x00104000, "PatientComments", "call 010-1234-5678"),
    "an order number is kept": (0x00080050, "AccessionNumber", "ACC2342108"),
}


@pytest.mark.parametrize(("tag", "keyword", "value"), LEAKS.values(), ids=LEAKS)
def test_the_verifier_stops_a_writer_that_leaks(tag, keyword, value, tmp_path, monkeypatch):
    made = image()
    made.SpecificCharacterSet = "ISO_IR 192"
    setattr(made, keyword, value)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "1.dcm").write_bytes(as_bytes(made))
    monkeypatch.setattr(writer, "action_for", lambda t, vr: Action.KEEP if t == tag else action_for(t, vr))

    with pytest.raises(DeidentifyError) as caught:
        deidentify_folder(tmp_path / "in", tmp_path / "out", KEY)

    assert caught.value.code == "IDENTITY_LEFT"
    assert canaries_in(f"{caught.value} {caught.value.details}".encode()) == set()
    assert not (tmp_path / "out").exists()
    assert list(tmp_path.glob(".tmp-*")) == []


TOLD_BY_ITS_FORM = ["ART 24.1.31", "ART 1/31/24", "PVP 5/6/24", "H O N G", "h.o.n.g"]


@pytest.mark.parametrize("text", TOLD_BY_ITS_FORM)
def test_the_verifier_finds_dates_and_spelled_names_by_their_form_and_by_their_source(text, monkeypatch):
    made = image(SeriesDescription=text)
    monkeypatch.setattr(writer, "cleaned", lambda value, instead=None: value)
    leaking = read(as_bytes(deidentified(made, KEY)))
    places = {
        (found.source_place, found.output_place) for found in left_in(leaking, identifying(made), set())
    }

    assert any(place == "(0008,103E)" for _, place in places)
    assert any(place == "(0008,103E)" for place, _ in places)


def test_the_verifier_finds_a_uid_that_was_not_replaced(monkeypatch):
    made = image()
    monkeypatch.setattr(ProjectKey, "uid", lambda self, uid: uid)

    assert list(left_in(read(as_bytes(deidentified(made, KEY))), {}, {"1.2.3.4.5"}))


def test_a_name_in_the_comment_of_compressed_pixels_is_found():
    made = image()
    output = as_bytes(made).replace(bytes(range(0, 32)), b"\xff\xfeGildong Hong, born 1980"[:32])
    words = identifying(image(PatientName="Gildong Hong, born"))
    written = deidentified(dcmread(io.BytesIO(output)), KEY)
    written.PixelData = b"\xff\xfeGildong Hong, born 1980".ljust(128, b"\0")

    assert any(f.output_place == "pixel data" for f in left_in(read(as_bytes(written)), words, set()))


# -- pixels ----------------------------------------------------------------------------------------


def overlaid(values, spare, **attributes):
    """An image of 12 bits stored, with something in the four bits above."""
    cells = np.resize(np.asarray(values, "<u2") & 0x0FFF, 64) | np.resize(np.asarray(spare, "<u2") << 12, 64)
    bits = {"BitsStored": 12, "HighBit": 11, "PixelRepresentation": 0}
    return image(PixelData=cells.astype("<u2").tobytes(), **(bits | attributes))


def kept_cells(made, dtype="<u2"):
    return np.frombuffer(deidentified(made, KEY).PixelData, dtype).tolist()


@given(st.lists(st.integers(0, 4095), min_size=1, max_size=64), st.lists(st.integers(0, 15), min_size=1))
def test_bits_above_the_value_leave_only_as_its_sign(values, spare):
    signed = [v - 4096 if v >= 2048 else v for v in values]

    assert kept_cells(overlaid(values, spare)) == np.resize(values, 64).tolist()
    assert kept_cells(overlaid(values, spare, PixelRepresentation=1), "<i2") == np.resize(signed, 64).tolist()


def test_bits_below_the_value_are_cleared():
    made = image(PixelData=b"\xff\xff" * 64, BitsStored=12, HighBit=15, PixelRepresentation=0)

    assert kept_cells(made) == [0xFFF0] * 64


def test_filling_above_all_values_stays_what_it_is():
    made = overlaid([48], [15, 0], PixelPaddingValue=0xF030)

    assert kept_cells(made) == [0xF030, 48] * 32


def test_an_overlay_goes_with_its_attributes(tmp_path):
    made = overlaid([100], [1, 0, 1])
    made.add_new(0x60000100, "US", 16)
    made.add_new(0x60000102, "US", 12)
    made.add_new(0x60401500, "US", 1)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "1").write_bytes(as_bytes(made))
    deidentify_folder(tmp_path / "in", tmp_path / "out", KEY)
    (written,) = (tmp_path / "out").rglob("*.dcm")
    new = dcmread(written)

    assert new.PixelData == overlaid([100], [0]).PixelData
    assert not any(tag.group >> 8 == 0x60 for tag in new.keys())  # noqa: SIM118 - tags, not elements


@pytest.mark.parametrize("name", ["Kim", "김수", "Zebraquist"])
def test_bytes_behind_the_image_do_not_leave(name):
    made = image(PixelData=np.arange(64, dtype="<i2").tobytes() + name.encode().ljust(12, b"\0"))
    made.add_new(0xFFFCFFFC, "OB", name.encode().ljust(12, b"\0"))
    new = deidentified(made, KEY)

    assert new.PixelData == np.arange(64, dtype="<i2").tobytes()
    assert name.encode() not in as_bytes(new)


def compressed(syntax, comment, before, *, signed=0, stored=16, cells=None):
    """An image in a code stream with a comment put in before a marker, and a name behind its end."""
    made = image(Rows=32, Columns=32, PixelRepresentation=signed, BitsStored=stored, HighBit=stored - 1)
    made.PixelData = (np.arange(1024, dtype="<u2") if cells is None else cells).tobytes()
    made.compress(syntax, generate_instance_uid=False)
    (frame,) = generate_frames(made.PixelData, number_of_frames=1)
    at = frame.index(before)
    made.PixelData = encapsulate([frame[:at] + comment + frame[at:] + b"Kim Lee "])
    return made


COMMENTS = {
    "a comment of JPEG-LS": (JPEGLSLossless, b"\xff\xfe\x00\x05Kim", b"\xff\xda"),
    "an application segment of JPEG-LS": (JPEGLSLossless, b"\xff\xe1\x00\x05Kim", b"\xff\xda"),
    "a comment of JPEG 2000": (JPEG2000Lossless, b"\xff\x64\x00\x07\x00\x01Kim", b"\xff\x90"),
    "bytes behind frames": (JPEGLSLossless, b"", b"\xff\xda"),
}


@pytest.mark.parametrize(("syntax", "comment", "before"), COMMENTS.values(), ids=COMMENTS)
def test_comments_of_compressed_frames_do_not_leave(syntax, comment, before):
    made = compressed(syntax, comment, before)
    assert b"Kim" in made.PixelData
    new = read(as_bytes(deidentified(made, KEY)))

    assert b"Kim" not in new.PixelData
    assert new.file_meta.TransferSyntaxUID == syntax
    assert new.pixel_array.ravel().tolist() == list(range(1024))
    assert list(left_in(new, identifying(image(PatientName="Kim^Lee")), set())) == []


@pytest.mark.parametrize(("syntax", "comment", "before"), COMMENTS.values(), ids=COMMENTS)
def test_the_verifier_finds_what_stands_in_compressed_frames(syntax, comment, before, monkeypatch):
    monkeypatch.setattr(writer, "clean_pixels", lambda dataset: None)
    leaking = read(as_bytes(deidentified(compressed(syntax, comment, before), KEY)))

    assert any(found.output_place == "pixel data" for found in left_in(leaking, {}, set()))


BESIDE_PIXELS = {
    "bits above an unsigned value": lambda: overlaid([100], [1]),
    "bits above a signed value": lambda: overlaid([100], [15], PixelRepresentation=1),
    "bits below a value": lambda: image(PixelData=b"\1\0" * 64, BitsStored=12, HighBit=15),
    "a short name behind the image": lambda: image(PixelData=b"\0" * 128 + b"Kim\0"),
}


@pytest.mark.parametrize("made", BESIDE_PIXELS.values(), ids=BESIDE_PIXELS)
def test_the_verifier_finds_what_is_no_pixel(made, monkeypatch):
    monkeypatch.setattr(writer, "clean_pixels", lambda dataset: None)
    leaking = read(as_bytes(deidentified(made(), KEY)))

    assert [found.output_place for found in left_in(leaking, {}, set())] == ["pixel data"]


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless, JPEGLSLossless])
def test_frames_with_room_for_more_than_the_value_are_written_uncompressed(syntax):
    cells = np.arange(1024, dtype="<u2") | np.uint16(0x3000)
    made = image(Rows=32, Columns=32, PixelRepresentation=0, PixelData=cells.tobytes())
    made.compress(syntax, generate_instance_uid=False)  # all sixteen bits, and only then twelve are stated
    made.BitsStored, made.HighBit = 12, 11
    new = read(as_bytes(deidentified(made, KEY)))

    assert new.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert np.frombuffer(new.PixelData, "<u2").tolist() == list(range(1024))
    assert list(left_in(new, {}, set())) == []


NOT_CLEANED = {
    "a video": {"syntax": MPEG4HP41, "PixelData": encapsulate([b"\0\0\1\xb3 Hong"])},
    "frames of an unknown kind": {"syntax": JPEG2000Lossless, "PixelData": encapsulate([b"\0\0\0\x0cjP  "])},
}


@pytest.mark.parametrize("attributes", NOT_CLEANED.values(), ids=NOT_CLEANED)
def test_pixels_that_nobody_can_look_into_are_held_back(attributes, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "good.dcm").write_bytes(as_bytes(image()))
    risky = image(**attributes)
    risky["PixelData"].is_undefined_length = True
    (tmp_path / "in" / "risky.dcm").write_bytes(as_bytes(risky))
    done = deidentify_folder(tmp_path / "in", tmp_path / "out", KEY)

    assert (done.written, sum(done.held_back.values())) == (1, 1)


# -- what stays ------------------------------------------------------------------------------------


STAYS = [
    "PixelData",
    "RescaleSlope",
    "RescaleIntercept",
    "ImagePositionPatient",
    "PixelSpacing",
    "Rows",
    "Modality",
    "PhotometricInterpretation",
    "SeriesDescription",
    "Manufacturer",
    "SOPClassUID",
    "AcquisitionTime",
    "StudyTime",
]


def test_pixels_geometry_scale_and_descriptions_stay():
    made = image()
    new = deidentified(made, KEY)

    for name in STAYS:
        assert new[name].value == made[name].value, name
    assert new.PatientIdentityRemoved == "YES"
    assert new.LongitudinalTemporalInformationModified == "MODIFIED"
    assert {c.CodeValue for c in new.DeidentificationMethodCodeSequence} == {
        "113100",
        "113105",
        "113107",
        "113111",
    }
    assert new.preamble == b"\0" * 128


def test_the_private_scale_of_mr_values_stays_and_its_neighbors_go():
    new = dcmread(io.BytesIO(as_bytes(deidentified(hostile("ISO_IR 192"), KEY))))
    block = new.private_block(0x2005, "Philips MR Imaging DD 001")

    assert block[0x0E].value == pytest.approx(0.0125)
    assert [tag for tag in list(new.keys()) if tag.is_private and not tag.is_private_creator] == [
        block[0x0E].tag
    ]


@given(st.datetimes(datetime(1950, 1, 1), datetime(2049, 1, 1)), st.integers(-400, 400), st.integers(1, 3650))
def test_intervals_between_moved_dates_stay(first, apart, shift):
    second = first + timedelta(days=apart)
    a, b = (datetime.strptime(moved(d.strftime("%Y%m%d"), shift), "%Y%m%d") for d in (first, second))

    assert (b - a).days == (second.date() - first.date()).days
    assert (first.date() - a.date()).days == shift


def test_one_patient_gets_one_pseudonym_and_one_shift_with_one_key():
    first, later = image(), image(StudyInstanceUID="1.2.3.99", StudyDate="20240901")
    a, b = deidentified(first, KEY), deidentified(later, KEY)
    other = deidentified(first, OTHER_KEY)
    stranger = deidentified(image(PatientID="SNUH-1"), KEY)

    assert a.PatientID == b.PatientID and a.StudyInstanceUID != b.StudyInstanceUID
    days = [datetime.strptime(d.StudyDate, "%Y%m%d") for d in (a, b)]
    assert (days[1] - days[0]).days == 170
    assert a.FrameOfReferenceUID == b.FrameOfReferenceUID != first.FrameOfReferenceUID
    assert len({a.PatientID, other.PatientID, stranger.PatientID}) == 3
    assert a.SeriesInstanceUID != other.SeriesInstanceUID


def test_device_words_that_are_not_known_stay_equal_or_different():
    kernels = [
        deidentified(image(ConvolutionKernel=k), KEY).ConvolutionKernel for k in ("Quux7", "Quux7", "Zork9")
    ]

    assert kernels[0] == kernels[1] != kernels[2]
    assert "Quux" not in kernels[0]


DESCRIPTIONS = {
    "ART LIVER 3.0 B30f": "ART LIVER 3.0 B30f",
    "Abd w/o & w/ contrast 5.0": "Abd w/o & w/ contrast 5.0",
    "Hong Gildong arterial": "arterial",
    "동맥기 홍길동": "동맥기",
    "PVP 70s 2024-03-15": "PVP 70s",
    "delayed call 010 1234 5678": "delayed",
    "홍길동": "",
    "ART 24.1.31": "ART",
    "3.0 ART 1/31/24": "3.0 ART",
    "PVP 5/6/24": "PVP",
    "24-1-31 delayed": "delayed",
    "ART_24_1_31": "ART",
    "ART 24. 1. 31.": "ART",
    "ART 24 1 31": "ART",
    "ART 24년 1월 31일": "ART",
    "ART 24 년 1 월 31 일": "ART 24",
    "31 Jan 24 ART": "ART",
    "ART Jan 31, 2024": "ART",
    "ART 31JAN24": "ART",
    "H O N G arterial": "arterial",
    "H.O.N.G arterial": "arterial",
    "ART_H_O_N_G": "ART",
    "h-o-n-g ART": "ART",
    "H1O2N3G ART": "ART",
    "H 1 O 2 N 3 G ART": "ART",
    "L E E ART": "ART",
    "ART 35 70 90 s": "ART s",
    "ART 35 70 s": "ART 35 70 s",
    "80 kv 2 energy 3": "80 kv 2 energy 3",
    "H O N G w/o contrast": "w/o contrast",
    "CT C-A-P 3.0": "CT C-A-P 3.0",
    "T/A/P LIVER W/C": "T/A/P LIVER W/C",
    "ep2d_diff_b50_400_800_C_ADC": "ep2d_diff_b50_400_800_C_ADC",
    "w/o/n/g ART": "ART",
    "w/o & w/ C": "w/o & w/ C",
    "w/o C 0.6/0.5": "w/o C 0.6/0.5",
    "T2 A-P 3.0": "T2 A-P 3.0",
    "*fl3d1r B30f 3 T": "fl3d1r B30f 3 T",
}


@pytest.mark.parametrize(("before", "after"), DESCRIPTIONS.items(), ids=list(DESCRIPTIONS))
def test_a_description_keeps_only_words_of_the_field(before, after):
    assert cleaned(before) == after


@given(st.text(max_size=40))
def test_cleaning_twice_is_cleaning_once(text):
    assert cleaned(cleaned(text)) == cleaned(text)


#: Rows of table E.1-1 read in a second place (innolitics/dicom-standard), not in the one we took it from.
SECOND_SOURCE = {
    0x00080050: "Z", 0x00184000: "X", 0x00400555: "X/Z", 0x00181400: "X/D", 0x001811BB: "D", 0x00189424: "X",
    0x00404035: "X", 0x001021B0: "X", 0x00380010: "X", 0x00081080: "X", 0x00102110: "X", 0x00120060: "Z",
    0x00120081: "D", 0x00120021: "Z", 0x00209161: "U", 0x0008009C: "Z", 0x00400512: "D", 0x00700084: "Z/D",
    0x00080023: "Z/D", 0x00180010: "Z/D", 0x0018A003: "X", 0x00102150: "X", 0x00080025: "X", 0xFFFCFFFC: "X",
    0x00082111: "X", 0x0018700A: "X/D", 0x00181002: "U", 0xFFFAFFFA: "X", 0x00209164: "U", 0x00380040: "X",
}  # fmt: skip


def test_the_table_agrees_with_a_second_reading_of_the_standard():
    different = {
        f"{t:08X}": (BASIC_PROFILE.get(t), z) for t, z in SECOND_SOURCE.items() if BASIC_PROFILE.get(t) != z
    }

    assert different == {}
    assert len(BASIC_PROFILE) > 640


# -- files and command -----------------------------------------------------------------------------


HELD_BACK = {
    "an encapsulated document": {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.104.1"},
    "a structured report": {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.88.33"},
    "a secondary capture": {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"},
    "a burned-in annotation": {"BurnedInAnnotation": "YES"},
    "a saved screen": {"ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"]},
}


@pytest.mark.parametrize("attributes", HELD_BACK.values(), ids=HELD_BACK)
def test_what_may_show_a_name_is_held_back(attributes, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "good.dcm").write_bytes(as_bytes(image()))
    (tmp_path / "in" / "risky.dcm").write_bytes(as_bytes(image(**attributes)))
    done = deidentify_folder(tmp_path / "in", tmp_path / "out", KEY)

    assert (done.written, sum(done.held_back.values())) == (1, 1)


def test_burned_in_images_leave_with_a_warning_if_asked(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "1.dcm").write_bytes(as_bytes(image(BurnedInAnnotation="YES")))
    done = deidentify_folder(tmp_path / "in", tmp_path / "out", KEY, keep_burned_in=True)

    assert len(done.warnings) == done.written == 1


def damaged_pixels():
    made = image(syntax=JPEGLSLossless, PixelData=encapsulate([b"\xff\xd8\xff\xfe\x77\x77Hong"]))
    made["PixelData"].is_undefined_length = True
    return as_bytes(made)


def cut_frame():
    made = compressed(JPEGLSLossless, b"", b"\xff\xda")
    (frame,) = generate_frames(made.PixelData, number_of_frames=1)
    made.PixelData = encapsulate([frame[: len(frame) // 2]])
    return as_bytes(made)


DAMAGED = {
    "a frame that ends early": cut_frame,
    "a preamble and nothing else": lambda: b"\0" * 128 + b"DICM",
    "a preamble and noise": lambda: b"\0" * 128 + b"DICM" + bytes(range(256)) * 4,
    "a data set that ends before its pixels": lambda: as_bytes(image())[: 128 + 4 + 150],
    "fewer pixels than the size states": lambda: as_bytes(image())[:-30],
    "a frame that breaks its format": damaged_pixels,
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_named_and_not_taken_for_something_else(data, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "good.dcm").write_bytes(as_bytes(image()))
    (tmp_path / "in" / "odd.dcm").write_bytes(data())
    done = deidentify_folder(tmp_path / "in", tmp_path / "out", KEY)

    assert (done.written, done.skipped, sum(done.held_back.values())) == (1, 0, 0)
    assert [name for name, _ in done.damaged] == ["odd.dcm"]


def test_a_damaged_file_with_a_name_of_a_patient_is_told_by_its_number(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "1.dcm").write_bytes(as_bytes(image()))
    (tmp_path / "in" / "Gildong_2.dcm").write_bytes(b"\0" * 128 + b"DICM")
    done = deidentify_folder(tmp_path / "in", tmp_path / "out", KEY)

    assert [name for name, _ in done.damaged] == ["file 2 of 2, by path"]


DIFFERING = {
    "another ID": ({"PatientID": "OTHER-7"}, ["PatientID"]),
    "another issuer": ({"IssuerOfPatientID": "Samsung Medical Center"}, ["IssuerOfPatientID"]),
    "no ID": ({"PatientID": ""}, ["IssuerOfPatientID", "PatientID", "PatientName"]),
}


@pytest.mark.parametrize(("attributes", "differ"), DIFFERING.values(), ids=DIFFERING)
def test_a_study_of_two_identities_is_refused_and_not_split(attributes, differ, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "1.dcm").write_bytes(as_bytes(image()))
    (tmp_path / "in" / "2.dcm").write_bytes(as_bytes(image(**attributes)))
    with pytest.raises(DeidentifyError) as caught:
        deidentify_folder(tmp_path / "in", tmp_path / "out", KEY)

    assert caught.value.code == "IDENTITY_DIFFERS"
    assert caught.value.details == {"attributes": differ, "files": [1, 2]}
    assert not any(value in str(caught.value) for value in ("SNUH", "OTHER-7", "Samsung", "Hong", "1.2.3"))
    assert not (tmp_path / "out").exists()


def test_an_object_that_stays_does_not_decide_whose_a_study_is(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "1.dcm").write_bytes(as_bytes(image()))
    capture = image(SOPClassUID="1.2.840.10008.5.1.4.1.1.7", PatientID="OTHER-7")
    (tmp_path / "in" / "2.dcm").write_bytes(as_bytes(capture))

    assert deidentify_folder(tmp_path / "in", tmp_path / "out", KEY).written == 1


def test_a_description_that_is_a_word_of_our_file_names_refuses_nothing(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "1.dcm").write_bytes(as_bytes(image(SeriesDescription="SER", StudyID="tudy")))

    assert deidentify_folder(tmp_path / "in", tmp_path / "out", KEY).written == 1


def test_a_short_key_and_a_full_target_are_refused(tmp_path):
    (tmp_path / "key").write_bytes(b"secret")
    with pytest.raises(DeidentifyError) as caught:
        project_key(tmp_path / "key")
    assert caught.value.code == "KEY_TOO_SHORT"

    with pytest.raises(DeidentifyError) as caught:
        deidentify_folder(tmp_path, tmp_path, KEY)
    assert caught.value.code == "TARGET_EXISTS"


def test_no_key_is_made_for_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(SystemExit) as ended:
        main(["deidentify", str(tmp_path / "in"), str(tmp_path / "out"), "--key", str(tmp_path / "k")])

    assert ended.value.code == 1
    assert list(tmp_path.iterdir()) == []


def test_the_command_makes_a_private_key_and_says_what_it_did(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "1.dcm").write_bytes(as_bytes(image()))
    (tmp_path / "in" / "readme.txt").write_text("hello")
    with pytest.raises(SystemExit) as ended:
        main(
            [
                "deidentify",
                str(tmp_path / "in"),
                str(tmp_path / "out"),
                "--key",
                str(tmp_path / "k"),
                "--json",
            ]
        )
    answer = json.loads(capsys.readouterr().out)

    assert ended.value.code == 0
    assert (answer["written"], answer["skipped"], answer["key_made"]) == (1, 1, True)
    assert (tmp_path / "k").stat().st_mode & 0o077 == 0
