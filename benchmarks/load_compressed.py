"""Load a compressed series: ours against the bare codec on the same bytes with the same threads.

``python benchmarks/load_compressed.py`` generates 100 slices of 512 x 512 with a liver CT's noise in each
transfer syntax. The bare codec knows where each picture lies, looks at no header, checks nothing, and writes
stored values into one array. Ratios are medians over rounds in which the ways take turns.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import rle.utils
from load import SIZE, _header
from pydicom.encaps import encapsulate
from pydicom.uid import UID

from imaging.dicom.study_files import load_study

Way = Callable[[bytes], np.ndarray]


def encode_rle(pixels: np.ndarray) -> bytes:
    return bytes(
        rle.utils.encode_pixel_data(
            pixels.tobytes(), rows=SIZE, columns=SIZE, samples_per_pixel=1, number_of_frames=1,
            bits_allocated=16, byteorder="<",
        )
    )  # fmt: skip


def decode_rle(code: bytes) -> np.ndarray:
    return np.frombuffer(imagecodecs.dicomrle_decode(code, "<u2"), np.uint16).reshape(SIZE, SIZE)


#: Name: transfer syntax, encoder, decoders by name; the first is ours.
SYNTAXES: dict[str, tuple[str, Callable[[np.ndarray], bytes], dict[str, Way]]] = {
    "RLE": ("1.2.840.10008.1.2.5", encode_rle, {"imagecodecs dicomrle": decode_rle}),
    "JPEG lossless": (
        "1.2.840.10008.1.2.4.70",
        imagecodecs.ljpeg_encode,
        {"imagecodecs jpeg8": imagecodecs.jpeg8_decode, "imagecodecs ljpeg": imagecodecs.ljpeg_decode},
    ),
    "JPEG-LS": (
        "1.2.840.10008.1.2.4.80",
        imagecodecs.jpegls_encode,
        {"imagecodecs jpegls": imagecodecs.jpegls_decode},
    ),
    "JPEG 2000": (
        "1.2.840.10008.1.2.4.90",
        lambda a: imagecodecs.jpeg2k_encode(a, level=0, reversible=True, codecformat="j2k"),
        {"imagecodecs jpeg2k": imagecodecs.jpeg2k_decode},
    ),
    "HTJ2K": (
        "1.2.840.10008.1.2.4.201",
        lambda a: imagecodecs.htj2k_encode(a, reversible=True),
        {"imagecodecs jpeg2k": imagecodecs.jpeg2k_decode, "imagecodecs htj2k": imagecodecs.htj2k_decode},
    ),
}


def picture(index: int) -> np.ndarray:
    """A body of soft tissue with its noise in air. [stored values]"""
    rows, columns = np.mgrid[:SIZE, :SIZE] - SIZE / 2
    body = (rows / 190) ** 2 + (columns / (225 + index % 7)) ** 2 < 1
    noise = np.random.default_rng(index).normal(0, 12, (SIZE, SIZE))
    return np.clip(np.where(body, 1084, 24) + noise, 0, 4095).astype(np.uint16)


def generate(folder: Path, slices: int, syntax: str, encode: Callable[[np.ndarray], bytes]) -> None:
    for index in range(slices):
        ds = _header(0, index)
        ds.file_meta.TransferSyntaxUID = UID(syntax)
        ds.PixelData = encapsulate([encode(picture(index))])
        ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
        ds.save_as(folder / f"{index:05d}.dcm", enforce_file_format=True)


def bare(folder: Path, codec: Way) -> Callable[[], np.ndarray]:
    """Read and decode every picture into its slice, with as many threads as there are cores."""
    files = sorted(folder.iterdir())
    starts = [p.read_bytes().rindex(b"\xe0\x7f\x10\0OB") + 32 for p in files]  # past the offset table
    out = np.empty((len(files), SIZE, SIZE), np.uint16)

    def one(index: int) -> None:
        with files[index].open("rb", buffering=0) as file:
            file.seek(starts[index])
            out[index] = codec(file.read()[:-8])

    def run() -> np.ndarray:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(one, range(len(files))))
        return out

    return run


def pydicom_loop(folder: Path) -> np.ndarray:
    return np.stack([pydicom.dcmread(p).pixel_array for p in sorted(folder.iterdir())])


def ours(folder: Path) -> np.ndarray:
    (acquisition,) = load_study(folder)
    return acquisition.volume.voxels


def measure(ways: dict[str, Callable[[], np.ndarray]], rounds: int) -> dict[str, tuple[float, float]]:
    """Median wall and processor time of each way. [s]"""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(rounds + 1):  # the first warms up
        for name, way in ways.items():
            wall, busy = time.perf_counter(), time.process_time()
            way()
            times[name].append((time.perf_counter() - wall, time.process_time() - busy))
    return {
        name: (statistics.median(t[0] for t in pairs[1:]), statistics.median(t[1] for t in pairs[1:]))
        for name, pairs in times.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=list(SYNTAXES))
    options = parser.parse_args()
    print(f"{options.slices} slices, load average {os.getloadavg()[0]:.1f}; wall (processor) milliseconds")
    print("| transfer syntax | way | ms | ours / it |\n|---|---|---|---|")
    for name in options.only:
        syntax, encode, codecs = SYNTAXES[name]
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            generate(folder, options.slices, syntax, encode)
            ways = {"ours": lambda folder=folder: ours(folder)}
            ways |= {codec: bare(folder, way) for codec, way in codecs.items()}
            for codec, way in ways.items():
                shift = 1024 if codec == "ours" else 0
                if not np.array_equal(
                    way()[::9].astype(int) + shift, [picture(i) for i in range(options.slices)][::9]
                ):
                    raise SystemExit(f"{name}: {codec} gives other values")
            ways["pydicom loop"] = lambda folder=folder: pydicom_loop(folder)
            try:
                ways["pydicom loop"]()
            except Exception:
                del ways["pydicom loop"]
            found = measure(ways, options.rounds)
        for way, (wall, busy) in found.items():
            ratio = f"{found['ours'][0] / wall:.2f} ({found['ours'][1] / busy:.2f})"
            print(f"| {name} | {way} | {1e3 * wall:.0f} ({1e3 * busy:.0f}) | {ratio} |", flush=True)


if __name__ == "__main__":
    main()
