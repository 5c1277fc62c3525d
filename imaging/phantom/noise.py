"""Noise as filtered back projection leaves it: correlated, with little power at low frequency."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft

#: Power that remains at zero frequency, relative to the ramp's slope. [1/mm]
_FLOOR_PER_MM = 0.03


def correlated_noise(
    shape: tuple[int, int, int],
    pixel_mm: float,
    sd: float,
    grain_mm: float,
    random: np.random.Generator,
) -> NDArray[np.float64]:
    """Noise (slices, rows, columns), independent from slice to slice.

    Its power spectrum is a ramp times a Gaussian that reaches 1/e at the frequency ``1 / grain_mm``,
    which is the shape that a soft reconstruction kernel gives. [1]_

    References
    ----------
    .. [1] Riederer SJ, Pelc NJ, Chesler DA. The noise power spectrum in computed X-ray tomography.
       Phys Med Biol 1978;23:446-454.
    """
    white = random.standard_normal(shape)
    rows = fft.fftfreq(shape[1], pixel_mm)[:, None]
    columns = fft.rfftfreq(shape[2], pixel_mm)[None, :]
    frequency = np.sqrt(rows * rows + columns * columns)
    amplitude = np.sqrt((frequency + _FLOOR_PER_MM) * np.exp(-((frequency * grain_mm) ** 2)))
    both = np.full(amplitude.shape[1], 2.0)  # columns of the half spectrum that stand for two
    both[0] = 1.0
    if shape[2] % 2 == 0:
        both[-1] = 1.0
    power = float((amplitude**2 * both).sum()) / (shape[1] * shape[2])
    amplitude *= sd / np.sqrt(power)
    return np.asarray(fft.irfft2(fft.rfft2(white) * amplitude, s=shape[1:]))
