"""The part of an array that holds something: most of a body's image is not the organ one works on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Box = tuple[slice, ...]


def box_around(held: NDArray[Any], margin: int = 0) -> Box | None:
    """The least box around all that is not zero, and ``margin`` elements more on every side within the array.

    None if all is zero. Each axis is looked at within what the axes before it left.
    """
    box: list[slice] = []
    for axis in range(held.ndim):
        part = held[tuple(box)]
        hit = np.flatnonzero(part.any(axis=tuple(i for i in range(held.ndim) if i != axis)))
        if not len(hit):
            return None
        box.append(slice(int(hit[0]), int(hit[-1]) + 1))
    return tuple(
        slice(max(0, span.start - margin), min(size, span.stop + margin))
        for span, size in zip(box, held.shape, strict=True)
    )
