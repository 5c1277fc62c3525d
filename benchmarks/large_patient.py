"""The patient of the benchmarks that look at anatomy: 4 phases of 200 slices of 512 x 512.

Noise will not do: where there is no spine, naming the phases from the images ends before its work begins.
"""

from __future__ import annotations

from imaging.phantom import PhantomSpec

#: From the domes of the lungs to below the kidneys. [mm]
LENGTH_MM = 250.0


def large_patient(slices: int = 200) -> PhantomSpec:
    """The phantom as a scanner of today would have it; drawing it takes a minute and a half and 7 GB."""
    between_mm = LENGTH_MM / slices
    return PhantomSpec(shape=(slices, 512, 512), spacing_mm=(between_mm, 0.7, 0.7), thickness_mm=between_mm)
