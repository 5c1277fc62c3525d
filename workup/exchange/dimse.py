"""A PACS over DIMSE, as a client: C-FIND to look, C-GET to fetch, C-STORE to store, C-MOVE to have it sent.

Nothing listens: objects of a C-GET come over the association that asked for them.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)
from pynetdicom import AE, Association, build_role, evt
from pynetdicom.sop_class import (
    Comprehensive3DSRStorage,
    ComprehensiveSRStorage,
    CTImageStorage,
    EncapsulatedPDFStorage,
    EnhancedCTImageStorage,
    EnhancedMRImageStorage,
    EnhancedSRStorage,
    MRImageStorage,
    RTStructureSetStorage,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)

from workup.errors import ExchangeError
from workup.exchange.pacs import RUN_AGAIN, SEE_ADDRESS, Address, FoundStudy, Instance, without_repeats

#: To connect, for the association, and between two messages. [s]
TIMEOUT_S = 30.0
#: What a liver study and its results consist of.
_FETCHED = (
    CTImageStorage,
    MRImageStorage,
    EnhancedCTImageStorage,
    EnhancedMRImageStorage,
    SegmentationStorage,
    "1.2.840.10008.5.1.4.1.1.66.7",
    EnhancedSRStorage,
    ComprehensiveSRStorage,
    Comprehensive3DSRStorage,
    RTStructureSetStorage,
    EncapsulatedPDFStorage,
    SecondaryCaptureImageStorage,
)
_SYNTAXES = (
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    JPEGLosslessSV1,
    RLELossless,
    ImplicitVRLittleEndian,
)
_PENDING = (0xFF00, 0xFF01)


class DimsePacs:
    """One server; an association is opened for each kind of work and kept while it lasts."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._tls = _tls_context(address)
        self._query: Association | None = None
        self._get: Association | None = None
        self._store: tuple[tuple[str, str], Association] | None = None
        self._received: list[Dataset] = []

    def find(self, filters: Mapping[str, str]) -> list[FoundStudy]:
        """Studies by C-FIND."""
        wanted = {"StudyInstanceUID": "", "StudyDate": "", "StudyDescription": "", "ModalitiesInStudy": ""}
        return [
            FoundStudy(
                str(s.get("StudyInstanceUID", "")),
                str(s.get("StudyDate", "")),
                str(s.get("StudyDescription", "")),
                _several(s.get("ModalitiesInStudy")),
            )
            for s in self._find("STUDY", {**wanted, **filters})
        ]

    def instances(self, study_uid: str) -> list[Instance]:
        """Objects of a study by C-FIND, series by series."""
        series = self._find("SERIES", {"StudyInstanceUID": study_uid, "SeriesInstanceUID": ""})
        found = []
        for each in series:
            keys = {"StudyInstanceUID": study_uid, "SeriesInstanceUID": str(each.SeriesInstanceUID)}
            images = self._find("IMAGE", {**keys, "SOPInstanceUID": ""})
            found += [Instance(study_uid, keys["SeriesInstanceUID"], str(i.SOPInstanceUID)) for i in images]
        return without_repeats(found)

    def fetch(self, instance: Instance) -> Dataset:
        """One object by C-GET."""
        if self._get is None or not self._get.is_established:
            self._get = self._associate(
                [(StudyRootQueryRetrieveInformationModelGet, _SYNTAXES[:1])]
                + [(kind, _SYNTAXES) for kind in _FETCHED],
                receiving=True,
            )
        self._received.clear()
        request = _request(
            "IMAGE",
            {
                "StudyInstanceUID": instance.study_uid,
                "SeriesInstanceUID": instance.series_uid,
                "SOPInstanceUID": instance.sop_uid,
            },
        )
        for status, _ in self._get.send_c_get(request, StudyRootQueryRetrieveInformationModelGet):
            _check(status, "C-GET")
        if len(self._received) != 1:
            raise ExchangeError(
                "NOT_FOUND", f"the server sent {len(self._received)} objects", expected="the one asked for"
            )
        return self._received[0]

    def send(self, dataset: Dataset) -> None:
        """One object by C-STORE in its own transfer syntax."""
        kind = (str(dataset.SOPClassUID), str(dataset.file_meta.TransferSyntaxUID))
        if self._store is None or self._store[0] != kind or not self._store[1].is_established:
            if self._store is not None and self._store[1].is_established:
                self._store[1].release()
            self._store = (kind, self._associate([(kind[0], kind[1:])]))
        try:
            status = self._store[1].send_c_store(dataset)
        except (ValueError, RuntimeError) as error:
            raise ExchangeError(
                "NOT_ACCEPTED",
                "the server does not take this kind of object, or the association was lost",
                advice=RUN_AGAIN,
                details={"sop_class": kind[0], "transfer_syntax": kind[1]},
            ) from error
        _check(status, "C-STORE")

    def move(self, study_uid: str, destination: str) -> int:
        """Have the server send a study to another application entity by C-MOVE; how many objects went.

        Raises
        ------
        ExchangeError
            ``SERVER_REFUSED`` if it does not know the destination, or not every object arrived there.
        """
        association = self._associate([(StudyRootQueryRetrieveInformationModelMove, _SYNTAXES[:1])])
        request = _request("STUDY", {"StudyInstanceUID": study_uid})
        done = 0
        for status, _ in association.send_c_move(
            request, destination, StudyRootQueryRetrieveInformationModelMove
        ):
            _check(status, "C-MOVE")
            done = int(status.get("NumberOfCompletedSuboperations", done) or done)
        association.release()
        return done

    def close(self) -> None:
        """Release every association."""
        for each in (self._query, self._get, self._store[1] if self._store else None):
            if each is not None and each.is_established:
                each.release()

    def _find(self, level: str, keys: Mapping[str, str]) -> list[Dataset]:
        """Every answer: a second query must not begin on the association before the first has ended."""
        if self._query is None or not self._query.is_established:
            self._query = self._associate([(StudyRootQueryRetrieveInformationModelFind, _SYNTAXES[:1])])
        answers = self._query.send_c_find(_request(level, keys), StudyRootQueryRetrieveInformationModelFind)
        found = []
        for status, answer in answers:
            _check(status, "C-FIND")
            if answer is not None:
                found.append(answer)
        return found

    def _associate(
        self, contexts: list[tuple[str, tuple[str, ...]]], *, receiving: bool = False
    ) -> Association:
        application = AE(ae_title=self._address.calling)
        application.acse_timeout = application.dimse_timeout = application.network_timeout = TIMEOUT_S
        application.connection_timeout = TIMEOUT_S
        for kind, syntaxes in contexts:
            application.add_requested_context(kind, list(syntaxes))
        roles = [build_role(k, scp_role=True) for k, _ in contexts[1:]] if receiving else None
        address = self._address
        _reach(address, self._tls)
        association = application.associate(
            address.host,
            address.port,
            ae_title=address.called,
            ext_neg=roles,
            evt_handlers=[(evt.EVT_C_STORE, self._receive)] if receiving else [],
            tls_args=(self._tls, address.host) if self._tls else None,
        )
        if association.is_established:
            return association
        raise _not_established(association)

    def _receive(self, event: evt.Event) -> int:
        dataset = event.dataset
        dataset.file_meta = FileMetaDataset(event.file_meta)
        dataset.decode()
        self._received.append(dataset)
        return 0x0000


def _tls_context(address: Address) -> ssl.SSLContext | None:
    if not address.encrypted:
        return None
    context = ssl.create_default_context(cafile=address.certificates)
    if address.client_certificate:
        context.load_cert_chain(address.client_certificate)
    return context


def _reach(address: Address, context: ssl.SSLContext | None) -> None:
    """Connect once, so that a refused connection is not mistaken for a refused association."""
    try:
        with socket.create_connection((address.host, address.port), TIMEOUT_S) as plain:
            if context is not None:
                context.wrap_socket(plain, server_hostname=address.host).close()
    except ssl.SSLError as error:
        raise ExchangeError(
            "TLS_REFUSED",
            f"the encrypted connection was refused ({error.reason or 'TLS'})",
            expected="a server with TLS and a certificate of an authority that is trusted",
            advice="--certificates names the authority's file; a server without TLS is reached by dimse://.",
        ) from error
    except OSError as error:
        code = "TLS_REFUSED" if context is not None and isinstance(error, ConnectionError) else "UNREACHABLE"
        raise ExchangeError(
            code if not isinstance(error, ConnectionRefusedError) else "UNREACHABLE",
            f"the server cannot be reached ({type(error).__name__})",
            advice=SEE_ADDRESS,
        ) from error


def _not_established(association: Association) -> ExchangeError:
    if association.is_rejected:
        answer = association.acceptor.primitive
        reason = getattr(answer, "reason_str", "") if answer is not None else ""
        return ExchangeError(
            "ASSOCIATION_REJECTED",
            f"the server rejected the association ({reason or 'no reason given'})",
            expected="application entity titles that it knows",
            advice="Check the called title in the address and --calling.",
        )
    if association.is_aborted or not association.accepted_contexts:
        return ExchangeError(
            "NOT_ACCEPTED",
            "the server ended the association or takes none of the objects",
            expected="a server that takes this kind of object",
            advice=RUN_AGAIN,
        )
    return ExchangeError("UNREACHABLE", "the association could not be opened", advice=RUN_AGAIN)


def _request(level: str, keys: Mapping[str, str]) -> Dataset:
    request = Dataset()
    request.SpecificCharacterSet = "ISO_IR 192"
    request.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        setattr(request, keyword, value)
    return request


def _check(status: Dataset | None, service: str) -> None:
    """Refuse every answer that is neither success nor "more to come"."""
    if status is None or "Status" not in status:
        raise ExchangeError("UNREACHABLE", f"the association was lost during {service}", advice=RUN_AGAIN)
    if status.Status not in (0x0000, *_PENDING):
        raise ExchangeError(
            "SERVER_REFUSED",
            f"{service} was answered {status.Status:#06x}",
            expected="0x0000",
            details={"status": int(status.Status)},
        )


def _several(value: Any) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    return (value,) if isinstance(value, str) else tuple(str(v) for v in value)
