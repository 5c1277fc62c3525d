"""What can be wrong with the images a user gives us.

* ImagingError
  - DicomError           a file or series cannot be read rightly (code: row of the failure catalogue)
  - GeometryError        the voxel grid cannot be described or does not match another
  - RegionError          a region is empty, on a foreign grid, or its file cannot be understood
  - MeasurementError     a number was asked for that the region or phases cannot give

Every error has a ``code`` that scripts may rely on, says what was found, what was expected and
what to do, and never carries a patient's name, ID or birth date.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ImagingError(Exception):
    """Root of everything that ``imaging`` refuses.

    Parameters
    ----------
    code : str
        Stable upper-case word, such as ``SERIES_GAP``.
    found : str
        What was found, with its numbers.
    expected : str
        What was expected instead.
    advice : str
        What the user can do now.
    details : mapping
        The same facts for scripts; must serialize to strict JSON.
    """

    def __init__(
        self,
        code: str,
        found: str,
        *,
        expected: str = "",
        advice: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        self.code = code
        self.found = found
        self.expected = expected
        self.advice = advice
        self.details: dict[str, Any] = dict(details or {})
        super().__init__(code, found)  # its arguments, and its attributes, cross a process border

    def __str__(self) -> str:
        text = f"{self.found}; expected {self.expected}" if self.expected else self.found
        return f"{text}. {self.advice}" if self.advice else text


class DicomError(ImagingError):
    """A file or a series cannot be turned into a right volume."""


class GeometryError(ImagingError):
    """A voxel grid cannot be described, or two grids that must match do not."""


class RegionError(ImagingError):
    """A region or its file is unusable."""


class MeasurementError(ImagingError):
    """A quantity cannot be measured on what was given."""
