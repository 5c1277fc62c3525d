"""A drawn figure as PNG bytes, the same on every run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Pixels for each inch of a figure.
RESOLUTION_DPI = 110
#: Effort of compression. Without the (opaque) alpha channel, and with one filter for all rows instead of the
#: best of five for each, 2 gives a twentieth more than matplotlib's own 6 in a sixth of its time.
_COMPRESSION = 2


def png_bytes(figure: Figure) -> bytes:
    """Draw a figure, which must have an opaque background, and encode it."""
    from imagecodecs import PNG, png_encode
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.set_dpi(RESOLUTION_DPI)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3])
    return bytes(png_encode(pixels, level=_COMPRESSION, filter=PNG.FILTER.PAETH))
