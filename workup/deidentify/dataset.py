"""One data set, de-identified: a new data set, the old one untouched."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydicom import Dataset
from pydicom.dataelem import DataElement
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag
from pydicom.uid import ExplicitVRLittleEndian

from workup.deidentify.burned_in import storage_class
from workup.deidentify.pixels import clean_pixels
from workup.deidentify.profile import (
    METHOD_CODES,
    PUBLIC_SCHEMES,
    SAFE_PRIVATE,
    SAFE_PRIVATE_VR,
    Action,
    action_for,
)
from workup.deidentify.pseudonyms import ProjectKey
from workup.deidentify.vocabulary import ALLOWED, cleaned
from workup.errors import DeidentifyError

#: What is written into DeidentificationMethod. At most 64 characters a value (LO).
METHOD = ("veinvasion: PS3.15 Basic + modified dates,", "clean descriptors, safe private")

_TIME = re.compile(r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?$|[+-]\d{4}$")
_DATE_TIME = re.compile(r"(\d{8})(\d{0,6}(?:\.\d{1,6})?)([+-]\d{4})?$")
_TERM = re.compile(
    r"\d{4,18}|[A-Z]{1,2}\d?-[0-9A-F]{4,6}|[A-Z]{1,3}\d{2,7}|RID\d{1,6}|mm[23]?|\[hnsf'U\]|%|1"
)  # SCT and DCM, SRT, ICD and NCIt, RadLex; UCUM's units of our own numbers

_CODE_TAGS = frozenset({0x00080100, 0x00080102, 0x00080103, 0x00080104})

#: Deeper nesting than any real object has.
_MAX_DEPTH = 32


@dataclass(frozen=True)
class Identity:
    """Who a data set is about, under the old name, and what stands for it."""

    pseudonym: str
    shift_days: int


def names_anybody(dataset: Dataset) -> bool:
    """Whether there is an old identity that a pseudonym could stand for."""
    return any(
        str(dataset.get(name, "") or "").strip() for name in ("PatientID", "PatientName", "StudyInstanceUID")
    )


def old_identity(dataset: Dataset) -> dict[str, str]:
    """What a data set says of whom it is about: the attributes that a pseudonym stands for."""
    issuer, patient_id, name, study = (
        str(dataset.get(attribute, "") or "").strip()
        for attribute in ("IssuerOfPatientID", "PatientID", "PatientName", "StudyInstanceUID")
    )
    if patient_id:
        return {"IssuerOfPatientID": issuer, "PatientID": patient_id}
    return {"PatientName": name} if name else {"StudyInstanceUID": study}


def identity_of(dataset: Dataset, key: ProjectKey) -> Identity:
    """The patient's pseudonym and shift of dates.

    The old identity is PatientID with its issuer, else PatientName, else the study alone.

    Raises
    ------
    DeidentifyError
        ``NO_IDENTITY`` if the data set names neither a patient nor a study.
    """
    if not names_anybody(dataset):
        raise DeidentifyError("NO_IDENTITY", "a file names neither a patient nor a study")
    about = old_identity(dataset)
    kind = {"PatientID": "id", "PatientName": "name", "StudyInstanceUID": "study"}[list(about)[-1]]
    old = "\0".join((kind, *about.values()))
    return Identity(key.patient(old), key.shift_days(old))


def deidentified(dataset: FileDataset, key: ProjectKey) -> Dataset:
    """The data set as it may leave, with a new file meta and an empty preamble.

    Raises
    ------
    DeidentifyError
        ``NO_IDENTITY``, ``TOO_DEEP``, and those of ``clean_pixels``.
    """
    identity = identity_of(dataset, key)
    new = _Walk(key, identity).copy(dataset, 0)
    new.SOPClassUID = storage_class(dataset)
    new.PatientName = identity.pseudonym
    new.PatientID = identity.pseudonym
    new.PatientIdentityRemoved = "YES"
    new.DeidentificationMethod = list(METHOD)
    new.DeidentificationMethodCodeSequence = Sequence([_code(*code) for code in METHOD_CODES])
    new.LongitudinalTemporalInformationModified = "MODIFIED"
    new.SpecificCharacterSet = "ISO_IR 192"
    new.file_meta = _file_meta(dataset, new)
    new.preamble = b"\0" * 128
    clean_pixels(new)
    return new


def _file_meta(old: FileDataset, new: Dataset) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = new.get("SOPClassUID", "")
    meta.MediaStorageSOPInstanceUID = new.get("SOPInstanceUID", "")
    meta.TransferSyntaxUID = old.file_meta.get("TransferSyntaxUID", ExplicitVRLittleEndian)
    return meta


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
    return item


class _Walk:
    """Goes through a data set and its sequences for one patient."""

    def __init__(self, key: ProjectKey, identity: Identity) -> None:
        self._key = key
        self._identity = identity
        self._acts: dict[Action, Callable[[DataElement], Any]] = {
            Action.KEEP: lambda e: e.value,
            Action.EMPTY: _empty,
            Action.PATIENT: lambda _: identity.pseudonym,
            Action.UID: lambda e: _each(e.value, lambda v: key.uid(str(v))),
            Action.DATE: lambda e: _each(e.value, lambda v: moved(str(v), identity.shift_days)),
            Action.CLEAN: lambda e: _each(e.value, lambda v: cleaned(str(v))),
            Action.CODE: lambda e: _each(e.value, lambda v: self._coded(str(v), e.VR)),
            Action.TERM: lambda e: _each(e.value, lambda v: str(v) if is_term(str(v)) else None),
            Action.NUMBER: _numbers,
            Action.TIME: lambda e: _each(e.value, lambda v: str(v) if _TIME.match(str(v)) else None),
        }

    def copy(self, dataset: Dataset, depth: int) -> Dataset:
        if depth > _MAX_DEPTH:
            raise DeidentifyError("TOO_DEEP", f"sequences nested deeper than {_MAX_DEPTH}")
        new = Dataset()
        foreign_code = (
            "CodeValue" in dataset and str(dataset.get("CodingSchemeDesignator")) not in PUBLIC_SCHEMES
        )
        for tag in sorted(dataset.keys()):
            if tag.is_private or (foreign_code and tag in _CODE_TAGS):
                continue
            element = _readable(dataset, tag)
            kept = None if element is None else self._element(element, depth)
            if kept is not None:
                new.add(kept)
        self._copy_safe_private(dataset, new)
        return new

    def _element(self, element: DataElement, depth: int) -> DataElement | None:
        action = action_for(int(element.tag), element.VR)
        if action is Action.REMOVE:
            return None
        if action is Action.DESCEND:
            if element.VR != "SQ":
                return None
            items = [self.copy(item, depth + 1) for item in element.value]
            return DataElement(element.tag, "SQ", Sequence(items))
        value = self._acts[action](element)
        if value is None:
            return None
        new = DataElement(element.tag, element.VR, value)
        new.is_undefined_length = element.is_undefined_length
        return new

    def _coded(self, text: str, vr: str) -> str:
        words = cleaned(text, instead=self._key.code)
        return words.upper()[:16] if vr == "CS" else words

    def _copy_safe_private(self, old: Dataset, new: Dataset) -> None:
        for creator, offsets in SAFE_PRIVATE.items():
            for tag in sorted(old.keys()):
                if not tag.is_private or tag.is_private_creator or tag.element & 0xFF not in offsets:
                    continue
                element = _readable(old, tag)
                if element is None or old.get(_creator_tag(tag)) is None:
                    continue
                named = str(old[_creator_tag(tag)].value) == creator
                if named and element.VR in SAFE_PRIVATE_VR and _numbers(element) is not None:
                    block = new.private_block(tag.group, creator, create=True)
                    block.add_new(tag.element & 0xFF, element.VR, element.value)


def _creator_tag(tag: BaseTag) -> BaseTag:
    return BaseTag((tag.group << 16) | (tag.element >> 8))


def _readable(dataset: Dataset, tag: BaseTag) -> DataElement | None:
    """The element, or None if its bytes make no value: then nothing of it leaves."""
    try:
        return dataset[tag]
    except Exception:  # pydicom's converters raise whatever the bytes provoke
        return None


def _empty(element: DataElement) -> Any:
    return Sequence([]) if element.VR == "SQ" else ""


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    """Change a value or each of several; None if nothing is left."""
    if value is None or value == "":
        return ""
    if isinstance(value, str | bytes) or not hasattr(value, "__iter__"):
        return change(value)
    changed = [change(item) for item in value]
    return None if all(item is None for item in changed) else ["" if c is None else c for c in changed]


def _numbers(element: DataElement) -> Any:
    """The value if it is nothing but numbers."""
    value = element.value
    if value is None or element.VR == "AT":
        return value if value is None else element.value
    items = value if hasattr(value, "__iter__") and not isinstance(value, str | bytes) else [value]
    return value if all(isinstance(item, int | float) or _is_number(item) for item in items) else None


def _is_number(item: Any) -> bool:
    try:
        float(item)
    except (TypeError, ValueError):
        return False
    return len(str(item)) <= 16


def is_term(text: str) -> bool:
    """Whether a text is the code of a known form, or the name of a coding scheme."""
    return text.lower() in ALLOWED or _TERM.fullmatch(text) is not None


def moved(date: str, days: int) -> str | None:
    """A DA or DT value moved back by some days, its time untouched; None if it is no date.

    Examples
    --------
    >>> moved("20240301", 1), moved("20240301101500.5+0900", 366), moved("someday", 1)
    ('20240229', '20230301101500.5+0900', None)
    """
    match = _DATE_TIME.match(date.strip())
    if match is None:
        return None
    try:
        new = datetime.strptime(match[1], "%Y%m%d") - timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    return f"{new.year:04d}{new.month:02d}{new.day:02d}{match[2]}{match[3] or ''}"
