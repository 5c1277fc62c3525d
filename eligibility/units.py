"""Laboratory units: a table of accepted spellings per analyte with exact factors.

An unknown spelling is unknown, never guessed. Powers of ten are exact; a factor between mass and amount of
substance rests on a molar mass that laboratories round differently (bilirubin 17.1 or 17.104), so that a
value within 0.5 % of a limit after such a conversion cannot be told: confirm it in the original unit.

References
----------
Molar masses: bilirubin 584.66, creatinine 113.12, hemoglobin monomer 16114 g/mol.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

#: Guard on either side of a limit after conversion between mass and amount of substance.
MOLAR_GUARD = Decimal("0.005")


@dataclass(frozen=True, slots=True)
class Converted:
    """A value in the canonical unit of its analyte; ``molar`` where the guard applies."""

    value: Decimal
    unit: str
    molar: bool = False


_CELLS = {
    "/ul": "1", "/mm3": "1", "/mm^3": "1", "/cmm": "1", "cells/ul": "1", "cells/mm3": "1", "1/ul": "1",
    "10*3/ul": "1000", "10^3/ul": "1000", "x10^3/ul": "1000", "x10*3/ul": "1000", "x10e3/ul": "1000",
    "10e3/ul": "1000", "10*3/mm3": "1000", "10^3/mm3": "1000", "x10^3/mm3": "1000", "k/ul": "1000",
    "k/mm3": "1000", "thou/ul": "1000", "thousand/ul": "1000", "1000/ul": "1000", "k/cumm": "1000",
    "10*9/l": "1000", "10^9/l": "1000", "x10^9/l": "1000", "x10*9/l": "1000", "10e9/l": "1000",
    "x10e9/l": "1000", "g/l": "1000", "giga/l": "1000", "gpt/l": "1000", "/nl": "1000",
    "10*6/ml": "1000", "/l": "0.000001",
}  # fmt: skip
_ENZYME = {
    "u/l": "1", "iu/l": "1", "[iu]/l": "1", "[u]/l": "1", "units/l": "1", "u/dl": "10", "u/ml": "1000",
    "ukat/l": "60", "nkat/l": "0.06", "mu/ml": "1", "miu/ml": "1",
}  # fmt: skip
_RATIO = {"1": "1", "{inr}": "1", "inr": "1", "ratio": "1", "{ratio}": "1", "": "1"}

#: Analyte -> (canonical unit, exact factors, molar factors as divisor or multiplier).
_TABLE: dict[str, tuple[str, dict[str, str], dict[str, Decimal]]] = {
    "hemoglobin": (
        "g/dL",
        {"g/dl": "1", "g/l": "0.1", "g%": "1", "gm/dl": "1", "mg/dl": "0.001", "g/100ml": "1"},
        {"mmol/l": Decimal("1.611")},
    ),
    "anc": ("/uL", {k: v for k, v in _CELLS.items() if k != "/l"}, {}),
    "platelets": ("/uL", {k: v for k, v in _CELLS.items() if k != "/l"}, {}),
    "bilirubin_total": ("mg/dL", {"mg/dl": "1", "mg/l": "0.1", "mg%": "1"}, {"umol/l": 1 / Decimal("17.1")}),
    "albumin": ("g/dL", {"g/dl": "1", "g/l": "0.1", "mg/dl": "0.001", "g%": "1", "gm/dl": "1"}, {}),
    "alt": ("U/L", _ENZYME, {}),
    "ast": ("U/L", _ENZYME, {}),
    "inr": ("1", _RATIO, {}),
    "creatinine": ("mg/dL", {"mg/dl": "1", "mg/l": "0.1", "mg%": "1"}, {"umol/l": 1 / Decimal("88.4")}),
}

ANALYTES = tuple(_TABLE)


def spelling(unit: str) -> str:
    """A unit as the table spells it: lower case, micro as u, no blanks.

    >>> spelling("µmol / L"), spelling("10⁹/L")
    ('umol/l', '10^9/l')
    """
    text = unit.replace("µ", "u").replace("μ", "u").replace("³", "^3").replace("⁹", "^9").replace("×", "x")
    text = "".join(text.split()).lower().replace("mcmol", "umol").replace("mcl", "ul")
    return text.replace("/mm^3", "/mm3").replace("mcg", "ug").replace("microl", "ul")


def units_of(analyte: str) -> tuple[str, ...]:
    """Accepted spellings of an analyte's units."""
    _, exact, molar = _TABLE[analyte]
    return (*exact, *molar)


@lru_cache(maxsize=4096)
def _factor(analyte: str, unit: str) -> tuple[Decimal, bool] | None:
    _, exact, molar = _TABLE[analyte]
    name = spelling(unit)
    if name == "g/l" and analyte in ("anc", "platelets") and unit.strip().startswith("g"):
        return None  # grams are no cells; giga is written with a capital
    if name in exact:
        return Decimal(exact[name]), False
    if name in molar:
        return molar[name], True
    return None


def canonical_unit(analyte: str) -> str:
    """The unit an analyte's limits are written in."""
    return _TABLE[analyte][0]


def canonical(analyte: str, value: Decimal, unit: str | None) -> Converted | None:
    """A value in the analyte's canonical unit; None if the unit is not recorded or not known.

    The INR has no unit, so that none recorded is the right one.

    >>> canonical("platelets", Decimal("131"), "10*9/L")
    Converted(value=Decimal('131000'), unit='/uL', molar=False)
    >>> canonical("bilirubin_total", Decimal("51.3"), "umol/L").value
    Decimal('3')
    """
    if unit is None:
        return Converted(value, "1") if analyte == "inr" else None
    factor = _factor(analyte, unit)
    if factor is None:
        return None
    number, molar = factor
    converted = _divided(analyte, value) if molar and analyte in _DIVISORS else value * number
    return Converted(converted, canonical_unit(analyte), molar)


#: Division keeps 51.3 / 17.1 at exactly 3.0, which multiplication by a rounded inverse would not.
_DIVISORS = {"bilirubin_total": Decimal("17.1"), "creatinine": Decimal("88.4")}


def _divided(analyte: str, value: Decimal) -> Decimal:
    return value / _DIVISORS[analyte]
