"""How a measured number leaves us, the same in SR, SDTM and FHIR."""

from __future__ import annotations

#: Decimals that every exchange format can hold (a DICOM decimal string has 16 characters): a nanometer.
DECIMALS = 9


def stated(value: float) -> float:
    """The number as it is exported: rounded to ``DECIMALS``, which no threshold notices."""
    return round(float(value), DECIMALS)


def stated_text(value: float) -> str:
    """The same number in the fewest digits that give it back."""
    return repr(stated(value))
