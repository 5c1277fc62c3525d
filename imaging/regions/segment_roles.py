"""What the segments of other systems are, in our roles.

A role decides which number a region feeds, so it is never guessed: it comes from our own description, from
a code or a label that means one of our roles and nothing else, or from the user. A segment "Liver" is a
whole organ with its tumors, not the reference liver that washout is measured against; a "Lesion" may be
target or not. Both ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pydicom.sr.coding import Code

from imaging.errors import RegionError
from imaging.regions.region import Region, RegionRole, Vessel, VesselLevel

#: Given instead of a role: the segment is left out on purpose.
SKIP = "skip"
_UNVERIFIED = "verified: no"
_SIGNED = "signed: yes"


@dataclass(frozen=True, slots=True)
class SegmentIdentity:
    """How a segment is called in its own object.

    Attributes
    ----------
    kind, place : Code or None
        What it is, and where.
    description : str
        Of our own objects: role, vessel and level in words (see ``described_in_words``).
    """

    number: int
    label: str
    kind: Code | None = None
    place: Code | None = None
    tracking_uid: str | None = None
    description: str = ""

    @property
    def unverified(self) -> bool:
        """Whether our own object says that nobody has looked at this mask yet."""
        return _UNVERIFIED in self.description

    @property
    def signed(self) -> bool:
        """Whether our own object was exported from a read that its reader signed."""
        return _SIGNED in self.description


#: Kinds that mean one role; comparison knows the retired SRT codes as well.
_KINDS: tuple[tuple[Code, RegionRole], ...] = (
    (Code("396339007", "SCT", "Thrombus"), RegionRole.FILLING_DEFECT),
    (Code("15825003", "SCT", "Aorta"), RegionRole.AORTA),
    (Code("32764006", "SCT", "Portal vein"), RegionRole.PORTAL_VEIN),
    (Code("8993003", "SCT", "Hepatic vein"), RegionRole.HEPATIC_VEIN),
    (Code("64131007", "SCT", "Inferior vena cava"), RegionRole.IVC),
    (Code("78961009", "SCT", "Spleen"), RegionRole.SPLEEN),
)
_PRIMARY = (
    Code("372087000", "SCT", "Primary malignant neoplasm"),
    Code("86049000", "SCT", "Neoplasm, Primary"),
)
_LIVER = Code("10200004", "SCT", "Liver")
_VESSELS: tuple[tuple[Code, Vessel], ...] = (
    (Code("32764006", "SCT", "Portal vein"), Vessel.PORTAL_VEIN),
    (Code("8993003", "SCT", "Hepatic vein"), Vessel.HEPATIC_VEIN),
    (Code("64131007", "SCT", "Inferior vena cava"), Vessel.INFERIOR_VENA_CAVA),
)


def regions_of(
    segments: Iterable[SegmentIdentity], roles: Mapping[str, str] | None = None
) -> dict[int, Region]:
    """Regions without masks by segment number; segments that are to be left out are absent.

    Parameters
    ----------
    segments : iterable of SegmentIdentity
        Everything that the object holds.
    roles : mapping of label or number to role, optional
        ``ROLE``, ``ROLE:VESSEL``, ``ROLE:VESSEL:LEVEL`` or ``skip``; outranks what the object says.

    Raises
    ------
    RegionError
        ``UNKNOWN_ROLE`` naming every segment whose role nobody said; ``UNKNOWN_LABEL`` if ``roles``
        names a segment that is not there.
    """
    segments, roles = list(segments), dict(roles or {})
    _check_named(segments, roles)
    regions: dict[int, Region] = {}
    open_ones = []
    for segment in segments:
        said = roles.get(segment.label, roles.get(str(segment.number)))
        if said == SKIP:
            continue
        region = _told(segment, said) if said else _of_itself(segment)
        if region is None:
            open_ones.append(segment)
        else:
            taken = {r.id for r in regions.values()}
            unique = region.id if region.id not in taken else f"{region.id}-{segment.number}"
            regions[segment.number] = replace(region, id=unique)
    if open_ones:
        raise _unknown(open_ones)
    return regions


def described_in_words(region: Region, *, verified: bool = True, signed: bool = False) -> str:
    """Role, vessel, level and standing as our own segmentations carry them beside the codes."""
    parts = [f"role: {region.role.value}"]
    parts += [f"vessel: {region.vessel.value}"] if region.vessel else []
    parts += [f"level: {region.level.value}"] if region.level else []
    parts += [] if verified else [_UNVERIFIED]
    parts += [_SIGNED] if signed else []
    return "; ".join(parts)


def _of_itself(segment: SegmentIdentity) -> Region | None:
    called = segment.label.strip().lower().replace(" ", "_")
    by_label = Region(id=segment.label, role=RegionRole(called)) if called in set(RegionRole) else None
    return _described(segment) or _coded(segment) or by_label


def _described(segment: SegmentIdentity) -> Region | None:
    pairs = (part.partition(":") for part in segment.description.split(";"))
    words = {name.strip(): value.strip() for name, _, value in pairs}
    if "role" not in words:
        return None
    return _told(segment, ":".join(v for k in ("role", "vessel", "level") if (v := words.get(k))))


def _coded(segment: SegmentIdentity) -> Region | None:
    """What a code means, if it means exactly one of our roles."""
    kind, place = segment.kind, segment.place
    if kind is None:
        return None
    for code, role in _KINDS:
        if kind == code:
            vessel = next((v for c, v in _VESSELS if place is not None and c == place), None)
            defect = role is RegionRole.FILLING_DEFECT
            return Region(id=segment.label, role=role, vessel=vessel if defect else None)
    if any(kind == code for code in _PRIMARY) and place is not None and place == _LIVER:
        return Region(id=segment.label, role=RegionRole.PRIMARY_TUMOR)
    return None


def _told(segment: SegmentIdentity, said: str) -> Region:
    role, *more = (word.strip() for word in said.split(":"))
    vessel = level = None
    try:
        for word in more:
            if word in set(Vessel):
                vessel = Vessel(word)
            else:
                level = VesselLevel(word)
        return Region(id=segment.label, role=RegionRole(role), vessel=vessel, level=level)
    except ValueError:
        raise RegionError(
            "UNKNOWN_ROLE",
            f"segment {segment.number} is called {said!r}",
            expected=f"a role ({', '.join(RegionRole)}), then a vessel ({', '.join(Vessel)}) and a level "
            f"({', '.join(VesselLevel)}) after colons, or {SKIP}",
        ) from None


def _check_named(segments: Iterable[SegmentIdentity], roles: Mapping[str, str]) -> None:
    known = {name for segment in segments for name in (segment.label, str(segment.number))}
    unknown = sorted(set(roles) - known)
    if unknown:
        raise RegionError(
            "UNKNOWN_LABEL",
            f"a role is given for {unknown[0]!r}, which the object does not hold",
            expected=f"one of {', '.join(s.label for s in segments)}",
        )


def _unknown(segments: list[SegmentIdentity]) -> RegionError:
    names = [f"{s.number} {s.label!r}{f' ({s.kind.meaning})' if s.kind else ''}" for s in segments]
    return RegionError(
        "UNKNOWN_ROLE",
        f"no role is known for segment {', '.join(names)}",
        expected=f"one of {', '.join(RegionRole)}, or {SKIP}",
        advice="Say what each one is: veinvasion import FILE --role LABEL=ROLE.",
        details={"segments": [{"number": s.number, "label": s.label} for s in segments]},
    )
