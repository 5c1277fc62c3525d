"""Patterns inside a tissue, around zero. [units of the image]"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from imaging.phantom.shapes import Array, Grid

#: Time and half-width of the spleen's arterial stripes. [s]
_STRIPES_S, _STRIPES_WIDTH_S = 32.0, 24.0


def _lung(g: Grid, _: float) -> Array:
    waves = (
        np.sin(g.left / 6 + 2 * np.sin(g.posterior / 13))
        * np.sin(g.posterior / 7)
        * np.sin(g.superior / 9 + g.left / 17)
    )
    return np.asarray(260 * np.maximum(waves - 0.55, 0))


def _liver(g: Grid, _: float) -> Array:
    return np.asarray(
        1.5 * np.sin(g.left / 3.1 + g.superior / 7) * np.sin(g.posterior / 3.7 - g.superior / 9)
    )


def _spleen(g: Grid, time_s: float) -> Array:
    share = max(0.0, 1 - abs(time_s - _STRIPES_S) / _STRIPES_WIDTH_S)
    stripes = np.sin(g.left / 3.2 + 2.2 * np.sin(g.posterior / 8) + g.superior / 11)
    return np.asarray(28 * share * stripes)


def _mosaic(g: Grid, time_s: float) -> Array:
    share = 0.45 if time_s <= 0 else 1.0
    nodules = np.sin(g.left / 4.3 + 1.7 * np.sin(g.superior / 9)) * np.sin(
        g.posterior / 3.9 + 1.3 * np.sin(g.left / 8)
    )
    return np.asarray(11 * share * nodules)


def _stool(g: Grid, _: float) -> Array:
    clumps = np.sin(g.left / 3.7 + 2.1 * np.sin(g.posterior / 5.3 + g.superior / 4)) * np.sin(
        g.posterior / 3.1 + 1.9 * np.sin(g.left / 4.7 - g.superior / 6)
    )
    return np.asarray(-120 * np.maximum(clumps, 0) + 30)


#: By name: grid and seconds after injection (0 before it) -> pattern.
TEXTURES: Mapping[str, Callable[[Grid, float], Array]] = {
    "lung": _lung,
    "liver": _liver,
    "spleen": _spleen,
    "mosaic": _mosaic,
    "stool": _stool,
}
