"""Damage to one slice of a good series, at the level of tags, lengths and bytes of its header.

``python -m tests.dicom_mutations 100000`` runs as many as asked for and prints what became of them.
Pixel bytes are not altered in place: no reader can notice that, since DICOM has no checksum. They are
cut, doubled and displaced.
"""

from __future__ import annotations

import random
import struct
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from imaging.dicom.study_files import load_study
from imaging.errors import DicomError
from imaging.volume import Acquisition
from tests.dicom_series import FIELD, SLICES, series, write

#: No slice may be further from its place than this (the loader's own tolerance along the normal). [mm]
PLACE_TOLERANCE_MM = 0.26
#: Longest time a series may take before it counts as a hang. [s]
HANG_S = 5.0

Damage = Callable[[bytearray, int, random.Random], bytes]


def elements_of(data: bytes) -> list[tuple[int, int, int]]:
    """(start, value, end) of every element of an explicit little endian file, for aiming."""
    found, position = [], 132
    while position + 8 <= len(data):
        vr = data[position + 4 : position + 6]
        if vr in (b"OB", b"OW", b"SQ", b"UN", b"UT"):
            value, length = position + 12, struct.unpack_from("<I", data, position + 8)[0]
        else:
            value, length = position + 8, struct.unpack_from("<H", data, position + 6)[0]
        found.append((position, value, value + length))
        position = value + length
    return found


def flip_bits(data: bytearray, header: int, rng: random.Random) -> bytes:
    for _ in range(rng.choice((1, 1, 2, 8))):
        data[rng.randrange(header)] ^= 1 << rng.randrange(8)
    return bytes(data)


def set_bytes(data: bytearray, header: int, rng: random.Random) -> bytes:
    at = rng.randrange(header)
    for i in range(at, min(header, at + rng.choice((1, 2, 4, 16)))):
        data[i] = rng.randrange(256)
    return bytes(data)


def other_digit(data: bytearray, header: int, rng: random.Random) -> bytes:
    digits = [i for i in range(132, header) if 48 <= data[i] <= 57]
    data[rng.choice(digits)] = rng.choice(b"0123456789.-+ eE,\\")
    return bytes(data)


def cut(data: bytearray, header: int, rng: random.Random) -> bytes:
    return bytes(data[: rng.randrange(len(data))])


def cut_out(data: bytearray, header: int, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return bytes(data[:at] + data[at + rng.choice((1, 2, 4, 8, 100)) :])


def insert(data: bytearray, header: int, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return bytes(data[:at]) + rng.randbytes(rng.choice((1, 2, 4, 8, 100))) + bytes(data[at:])


def append(data: bytearray, header: int, rng: random.Random) -> bytes:
    return bytes(data) + rng.randbytes(rng.choice((1, 2, 8, 64)))


def drop_element(data: bytearray, header: int, rng: random.Random) -> bytes:
    start, _, end = rng.choice(elements_of(bytes(data)))
    return bytes(data[:start] + data[end:])


def repeat_element(data: bytearray, header: int, rng: random.Random) -> bytes:
    start, _, end = rng.choice(elements_of(bytes(data))[:-1])
    return bytes(data[:end] + data[start:end] + data[end:])


def swap_elements(data: bytearray, header: int, rng: random.Random) -> bytes:
    found = elements_of(bytes(data))[:-1]
    a = rng.randrange(len(found) - 1)
    (s1, _, e1), (s2, _, e2) = found[a], found[a + 1]
    return bytes(data[:s1] + data[s2:e2] + data[s1:e1] + data[e2:])


def other_tag(data: bytearray, header: int, rng: random.Random) -> bytes:
    start = rng.choice(elements_of(bytes(data)))[0]
    struct.pack_into("<H", data, start + rng.choice((0, 2)), rng.randrange(65536))
    return bytes(data)


def other_length(data: bytearray, header: int, rng: random.Random) -> bytes:
    start, value, end = rng.choice(elements_of(bytes(data)))
    wrong = rng.choice((0, 1, end - value + 2, end - value - 2, 0xFFFF, rng.randrange(65536), 0xFFFFFFFF))
    if value - start == 12:
        struct.pack_into("<I", data, start + 8, wrong & 0xFFFFFFFF)
    else:
        struct.pack_into("<H", data, start + 6, wrong & 0xFFFF)
    return bytes(data)


def other_representation(data: bytearray, header: int, rng: random.Random) -> bytes:
    start = rng.choice(elements_of(bytes(data)))[0]
    data[start + 4 : start + 6] = rng.choice(b"DS IS US SS FD UN SQ OW LO UI ZZ".split())
    return bytes(data)


def empty_value(data: bytearray, header: int, rng: random.Random) -> bytes:
    start, value, end = rng.choice(elements_of(bytes(data))[:-1])
    if value - start == 8:
        struct.pack_into("<H", data, start + 6, 0)
        return bytes(data[:value] + data[end:])
    return bytes(data)


def value_of_another_slice(data: bytearray, header: int, rng: random.Random) -> bytes:
    """A random but well-formed text value."""
    start, value, end = rng.choice(elements_of(bytes(data))[:-1])
    if end - value > 0 and data[start + 4 : start + 6] in (b"DS", b"IS", b"UI", b"CS", b"TM", b"DA", b"LO"):
        text = rng.choice(b"0 1 2 -1 -1000 1.5 1e3 nan inf CT 1\\2\\3 99999999999".split())
        data[value:end] = text.ljust(end - value)[: end - value]
    return bytes(data)


DAMAGES: tuple[Damage, ...] = (
    flip_bits, flip_bits, set_bytes, other_digit, other_digit, other_digit, cut, cut_out, insert,
    append, drop_element, repeat_element, swap_elements, other_tag, other_length, other_representation,
    empty_value, value_of_another_slice,
)  # fmt: skip


class GoodSeries:
    """A series written once; one of its files is damaged and put back for each run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        images = series()
        for ds in images:
            ds.ImagesInAcquisition = str(SLICES)
            ds.PixelPaddingValue = 5
            ds["PixelPaddingValue"].VR = "US"
        write(images, folder, name=lambda i: f"{i}.dcm")
        self.files = [(folder / f"{i}.dcm").read_bytes() for i in range(SLICES)]

    def run(self, seed: int) -> str:
        """``right``, a refusal's code, or what went wrong (starting with ``WRONG``)."""
        rng = random.Random(seed)
        which = rng.randrange(SLICES)
        good = self.files[which]
        header = elements_of(good)[-1][1]
        damaged = rng.choice(DAMAGES)(bytearray(good), header, rng)
        path = self.folder / f"{which}.dcm"
        path.write_bytes(damaged)
        started = time.monotonic()
        try:
            result = self._outcome()
        except Exception as error:
            result = f"WRONG untyped {type(error).__name__}: {error}"
        if time.monotonic() - started > HANG_S:
            result = "WRONG hang"
        path.write_bytes(good)
        return result

    def _outcome(self) -> str:
        try:
            study = load_study(self.folder)
        except DicomError as error:
            codes = {r["code"] for r in error.details.get("refused", [])} or {error.code}
            return "refused " + min(codes)
        wrong = [w for a in study if (w := wrong_with(a))]
        if wrong:
            return f"WRONG {wrong[0]}"
        whole = sum(a.volume.voxels.shape[0] for a in study) == SLICES and len(study.acquisitions) == 1
        return "right" if whole else "right in part, said so"


def wrong_with(acquisition: Acquisition) -> str | None:
    """What is wrong with an acquisition made from the good series with one slice damaged."""
    volume = acquisition.volume
    at = volume.geometry.patient_mm(np.moveaxis(np.indices(volume.geometry.shape), 0, -1))
    error = np.abs(volume.voxels - at @ FIELD)
    if volume.valid is not None:
        return "padding where there is none"
    if error.max() > 0.56 + PLACE_TOLERANCE_MM * np.abs(FIELD).sum():
        return f"off by {error.max():.1f}"
    if volume.unit != "HU":
        return f"unit {volume.unit}"
    codes = {c.code for c in acquisition.cautions}
    if volume.voxels.shape[0] < SLICES and not codes & {"SERIES_MAYBE_INCOMPLETE", "SINGLE_SLICE"}:
        return "a slice is missing without a word"
    return None


def main(count: int, first: int = 0) -> int:
    """Run mutations and print what became of them; the number that went wrong."""
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        good = GoodSeries(Path(folder))
        for seed in range(first, first + count):
            result = good.run(seed)
            if result.startswith("WRONG"):
                print(f"seed {seed}: {result}")
            found[result] += 1
    wrong = sum(n for r, n in found.items() if r.startswith("WRONG"))
    print(f"{count} mutations, {wrong} wrong; " + ", ".join(f"{r} {n}" for r, n in found.most_common()))
    return wrong


if __name__ == "__main__":
    sys.exit(min(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0), 1))
