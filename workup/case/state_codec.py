"""A reader's state as two files: ``meta.json`` and ``masks.bin``; nothing is reoriented or rounded.

Regions may overlap, so there is no label map in which the last one drawn would win: each mask is kept
alone, as its box of bits (row-major, slice first, ``numpy.packbits``), deflated, one after the other in
``masks.bin``. ``meta.json`` says for each where it starts, its hash, its box, and its acquisition's
grid with the exact matrix (JSON numbers are written with all digits of the float64).
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from imaging.errors import ImagingError
from imaging.geometry import VolumeGeometry
from imaging.regions.region import Provenance, Region, RegionMask, RegionRole, Vessel, VesselLevel
from workup.case.log import sha256
from workup.case.reading_codec import ReadingFile, parse_reading, reading_document
from workup.case.state import CaseState
from workup.errors import CaseError

#: Fast and small enough for masks: 1 of 9 saves half the time of the default for 10 % more bytes.
COMPRESSION_LEVEL = 1

#: A box of more voxels than this is no organ of a person; guards against a forged file. [voxels]
MAX_BOX_VOXELS = 2_000_000_000


#: Fields with a form of their own; all others are plain values and are kept by name.
_REGION_FIELDS = frozenset({"id", "role", "masks", "vessel", "level"})
_MASK_FIELDS = frozenset({"offset", "voxels", "geometry", "provenance"})


def encode_state(state: CaseState) -> tuple[dict[str, Any], bytes]:
    """The state as a JSON document and the bytes of its masks."""
    grids: list[VolumeGeometry] = []
    blocks: list[bytes] = []
    regions = [_region_document(region, grids, blocks) for region in state.regions]
    reading = ReadingFile(
        state.reader,
        state.phase_labels,
        state.defects,
        state.lesions,
        state.lines,
        state.complete,
        state.comparable_override,
    )
    document = {
        "reading": json.loads(json.dumps(reading_document(reading), allow_nan=False)),
        "regions": regions,
        "grids": [
            {"shape": list(g.shape), "index_to_patient_mm": g.index_to_patient_mm.tolist()} for g in grids
        ],
        "record": state.record,
        "notes": dict(state.notes),
        "masks_sha256": sha256(b"".join(blocks)),
    }
    return document, b"".join(blocks)


def decode_state(document: Mapping[str, Any], masks: bytes) -> CaseState:
    """The inverse of ``encode_state``.

    Raises
    ------
    CaseError
        ``VERSION_DAMAGED`` if a mask does not match its hash or box.
    """
    if sha256(masks) != document["masks_sha256"]:
        raise CaseError("VERSION_DAMAGED", "masks.bin does not match the hash in meta.json")
    try:
        grids = [VolumeGeometry(tuple(g["shape"]), g["index_to_patient_mm"]) for g in document["grids"]]
        regions = tuple(_region(item, grids, masks) for item in document["regions"])
        reading = parse_reading(document["reading"])
    except (KeyError, TypeError, ValueError, zlib.error, ImagingError) as error:
        raise CaseError("VERSION_DAMAGED", f"meta.json does not describe a state: {error}") from error
    return CaseState(
        regions=regions,
        phase_labels=reading.phase_labels,
        lines=reading.lines,
        defects=reading.defects,
        lesions=reading.lesions,
        reader=reading.reader,
        complete=reading.complete,
        comparable_override=reading.comparable_override,
        record=document["record"],
        notes=document["notes"],
    )


def _region_document(region: Region, grids: list[VolumeGeometry], blocks: list[bytes]) -> dict[str, Any]:
    return {
        "id": region.id,
        "role": region.role.value,
        "vessel": region.vessel.value if region.vessel else None,
        "level": region.level.value if region.level else None,
        "more": _more(region, _REGION_FIELDS),
        "masks": [_mask_document(key, mask, grids, blocks) for key, mask in region.masks.items()],
    }


def _more(thing: Region | RegionMask, apart: frozenset[str]) -> dict[str, Any]:
    values = {f.name: getattr(thing, f.name) for f in fields(thing) if f.name not in apart}
    return {name: value.item() if isinstance(value, np.generic) else value for name, value in values.items()}


def _mask_document(
    key: str, mask: RegionMask, grids: list[VolumeGeometry], blocks: list[bytes]
) -> dict[str, Any]:
    bits = np.packbits(np.ascontiguousarray(mask.voxels, dtype=bool), axis=None).tobytes()
    start = sum(len(block) for block in blocks)
    blocks.append(zlib.compress(bits, COMPRESSION_LEVEL))
    return {
        "acquisition": key,
        "grid": _grid_number(mask.geometry, grids),
        "offset": [int(n) for n in mask.offset],
        "shape": [int(n) for n in mask.voxels.shape],
        "provenance": mask.provenance.value,
        "more": _more(mask, _MASK_FIELDS),
        "start": start,
        "length": len(blocks[-1]),
        "sha256": mask_sha256(mask),
    }


def mask_sha256(mask: RegionMask) -> str:
    """Hash that names a mask wherever it is kept: its grid, its box and its bits."""
    place = json.dumps(
        [
            list(mask.geometry.shape),
            mask.geometry.index_to_patient_mm.tolist(),
            [int(n) for n in mask.offset],
            [int(n) for n in mask.voxels.shape],
        ]
    ).encode()
    return sha256(place + np.packbits(np.ascontiguousarray(mask.voxels, dtype=bool), axis=None).tobytes())


def _grid_number(grid: VolumeGeometry, grids: list[VolumeGeometry]) -> int:
    for number, known in enumerate(grids):
        same = known.shape == grid.shape
        if same and np.array_equal(known.index_to_patient_mm, grid.index_to_patient_mm):
            return number
    grids.append(grid)
    return len(grids) - 1


def _region(item: Mapping[str, Any], grids: list[VolumeGeometry], masks: bytes) -> Region:
    return Region(
        id=item["id"],
        role=RegionRole(item["role"]),
        masks={m["acquisition"]: _mask(m, grids, masks) for m in item["masks"]},
        vessel=Vessel(item["vessel"]) if item["vessel"] else None,
        level=VesselLevel(item["level"]) if item["level"] else None,
        **item["more"],
    )


def _mask(item: Mapping[str, Any], grids: list[VolumeGeometry], masks: bytes) -> RegionMask:
    shape = tuple(item["shape"])
    count = int(np.prod(shape, dtype=np.int64))
    if len(shape) != 3 or not 0 < count <= MAX_BOX_VOXELS:
        raise CaseError("VERSION_DAMAGED", f"a mask has the box {shape}")
    inflate = zlib.decompressobj()
    packed = inflate.decompress(masks[item["start"] : item["start"] + item["length"]], count // 8 + 2)
    bits = np.unpackbits(np.frombuffer(packed, dtype=np.uint8))
    if not count <= bits.size < count + 8:
        raise CaseError("VERSION_DAMAGED", f"a mask of {bits.size} bits", expected=f"{count} for its box")
    voxels = bits[:count].astype(bool).reshape(shape)
    voxels.setflags(write=False)
    mask = RegionMask(
        tuple(item["offset"]),
        voxels,
        grids[item["grid"]],
        Provenance(item["provenance"]),
        **item["more"],
    )
    if mask_sha256(mask) != item["sha256"]:
        raise CaseError("VERSION_DAMAGED", "a mask does not match its hash")
    return mask
