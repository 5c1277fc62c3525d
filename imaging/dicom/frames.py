"""One DICOM file's header, and the frames it holds.

A classic image is a file with one frame; an enhanced or legacy converted object holds many. Past
this module both look alike: a ``Frame`` answers for each attribute from its own functional groups,
then the shared ones, then the top level.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite

from imaging.dicom import tags
from imaging.dicom.elements import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    FLOAT_PIXEL_DATA,
    IMPLICIT_LITTLE,
    PIXEL_DATA,
    UNDEFINED,
    Elements,
    Encoding,
    walk,
)
from imaging.dicom.failures import refusal

#: Names of UIDs the loader tells apart.
IMPLICIT_UID, EXPLICIT_UID, DEFLATED_UID, BIG_UID = (
    "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2",
)  # fmt: skip
NATIVE = {IMPLICIT_UID: IMPLICIT_LITTLE, EXPLICIT_UID: EXPLICIT_LITTLE, BIG_UID: EXPLICIT_BIG}

#: More frames than this in one object are an attack or damage.
MAX_FRAMES = 100_000
#: What an identifier is made of. The standard allows digits and dots; some de-identifiers write letters.
_IDENTIFIER = re.compile(r"[0-9A-Za-z._-]{0,128}")


@dataclass(frozen=True, slots=True)
class ImageFile:
    """A DICOM file as far as its pixel data.

    Attributes
    ----------
    name : str
        Relative to what was opened.
    size : int
        Of the file. [bytes]
    elements : Elements
        Top-level data set.
    transfer_syntax : str
    media_uid : str or None
        MediaStorageSOPInstanceUID, for files whose SOPInstanceUID was removed.
    odd_preamble : bool
        The 128 bytes before the data hold something that is neither zero nor TIFF.
    """

    name: str
    size: int
    elements: Elements
    transfer_syntax: str
    media_uid: str | None
    odd_preamble: bool

    @property
    def pixel_offset(self) -> int:
        """Offset of the pixel data's value in the file."""
        return self.elements.spans[PIXEL_DATA][1]

    @property
    def pixel_length(self) -> int:
        """Length of the pixel data's value; ``UNDEFINED`` if encapsulated."""
        return self.elements.spans[PIXEL_DATA][2]

    @property
    def sop_instance_uid(self) -> str:
        """SOPInstanceUID, else the file meta information's."""
        return self.elements.ascii(tags.SOP_INSTANCE_UID) or self.media_uid or ""


def parse_file(name: str, data: bytes, size: int) -> ImageFile | None:
    """Header of a file that starts with ``data``; None if it does not look like DICOM at all.

    Parameters
    ----------
    name : str
        Relative to what was opened.
    data : bytes
        The file's first bytes, as many as are at hand.
    size : int
        Of the whole file. [bytes]

    Raises
    ------
    NeedMoreError
        The header goes on past ``data``.
    DicomError
        ``MALFORMED``, ``TRUNCATED``, ``UNSUPPORTED_TRANSFER_SYNTAX``.
    """
    start = _first_element(data)
    if start is None:
        return None
    meta = walk(data, start, size, EXPLICIT_LITTLE, below=0x00030000)
    transfer_syntax = meta.ascii(0x00020010) or ("" if meta.spans else _bare_syntax(data, start))
    elements = walk(data, meta.end, size, _encoding(transfer_syntax))
    odd = start == 132 and data[:128] != bytes(128) and data[:4] not in (b"II*\0", b"MM\0*")
    return ImageFile(name, size, elements, transfer_syntax, meta.ascii(0x00020003), odd)


def _first_element(data: bytes) -> int | None:
    if data[128:132] == b"DICM":
        return 132
    if data[132:136] == b"\x02\0\0\0" or (len(data) >= 4 and data[:128] == bytes(min(128, len(data)))):
        raise refusal("MALFORMED", "the letters DICM are damaged or missing")
    bare = data[:2] in (b"\x02\0", b"\x08\0") and data[3:4] == b"\0" and len(data) > 64
    return 0 if bare else None


def _bare_syntax(data: bytes, start: int) -> str:
    """Transfer syntax of an old file without meta information: the first element's VR tells."""
    return EXPLICIT_UID if data[start + 4 : start + 6].isalpha() else IMPLICIT_UID


def _encoding(transfer_syntax: str) -> Encoding:
    if not transfer_syntax:
        raise refusal("MALFORMED", "TransferSyntaxUID is missing")
    if transfer_syntax == DEFLATED_UID:
        raise refusal("UNSUPPORTED_TRANSFER_SYNTAX", "deflated", expected="a data set that is not deflated")
    return NATIVE.get(transfer_syntax, EXPLICIT_LITTLE)


@dataclass(frozen=True, slots=True)
class Frame:
    """One image of a file, described the same way whether classic or enhanced.

    Attributes
    ----------
    image : ImageFile
    index : int
        Position among the file's frames, from 0.
    layers : tuple of Elements
        Where attributes are looked up, innermost first.
    """

    image: ImageFile
    index: int
    layers: tuple[Elements, ...]

    def of(self, tag: int) -> Elements:
        """The layer that holds an attribute (the last one where none does)."""
        for layer in self.layers[:-1]:
            if tag in layer.spans:
                return layer
        return self.layers[-1]

    def raw(self, tag: int) -> bytes | None:
        """Bytes of an attribute, None where absent."""
        return self.of(tag).raw(tag)

    def ascii(self, tag: int) -> str | None:
        """Text of an attribute, None where absent or empty."""
        return self.of(tag).ascii(tag)

    def decimal(self, tag: int) -> float | None:
        """First number of an attribute, None where absent or empty."""
        return self.of(tag).decimal(tag)

    def integer(self, tag: int) -> int | None:
        """Integer of an attribute, None where absent or empty."""
        return self.of(tag).integer(tag)

    def vector(self, tag: int, length: int) -> tuple[float, ...]:
        """Numbers of an attribute that a volume cannot do without.

        Raises
        ------
        DicomError
            ``NO_POSITION`` where absent or of another length, ``BAD_NUMBER``.
        """
        values = self.of(tag).decimals(tag)
        if values is None or len(values) != length or not all(map(isfinite, values)):
            found = "missing" if not values else f"{len(values)} values"
            raise refusal("NO_POSITION", f"{tags.shown(tag)} {found}", files=[self.image.name])
        return values

    @property
    def is_multiframe(self) -> bool:
        """Whether the file describes its frames by functional groups."""
        return len(self.layers) > 1

    @property
    def image_type(self) -> tuple[str, ...]:
        """FrameType, else ImageType."""
        layer = self.of(tags.FRAME_TYPE)
        return layer.words(tags.FRAME_TYPE) or self.of(tags.IMAGE_TYPE).words(tags.IMAGE_TYPE)


def frames_of(image: ImageFile) -> tuple[Frame, ...]:
    """Every frame of a file.

    Raises
    ------
    DicomError
        ``ENHANCED_UNSUPPORTED`` if a multi-frame object does not describe each of its frames,
        ``NO_PIXELS``, ``TOO_LARGE``.
    """
    top = image.elements
    for tag in (tags.SOP_INSTANCE_UID, tags.SERIES_UID, tags.STUDY_UID, tags.FRAME_OF_REFERENCE_UID):
        if not _IDENTIFIER.fullmatch(top.ascii(tag) or ""):
            raise refusal("MALFORMED", f"{tags.shown(tag)} is no identifier", files=[image.name])
    if any(tag in top for tag in FLOAT_PIXEL_DATA):
        raise refusal("NOT_GRAYSCALE", "floating point pixels", files=[image.name])
    count = top.integer(tags.NUMBER_OF_FRAMES)
    if tags.PER_FRAME_GROUPS not in top and tags.SHARED_GROUPS not in top:
        if count not in (None, 1):
            raise refusal(
                "ENHANCED_UNSUPPORTED", f"{count} frames without functional groups", files=[image.name]
            )
        return (Frame(image, 0, (top,)),)
    if count is None or not 0 < count <= MAX_FRAMES:
        raise refusal("TOO_LARGE" if count else "ENHANCED_UNSUPPORTED", f"{count} frames", files=[image.name])
    per_frame = top.items(tags.PER_FRAME_GROUPS)
    if len(per_frame) != count:
        found = f"{len(per_frame)} frame descriptions for {count} frames"
        raise refusal("ENHANCED_UNSUPPORTED", found, files=[image.name])
    shared_item = top.item(tags.SHARED_GROUPS)
    shared = _macros(shared_item) if shared_item else ()
    return tuple(Frame(image, i, (*_macros(item), *shared, top)) for i, item in enumerate(per_frame))


def _macros(item: Elements) -> tuple[Elements, ...]:
    found = (item.item(macro) for macro in tags.FRAME_MACROS if macro in item)
    return tuple(macro for macro in found if macro is not None)


def encapsulated(image: ImageFile) -> bool:
    """Whether the pixel data is in compressed fragments."""
    return image.pixel_length == UNDEFINED
