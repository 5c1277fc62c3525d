"""Values no patient has: refused with their place, never clamped.

They are slips of unit or of typing (an albumin of 38 g/dL is 38 g/L), so that every verdict that rested on
them would be wrong.

References
----------
.. [1] Carson JL et al. Mortality and morbidity in patients with very low postoperative Hb levels who decline
   blood transfusion. Transfusion 2002;42:812-818.
.. [2] Minchiotti L et al. Diagnosis, phenotype, and molecular genetics of congenital analbuminemia. Front
   Genet 2019;10:336.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from eligibility.units import Converted, canonical
from workup.record import schema

#: Lowest and highest plausible result, in the unit of ``eligibility.units``. The lowest: of
#: patients with 4 to 5 g/dL of hemoglobin a third dies, and each gram less makes it 2.5 times as likely [1]_;
#: counters tell neutrophils in steps of 10 /uL and platelets in steps of 1000 /uL; below 0.6 g/dL of
#: albumin there is hardly more than congenital analbuminemia, of which about 90 cases are known [2]_; the
#: rest is below what analyzers report as a number.
LAB_LIMITS: dict[str, tuple[Decimal, Decimal]] = {
    "hemoglobin": (Decimal(2), Decimal(25)),  # g/dL
    "anc": (Decimal(10), Decimal(200_000)),  # /uL
    "platelets": (Decimal(1000), Decimal(5_000_000)),  # /uL
    "bilirubin_total": (Decimal("0.1"), Decimal(100)),  # mg/dL
    "albumin": (Decimal("0.6"), Decimal(7)),  # g/dL
    "alt": (Decimal(2), Decimal(50_000)),  # U/L
    "ast": (Decimal(2), Decimal(50_000)),  # U/L
    "inr": (Decimal("0.5"), Decimal(15)),
    "creatinine": (Decimal("0.1"), Decimal(20)),  # mg/dL
}
#: Counts that may truly be 0: agranulocytosis, immune thrombocytopenia.
_MAY_BE_NONE = frozenset({"anc", "platelets"})
#: Written per uL, neutrophils below this are the number of 10*9/L, where 1.5 to 10 is common; 30 /uL
#: and more exist in agranulocytosis. [/uL]
_ANC_OF_THOUSANDS = Decimal(30)
#: Written in umol/L, bilirubin below this is the number of mg/dL, which would turn a high value into a low
#: one; whoever truly has less, as few healthy people do, has it accepted in mg/dL. [umol/L]
_BILIRUBIN_OF_MG_DL = Decimal(3)
WEIGHT_KG = (Decimal(25), Decimal(250))
HEIGHT_CM = (Decimal(100), Decimal(230))
#: Diameters and slices longer than this are in another unit. [mm]
LONGEST_MM = Decimal(600)
EARLIEST_BIRTH = date(1900, 1, 1)


def implausible(record: schema.Record) -> Iterator[dict[str, str]]:
    """Every value out of its limits."""
    for index, lab in enumerate(record.labs or ()):
        yield from _lab(lab, f"labs[{index}]")
    if record.vitals is not None:
        yield from _between(record.vitals.weight_kg, WEIGHT_KG, "vitals.weight_kg", "kg")
        yield from _between(record.vitals.height_cm, HEIGHT_CM, "vitals.height_cm", "cm")
    yield from _dates(record)
    yield from _imaging(record.imaging)
    yield from _periods(record)


def _fault(path: str, message: str) -> dict[str, str]:
    return {"path": path, "code": "VALUE_IMPLAUSIBLE", "message": message}


def _between(
    value: Decimal | None, limits: tuple[Decimal, Decimal], path: str, unit: str
) -> Iterator[dict[str, str]]:
    low, high = limits
    if value is not None and not low <= value <= high:
        yield _fault(path, f"{value:f} {unit} is implausible; expected {low} to {high} {unit}")


def _lab(lab: schema.Lab, path: str) -> Iterator[dict[str, str]]:
    for name in ("value", "uln", "lln"):
        number = getattr(lab, name)
        if number is not None and number < 0:
            yield _fault(f"{path}.{name}", f"{number:f} is negative")
    if lab.value is None or lab.value < 0:
        return
    converted = canonical(lab.analyte, lab.value, lab.unit)
    if converted is not None:
        expected = _expected(lab.analyte, lab.value, lab.comparator, converted)
        if expected is not None:
            said = f"{lab.analyte} {lab.value:f} {lab.unit or ''} is implausible"
            yield _fault(f"{path}.value", f"{said}; expected {expected}: check the unit")
    if lab.uln is not None and lab.lln is not None and lab.uln < lab.lln:
        yield _fault(f"{path}.uln", f"upper limit {lab.uln:f} is below the lower limit {lab.lln:f}")


def _expected(analyte: str, written: Decimal, comparator: str | None, converted: Converted) -> str | None:
    """What a result should have been; None if it is plausible, a bound ("<5") from below included."""
    low, high = LAB_LIMITS[analyte]
    none_of_it = converted.value == 0 and analyte in _MAY_BE_NONE
    if converted.value > high:
        return f"{low} to {high} {converted.unit}"
    if none_of_it or comparator in ("<", "<="):
        return None
    if analyte == "anc" and converted.value == written < _ANC_OF_THOUSANDS:
        return f"0, or at least {_ANC_OF_THOUSANDS} /uL; this is a number of 10*9/L"
    if analyte == "bilirubin_total" and converted.molar and written < _BILIRUBIN_OF_MG_DL:
        return f"at least {_BILIRUBIN_OF_MG_DL} umol/L; this is a number of mg/dL"
    if converted.value < low:
        return f"{'0, or ' if analyte in _MAY_BE_NONE else ''}{low} to {high} {converted.unit}"
    return None


def _dates(record: schema.Record) -> Iterator[dict[str, str]]:
    born = record.demographics.birth_date if record.demographics else None
    if born is None:
        return
    if born.last < EARLIEST_BIRTH:
        yield _fault("demographics.birth_date", f"before {EARLIEST_BIRTH.year}")
    dates = record.reference_dates
    for name in ("consent", "screening", "treatment_start"):
        day = getattr(dates, name) if dates else None
        if day is not None and day.last < born.first:
            yield _fault(f"reference_dates.{name}", "lies before the date of birth")


def _imaging(imaging: schema.Imaging | None) -> Iterator[dict[str, str]]:
    if imaging is None:
        return
    for kind in ("studies", "thrombi", "lesions"):
        seen: set[str] = set()
        for index, item in enumerate(getattr(imaging, kind) or ()):
            if item.id is not None and item.id in seen:
                fault = _fault(f"imaging.{kind}[{index}].id", "the id stands twice")
                yield {**fault, "code": "ID_NOT_UNIQUE"}
            seen.add(item.id or "")
    for index, study in enumerate(imaging.studies or ()):
        path = f"imaging.studies[{index}].slice_thickness_mm"
        yield from _between(study.slice_thickness_mm, (Decimal("0.1"), Decimal(100)), path, "mm")
    for index, lesion in enumerate(imaging.lesions or ()):
        for name in ("longest_diameter_mm", "short_axis_mm"):
            path = f"imaging.lesions[{index}].{name}"
            yield from _between(getattr(lesion, name), (Decimal(0), LONGEST_MM), path, "mm")


def _periods(record: schema.Record) -> Iterator[dict[str, str]]:
    treatments = record.treatments
    lists: list[tuple[str, Any, str, str]] = []
    if treatments is not None:
        lists.append(("treatments.systemic", treatments.systemic, "start", "end"))
        lists.append(("treatments.locoregional", treatments.locoregional, "start", "end_date"))
    lists.append(("immunosuppressants", record.immunosuppressants, "start", "end"))
    for path, items, start, end in lists:
        for index, item in enumerate(items or ()):
            first, last = getattr(item, start), getattr(item, end)
            if first is not None and last is not None and last.last < first.first:
                yield _fault(f"{path}[{index}].{end}", f"ends on {last}, before it starts on {first}")
    for index, drug in enumerate(record.immunosuppressants or ()):
        if drug.dose_mg_per_day is not None and drug.dose_mg_per_day < 0:
            yield _fault(f"immunosuppressants[{index}].dose_mg_per_day", "is negative")
