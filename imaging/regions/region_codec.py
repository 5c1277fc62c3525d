"""What a regions file says of its regions: role, vessel, level and label, or a cylinder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from imaging.errors import RegionError
from imaging.regions.region import Region, RegionRole, Vessel, VesselLevel
from imaging.regions.seeds import ROLE_OF_NAME, Cylinder

SIDECAR_FORM = '{"labels": {"1": {"id": "thrombus", "role": "filling_defect", "vessel": "portal_vein"}}}'

T = TypeVar("T", bound=StrEnum)
_REGION_KEYS = ("id", "name", "role", "vessel", "level", "label", "note")


def kinds_of(entries: object) -> dict[int, Region]:
    """Regions without masks, by label.

    Raises
    ------
    RegionError
        ``REGIONS_FORMAT`` or ``UNKNOWN_ROLE``.
    """
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise RegionError("REGIONS_FORMAT", "regions is not a list", expected="a list of regions")
    kinds: dict[int, Region] = {}
    for entry in entries:
        label = _label(entry.get("label"))
        region = _region(entry, default_id=f"region-{label}")
        if label in kinds or region.id in {kind.id for kind in kinds.values()}:
            raise RegionError("REGIONS_FORMAT", f"label {label} or id {region.id!r} occurs twice")
        kinds[label] = region
    return kinds


def _label(value: object) -> int:
    try:
        label = int(str(value))
    except ValueError:
        label = 0
    if label <= 0:
        raise RegionError("REGIONS_FORMAT", f"label {value!r}", expected="a whole number above 0")
    return label


def _region(entry: object, default_id: str) -> Region:
    if isinstance(entry, str):  # {"1": "reference_liver"}
        entry = {"id": entry}
    if not isinstance(entry, Mapping):
        raise RegionError("REGIONS_FORMAT", f"a region given as {entry!r}", expected=SIDECAR_FORM)
    known_keys(entry, _REGION_KEYS, "a region")
    name = str(entry.get("id") or entry.get("name") or default_id)
    role = entry.get("role") or ROLE_OF_NAME.get(name.lower()) or name
    vessel, level = entry.get("vessel"), entry.get("level")
    return Region(
        id=name,
        role=choice(RegionRole, role, "role"),
        vessel=None if vessel is None else _vessel(vessel),
        level=None if level is None else choice(VesselLevel, level, "level"),
        note=str(entry.get("note", "")),
    )


def known_keys(given: Mapping[str, Any], allowed: Sequence[str], where: str) -> None:
    """Refuse a key that nobody reads: a mistyped "levle" would lose the level silently.

    Raises
    ------
    RegionError
        ``REGIONS_FORMAT`` naming the key and those that are known.
    """
    unknown = sorted(str(key) for key in given if key not in allowed)
    if unknown:
        raise RegionError(
            "REGIONS_FORMAT", f"{where} has the key {unknown[0]!r}", expected=f"one of {', '.join(allowed)}"
        )


def known_version(document: Mapping[str, Any], version: str) -> None:
    """Refuse a file of another version than ours; one without a version is taken as ours.

    Raises
    ------
    RegionError
        ``REGIONS_FORMAT``.
    """
    given = document.get("schema_version", version)
    if given != version:
        raise RegionError("REGIONS_FORMAT", f"schema_version {given!r}", expected=repr(version))


def _vessel(value: object) -> Vessel:
    return Vessel.INFERIOR_VENA_CAVA if value == "ivc" else choice(Vessel, value, "vessel")


def choice(kind: type[T], value: object, what: str) -> T:
    """A member of an enumeration by its value; ``what`` names it in the error."""
    try:
        return kind(str(value))
    except ValueError:
        raise RegionError(
            "UNKNOWN_ROLE" if what == "role" else "REGIONS_FORMAT",
            f"{what} {value!r}",
            expected=f"one of {', '.join(kind)}",
            advice=f"The sidecar form is {SIDECAR_FORM}.",
        ) from None


def flag(value: object) -> bool:
    """True or False, and nothing that only looks like it."""
    if not isinstance(value, bool):
        raise RegionError("REGIONS_FORMAT", f"verified {value!r}", expected="true or false")
    return value


def sidecar_kinds(sidecar: Mapping[str, Any]) -> dict[int, Region]:
    """Regions without masks as a label map's sidecar describes them, by label."""
    labels = sidecar.get("labels")
    if isinstance(labels, Mapping):
        return {_label(key): _region(entry, f"region-{key}") for key, entry in labels.items()}
    entries = labels if labels is not None else sidecar.get("regions")
    if entries is None:
        raise RegionError(
            "REGIONS_FORMAT", f"the sidecar has the keys {sorted(sidecar)}", expected=SIDECAR_FORM
        )
    return kinds_of(entries)


def described(region: Region, label: int) -> dict[str, Any]:
    """One entry of ``regions`` in ``regions.json``."""
    entry: dict[str, Any] = {"id": region.id, "role": region.role.value, "label": label}
    if region.vessel is not None:
        entry["vessel"] = region.vessel.value
    if region.level is not None:
        entry["level"] = region.level.value
    if region.note:
        entry["note"] = region.note
    return entry


def unknown_label(label: int, file: str, kinds: Mapping[int, Region]) -> RegionError:
    """The error of a label that nobody described."""
    return RegionError(
        "UNKNOWN_LABEL",
        f"{file} holds the label {label}",
        expected=f"one of {sorted(kinds)}",
        advice=f"Describe every label; the form is {SIDECAR_FORM}.",
    )


def cylinders_of(entries: Iterable[Mapping[str, Any]]) -> list[Cylinder]:
    """Seed cylinders as a seed file's ``rois`` describe them.

    Raises
    ------
    RegionError
        ``REGIONS_FORMAT`` if one lacks its place or size.
    """
    try:
        return [
            Cylinder(
                name=str(roi["name"]),
                center_lps_mm=tuple(float(x) for x in roi["center_lps_mm"]),  # type: ignore[arg-type]
                radius_mm=float(roi["radius_mm"]),
                half_height_mm=float(roi["half_height_mm"]),
                role=None if roi.get("role") is None else choice(RegionRole, roi["role"], "role"),
            )
            for roi in entries
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise RegionError(
            "REGIONS_FORMAT",
            f"a seed cannot be understood: {error!r}",
            expected="name, center_lps_mm, radius_mm and half_height_mm",
        ) from error
