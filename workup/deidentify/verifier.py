"""The reader that trusts nobody: looks in what leaves for everything that was in what came.

It knows neither the profile's table nor the writer's actions, only which words and codes are harmless. Of
each source file it takes every text value at any depth, private and unknown elements as raw bytes too; of
these, what is not made of harmless words is searched in the bytes that were written, in every encoding a
Korean, Japanese, Chinese or Latin name could have. A name and a short identifier are searched in parts as
well (the family name alone); of a sentence only the whole, since its words stand everywhere.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from pydicom import Dataset, dcmwrite
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.tag import BaseTag
from pydicom.uid import UID_dictionary

from workup.deidentify.pixel_verifier import beside_pixels, headers_of
from workup.deidentify.profile import PUBLIC_SCHEMES, SAFE_PRIVATE
from workup.deidentify.vocabulary import foreign_words, is_allowed

ENCODINGS = ("utf-8", "euc_kr", "cp949", "iso2022_kr", "shift_jis", "euc_jp", "gb18030", "latin-1",
             "utf-16-le", "utf-16-be")  # fmt: skip

PIXEL_ENCODINGS = ("utf-8", "euc_kr")

#: Shorter words stand in any file by chance. [characters]
MIN_LETTERS = 3
MIN_HANGUL = 2
#: A shorter Latin word may stand inside a harmless longer one. [characters]
MIN_IN_WORDS = 12
#: A text of more words is a sentence, not a name.
MAX_PARTS = 3
#: Pixels are noise: only a longer run of bytes there is no chance. [bytes]
MIN_IN_PIXELS = 8

#: An unknown element of more bytes than this is an image or a table. [bytes]
_MAX_RAW_BYTES = 1_000_000

#: What the writer says of itself; and codes of public schemes, which it may keep.
_ABOUT_DEIDENTIFICATION = frozenset({0x00120062, 0x00120063, 0x00120064, 0x00280303})
_CODE_TAGS = frozenset({0x00080100, 0x00080102, 0x00080103, 0x00080104})

_TEXT_VR = frozenset(["AE", "AS", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"])
_NAME_PARTS = re.compile(r"[\^=\\\s,;/|]+")
_TEXT_RUN = re.compile(rb"[\x20-\x7e]{8,}")
_OFFSET = re.compile(r"[+-]\d{4}")  # of a time zone
_NUMBER = re.compile(r"[\d\s.\-/:()+\\]+|(?:[+-]?\d*\.\d+(?:[eE][+-]?\d+)?\\?)+")


@dataclass(frozen=True)
class Found:
    """A value of the source that is still in the output; told by its place, never by itself."""

    source_place: str
    output_place: str


def identifying(dataset: Dataset) -> dict[str, str]:
    """Every text of a data set that is not harmless -> the attribute it stands in.

    Whole values, their parts (the family name alone), and digits without their separators.
    """
    found: dict[str, str] = {}
    for place, element in _elements(dataset):
        for text in _texts(element):
            for piece in _pieces(text):
                found.setdefault(piece, place)
    return found


def uids(dataset: Dataset) -> set[str]:
    """Every UID of a data set that names something of a patient."""
    values = (uid.strip("\0 ") for _, uid in _uids_with_place(dataset))
    return {v for v in values if v and v not in UID_dictionary and not v.startswith("1.2.840.10008.")}


def left_in(dataset: Dataset, words: dict[str, str], source_uids: set[str]) -> Iterator[Found]:
    """What of the source is in a written file, read back for this alone: its pixels are taken out."""
    for place, uid in _uids_with_place(dataset):
        if uid in source_uids:
            yield Found("a UID", place)
    yield from (Found(what, "pixel data") for what in beside_pixels(dataset))
    headers = headers_of(dataset)
    pixels = _take_pixels(dataset)
    haystack = _without_pixels(dataset).lower()
    text = "\n".join(t for _, e in _elements(dataset) for t in _texts(e)).lower()
    yield from _told_by_its_form(dataset)
    yield from _in_pixels(pixels, headers, words)
    for word, place in words.items():
        if _NUMBER.fullmatch(word):  # digits stand in UIDs and numbers by chance: only whole ones in text
            if re.search(rf"(?<!\d){re.escape(word)}(?!\d)", text):
                yield Found(place, "text")
            continue
        for needle in needles(word):
            if _stands_in(needle, haystack):
                yield Found(place, "data set")
                break


def _in_pixels(pixels: list[bytes], headers: list[bytes], words: dict[str, str]) -> Iterator[Found]:
    """Names in headers of compressed frames, longer ones anywhere."""
    heads = [header.lower() for header in headers]
    for word, place in words.items():
        made = {word.encode(encoding, "ignore").lower() for encoding in PIXEL_ENCODINGS}
        anywhere = any(len(n) >= MIN_IN_PIXELS and any(n in block for block in pixels) for n in made)
        if anywhere or any(_stands_in(n, head) for n in needles(word) for head in heads):
            yield Found(place, "pixel data")


def _told_by_its_form(dataset: Dataset) -> Iterator[Found]:
    """Dates and spelled names in text, whether or not the source has them in another attribute."""
    for place, element in _elements(dataset):
        if isinstance(element, DataElement) and element.VR in _TEXT_VR:
            for value in map(str, _items(element)):
                if any(map(_is_date, value.split())):
                    yield Found("a date", place)
                if _is_spelled(value):
                    yield Found("single letters", place)


def _is_date(token: str) -> bool:
    """Whether three numbers of one, two or four digits stand in a row with one of the separators of dates."""
    for sign in "./-_":
        numbers = [part.strip("()[],;:") for part in token.split(sign)]
        dated = "".join("d" if n.isdigit() and len(n) in (1, 2, 4) else " " for n in numbers)
        if "ddd" in dated:
            return True
    return False


def _is_spelled(text: str) -> bool:
    """Whether single letters, with blanks, points or hyphens between, spell what is no word of the field."""
    words = [w if len(w) == 1 and w.isalpha() else " " for w in re.split(r"[\s._\-]+", text)]
    return any(len(run) >= MIN_LETTERS and not is_allowed(run) for run in "".join(words).split())


def needles(word: str) -> list[bytes]:
    """The bytes of a word in each encoding, lower case."""
    made = set()
    for encoding in ENCODINGS:
        try:
            made.add(word.lower().encode(encoding))
        except UnicodeEncodeError:
            continue
    return sorted(needle for needle in made if len(needle) >= MIN_LETTERS)


def _stands_in(needle: bytes, haystack: bytes) -> bool:
    """Whether the bytes stand there; a short Latin word only as a word, not inside another."""
    if needle not in haystack:
        return False
    if len(needle) >= MIN_IN_WORDS or not needle.isascii():
        return True
    return re.search(rb"(?<![a-z])" + re.escape(needle) + rb"(?![a-z])", haystack) is not None


def named_in(path: str, words: Iterable[str]) -> bool:
    """Whether a file's name tells one of the words."""
    small = path.lower()
    return any(w.lower() in small for w in words if not _NUMBER.fullmatch(w) or len(w) > 5)


def _elements(dataset: Dataset, place: str = "") -> Iterator[tuple[str, DataElement | bytes]]:
    """Every element with its place; before it its bytes as they stand in the file, where they may be text."""
    public = str(dataset.get("CodingSchemeDesignator", "")) in PUBLIC_SCHEMES
    for tag in sorted(dataset.keys()):
        if (not place and tag in _ABOUT_DEIDENTIFICATION) or (public and tag in _CODE_TAGS):
            continue
        raw = dataset.get_item(tag)
        where = f"{place}({tag.group:04X},{tag.element:04X})"
        data = raw.value if isinstance(raw, RawDataElement) else None
        vr = raw.VR if isinstance(raw, RawDataElement) else None
        try:
            element = dataset[tag]
        except Exception:  # no value can be made of it, only its bytes remain
            if isinstance(data, bytes):
                yield where, data
            continue
        if isinstance(data, bytes) and _may_be_text(tag, vr or element.VR):
            yield where, data
        yield where, element
        if element.VR == "SQ":
            for item in element.value:
                yield from _elements(item, where)


def _items(element: DataElement) -> list[object]:
    value = element.value
    if value is None:
        return []
    many = hasattr(value, "__iter__") and not isinstance(value, str | bytes) and element.VR != "PN"
    return list(value) if many else [value]


def _texts(element: DataElement | bytes) -> Iterator[str]:
    if isinstance(element, bytes):
        yield from _raw_texts(element[:_MAX_RAW_BYTES].strip(b"\0 "))
    elif element.VR in _TEXT_VR:
        yield from (str(value) for value in _items(element))
    elif element.VR == "UN" and isinstance(element.value, bytes):
        yield from _raw_texts(element.value[:_MAX_RAW_BYTES].strip(b"\0 "))


def _raw_texts(data: bytes) -> Iterator[str]:
    """The bytes as text if all of them can be, in each encoding; else the longer Latin runs in them."""
    readings = {text for text in map(partial(_decoded, data), ENCODINGS[:4]) if text is not None}
    if readings:
        yield from readings
    else:
        yield from (run.decode("ascii") for run in _TEXT_RUN.findall(data))


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    return (
        text
        if len(text) >= MIN_HANGUL and all(c.isprintable() or c in "\r\n\t\f\x1b" for c in text)
        else None
    )


def _may_be_text(tag: BaseTag, vr: str) -> bool:
    """Whether raw bytes can be text: not where they are known to be numbers or an image."""
    if vr not in ("UN", "OB"):
        return vr in _TEXT_VR
    if tag.is_private or not dictionary_has_tag(tag):
        return True
    return bool(set(dictionary_VR(tag).split(" or ")) & _TEXT_VR)


def _pieces(text: str) -> Iterator[str]:
    text = text.strip("\0 ")
    if not text or text in SAFE_PRIVATE or _OFFSET.fullmatch(text) or not foreign_words(text):
        return
    parts = [part for part in _NAME_PARTS.split(text) if part]
    names = parts if len(parts) <= MAX_PARTS or "^" in text else []
    runs = [piece for piece in foreign_words(text) if not piece.isalnum()]  # dates, spelled names
    pieces = {text, *runs, *(part for part in names if foreign_words(part))}
    for piece in pieces:
        digits = re.sub(r"\D", "", piece)
        if _NUMBER.fullmatch(piece):
            if len(digits) >= 4:
                yield from {piece.strip(), digits}
        elif len(piece) >= (MIN_LETTERS if piece.isascii() else MIN_HANGUL):
            yield piece


def _uids_with_place(dataset: Dataset) -> Iterator[tuple[str, str]]:
    for place, element in _elements(dataset):
        if isinstance(element, DataElement) and element.VR == "UI":
            yield from ((place, str(v)) for v in _items(element))


def _take_pixels(dataset: Dataset) -> list[bytes]:
    taken = []
    for keyword in ("PixelData", "FloatPixelData", "DoubleFloatPixelData"):
        if keyword in dataset:
            taken.append(bytes(dataset[keyword].value).lower())
            del dataset[keyword]
    for tag in _ABOUT_DEIDENTIFICATION:  # the writer's own words
        if tag in dataset:
            del dataset[tag]
    return taken


def _without_pixels(dataset: Dataset) -> bytes:
    buffer = io.BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=False)
    return buffer.getvalue()
