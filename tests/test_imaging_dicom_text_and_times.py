"""Names in every character set of the region, and times that cross midnight."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.dicom.comparability import differences, mr_scaling_differences, not_recorded
from imaging.dicom.text import decode
from imaging.dicom.times import day, moment, moment_of, offset, seconds
from imaging.volume import AcquisitionHeader

KOREAN = "Hong^Gildong=洪^吉洞=홍^길동"
JAPANESE = "Yamada^Tarou=山田^太郎=やまだ^たろう"


@pytest.mark.parametrize(
    "raw, sets, text",
    {
        "Korean with escapes": (
            b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
            ("", "ISO 2022 IR 149"),
            KOREAN,
        ),
        "Korean in UTF-8": (KOREAN.encode(), ("ISO_IR 192",), KOREAN),
        "Japanese with escapes": (
            b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
            ("", "ISO 2022 IR 87"),
            JAPANESE,
        ),
        "Latin 1": ("Müller^Jörg".encode("latin-1"), ("ISO_IR 100",), "Müller^Jörg"),
        "plain": (b"Smith^John ", (), "Smith^John"),
        "Chinese": ("王^小东".encode("gb18030"), ("GB18030",), "王^小东"),
    }.values(),
)
def test_names_survive(raw, sets, text):
    assert decode(raw, sets) == (text, True)


@pytest.mark.parametrize(
    "raw, sets",
    {
        "EUC-KR with no character set": ("홍길동".encode("euc-kr"), ()),
        "EUC-KR called UTF-8": ("홍길동".encode("euc-kr"), ("ISO_IR 192",)),
        "a character set nobody knows": ("홍".encode("euc-kr"), ("ISO_IR 999",)),
        "cut in the middle of a syllable": ("홍길동".encode()[:-1], ("ISO_IR 192",)),
        "escapes with no character set": (b"\x1b$)C\xc8\xab", ()),
    }.values(),
)
def test_what_cannot_be_decoded_is_shown_as_unreadable(raw, sets):
    text, whole = decode(raw, sets)

    assert not whole
    assert not any("가" <= c <= "힣" for c in text)


@given(st.text(st.characters(min_codepoint=32, exclude_characters="\\^= \x7f", categories=["L", "N", "P"])))
def test_utf8_text_is_never_changed(text):
    assert decode(text.encode(), ("ISO_IR 192",)) == (text, True)


@given(
    st.binary(max_size=40),
    st.sampled_from([(), ("ISO_IR 192",), ("", "ISO 2022 IR 149"), ("ISO_IR 100",), ("x",)]),
)
def test_no_bytes_raise(raw, sets):
    text, _ = decode(raw, sets)

    assert isinstance(text, str)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("101500", 36900.0), ("10", 36000.0), ("1015", 36900.0), ("235959.999999", 86399.999999),
        ("101500.5 ", 36900.5), ("10:15:00", 36900.0), ("95959", None), ("240000", None), ("", None),
        (None, None),
    ],
)  # fmt: skip
def test_seconds_since_midnight(text, expected):
    assert seconds(text) == pytest.approx(expected) if expected is not None else seconds(text) is None


def test_a_time_alone_is_no_moment():
    assert moment(None, "101500") is None
    assert moment("20240307", None) is None
    assert moment("20240230", "101500") is None


def test_moments_cross_midnight():
    before, after = moment("20240307", "235950"), moment("20240308", "000025")

    assert after - before == timedelta(seconds=35)


def test_an_offset_is_applied():
    assert moment_of("20240307101500+0900") == datetime(2024, 3, 7, 1, 15, tzinfo=UTC)
    assert moment_of("20240307101500", offset("-0500")).tzinfo == timezone(timedelta(hours=-5))
    assert moment_of("20240307") is None
    assert offset("+9900") is None


@given(st.dates(min_value=date(1900, 1, 1)))
def test_days_come_back(on):
    assert day(f"{on:%Y%m%d}") == on if on.year >= 1000 else True


def header(**values):
    return AcquisitionHeader(**{"series_uid": "1.2", "modality": "CT", **values})


@pytest.mark.parametrize(
    "one, other, count",
    {
        "alike": ({"kvp": 120.0, "slice_thickness_mm": 2.5}, {"kvp": 120.0, "slice_thickness_mm": 2.5}, 0),
        "voltage": ({"kvp": 100.0}, {"kvp": 120.0}, 1),
        "thickness by exactly a fifth": ({"slice_thickness_mm": 2.5}, {"slice_thickness_mm": 3.0}, 0),
        "thickness by more": ({"slice_thickness_mm": 2.5}, {"slice_thickness_mm": 3.01}, 1),
        "kernel": ({"convolution_kernel": "B30f"}, {"convolution_kernel": "B70f"}, 1),
        "kernel in other letters": (
            {"convolution_kernel": "STANDARD"},
            {"convolution_kernel": "standard"},
            0,
        ),
        "scanner": ({"scanner": "A"}, {"scanner": "B"}, 1),
        "nothing recorded on one side": ({"kvp": 120.0}, {}, 0),
        "modality": ({}, {"modality": "MR"}, 1),
    }.values(),
)
def test_differences_between_acquisitions(one, other, count):
    assert len(differences(header(**one), header(**other))) == count
    assert len(differences(header(**other), header(**one))) == count


def test_what_is_not_recorded_is_named():
    assert not_recorded(header(kvp=120.0), header()) == (
        "slice thickness",
        "scanner",
        "tube voltage",
        "kernel",
    )


def test_mr_scales_compare_by_name():
    one = header(modality="MR", mr_scaling=(("RescaleSlope", 2.0), ("ScaleSlope", 0.01)))

    assert mr_scaling_differences(one, one) == ()
    assert mr_scaling_differences(one, header(modality="MR", mr_scaling=(("RescaleSlope", 2.0),))) == (
        "ScaleSlope recorded on one side only",
    )
