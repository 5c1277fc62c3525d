"""A PACS as the transfer sees it, whichever protocol it speaks, and where to find it.

``https://host/dicom-web`` is DICOMweb; ``dimse://CALLED@host:port`` is DIMSE, ``dimses://`` DIMSE over TLS.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from pydicom.dataset import Dataset

from workup.errors import ExchangeError

#: Called with (done, in all).
Progress = Callable[[int, int], None]

#: What to do after a break: transfers are resumable.
RUN_AGAIN = "Run the same command again: it goes on where it stopped."
#: The same, where the server was not found at all.
SEE_ADDRESS = f"See that host and port are right. {RUN_AGAIN}"

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
#: Elements that only say how pixels are packed: transcoding changes them and no pixel.
_PACKING = frozenset({"PixelData", "LossyImageCompression"})


@dataclass(frozen=True, slots=True)
class Instance:
    """One object on a server."""

    study_uid: str
    series_uid: str
    sop_uid: str


@dataclass(frozen=True, slots=True)
class FoundStudy:
    """One study that a query matched. Names and ids stay on the server."""

    study_uid: str
    study_date: str
    description: str
    modalities: tuple[str, ...]


_DATE_RANGE = re.compile(r"\d{8}|\d{8}-|-\d{8}|\d{8}-\d{8}")


def check_dates(filters: Mapping[str, str]) -> None:
    """Refuse a date that a server would match with nothing, as if there were no such study.

    Raises
    ------
    ExchangeError
        ``BAD_QUERY``.
    """
    for keyword, value in filters.items():
        if keyword.endswith("Date") and not _DATE_RANGE.fullmatch(value):
            raise ExchangeError(
                "BAD_QUERY",
                f"{keyword} {value!r} is no date as DICOM writes it",
                expected="20250601, 20250601-20250630, 20250601- or -20250630",
            )


class Pacs(Protocol):
    """What push and pull need of a server; every method raises ``ExchangeError``."""

    def find(self, filters: Mapping[str, str]) -> list[FoundStudy]:
        """Studies that match (DICOM keywords, wildcards as DICOM has them)."""
        ...

    def instances(self, study_uid: str) -> list[Instance]:
        """Every object of a study."""
        ...

    def fetch(self, instance: Instance) -> Dataset:
        """One object with its file meta information."""
        ...

    def send(self, dataset: Dataset) -> None:
        """Store one object; returns only when the server has acknowledged it."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is and how to prove who asks.

    Attributes
    ----------
    called, calling : str
        Application entity titles (DIMSE).
    user, secret : str or None
        For DICOMweb: Basic authentication; a secret without a user is a bearer token. The secret is never
        shown.
    certificates : str or None
        File of the authorities to trust instead of the system's.
    client_certificate : str or None
        PEM file with certificate and key, for servers that ask for one.
    """

    scheme: str
    host: str
    port: int | None
    url: str
    called: str = ""
    calling: str = "VEINVASION"
    user: str | None = None
    secret: str | None = field(default=None, repr=False)
    certificates: str | None = None
    client_certificate: str | None = None

    @property
    def encrypted(self) -> bool:
        """Whether the connection uses TLS."""
        return self.scheme in ("https", "dimses")


def parse_address(
    text: str,
    *,
    calling: str = "VEINVASION",
    user: str | None = None,
    secret: str | None = None,
    certificates: str | None = None,
    client_certificate: str | None = None,
    allow_plain: bool = False,
) -> Address:
    """The address that a user wrote.

    Raises
    ------
    ExchangeError
        ``BAD_ADDRESS``; ``PLAIN_SECRET`` if a secret would travel unencrypted to another machine.
    """
    parts = urlsplit(text)
    dimse = parts.scheme in ("dimse", "dimses")
    try:
        port, whole = parts.port, True
    except ValueError:
        port, whole = None, False
    bad = not whole or parts.scheme not in ("http", "https", "dimse", "dimses") or not parts.hostname
    if bad or parts.password or (dimse and (port is None or not parts.username)):
        raise ExchangeError(
            "BAD_ADDRESS",
            "the address of the server cannot be used",
            expected="https://host/dicom-web, dimse://CALLED@host:port or dimses://CALLED@host:port, without "
            "a password in it",
        )
    host = str(parts.hostname)
    if secret and not dimse and parts.scheme == "http" and host not in _LOOPBACK and not allow_plain:
        raise ExchangeError(
            "PLAIN_SECRET",
            "the password would travel unencrypted",
            expected="https",
            advice="--allow-plain sends it all the same, for networks that are protected otherwise.",
        )
    return Address(
        scheme=parts.scheme,
        host=host,
        port=port,
        url=text.rstrip("/"),
        called=parts.username or "" if dimse else "",
        calling=calling,
        user=user or (None if dimse else parts.username),
        secret=secret,
        certificates=certificates,
        client_certificate=client_certificate,
    )


def connect(address: Address) -> Pacs:
    """A connection to the server.

    Raises
    ------
    ExchangeError
        ``EXTRA_MISSING`` naming the extra; what the protocol's connection raises.
    """
    try:
        if address.scheme in ("http", "https"):
            from workup.exchange.dicomweb import DicomwebPacs

            return DicomwebPacs(address)
        from workup.exchange.dimse import DimsePacs

        return DimsePacs(address)
    except ImportError as error:
        raise ExchangeError(
            "EXTRA_MISSING",
            "pull and push need pynetdicom and dicomweb-client",
            expected="the extra `pacs`",
            advice="pip install 'veinvasion[pacs]'",
        ) from error


def content_hash(dataset: Dataset) -> str:
    """SHA-256 of what an object says, whatever its transfer syntax: every element, and the decoded pixels."""
    digest = hashlib.sha256()
    plain = Dataset()
    plain.update({e.tag: e for e in dataset if e.keyword not in _PACKING and e.tag.element != 0})
    content = plain.to_json_dict(bulk_data_threshold=1 << 60)
    digest.update(json.dumps(content, sort_keys=True, ensure_ascii=False).encode())
    if "PixelData" in dataset:
        digest.update(_pixels(dataset))
    return digest.hexdigest()


def _pixels(dataset: Dataset) -> bytes:
    """Decoded pixels; the stored bytes where there is no decoder or nothing was compressed."""
    try:
        return bytes(dataset.pixel_array.tobytes())
    except (AttributeError, NotImplementedError, RuntimeError, ValueError, KeyError):
        return bytes(dataset.PixelData)


def instance_of(dataset: Dataset) -> Instance:
    """Which object a data set is.

    Raises
    ------
    ExchangeError
        ``NOT_AN_OBJECT`` if it lacks one of its three UIDs.
    """
    uids = [str(dataset.get(k, "")) for k in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")]
    if not all(uids):
        raise ExchangeError("NOT_AN_OBJECT", "an object lacks its study, series or instance UID")
    return Instance(*uids)


def without_repeats(instances: Sequence[Instance]) -> list[Instance]:
    """Each object once, in order."""
    return list(dict.fromkeys(instances))
