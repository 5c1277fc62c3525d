"""A PACS over DICOMweb: QIDO-RS to look, WADO-RS to fetch, STOW-RS to store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests
from dicomweb_client.api import DICOMwebClient
from pydicom.dataset import Dataset

from workup.errors import ExchangeError
from workup.exchange.pacs import RUN_AGAIN, SEE_ADDRESS, Address, FoundStudy, Instance, without_repeats

#: To connect, and between two packets. [s]
TIMEOUT_S = (10.0, 60.0)
_PAGE = 500
_DENIED = frozenset({401, 403})


class DicomwebPacs:
    """One server; requests go one at a time, so that each acknowledgement belongs to one object."""

    def __init__(self, address: Address) -> None:
        session = requests.Session()
        session.trust_env = False  # neither proxies nor .netrc of whoever runs this
        if address.secret and address.user:
            session.auth = (address.user, address.secret)
        elif address.secret:
            session.headers["Authorization"] = f"Bearer {address.secret}"
        session.verify = address.certificates or True
        session.cert = address.client_certificate
        url = address.url.replace(f"{address.user}@", "", 1) if address.user else address.url
        self._session = session
        self._client = DICOMwebClient(url, session=session, timeout=TIMEOUT_S)
        self._client.set_http_retry_params(retry=False)

    def find(self, filters: Mapping[str, str]) -> list[FoundStudy]:
        """Studies by QIDO-RS, page by page."""
        fields = ["StudyDescription", "ModalitiesInStudy", "StudyDate"]
        return [
            FoundStudy(
                _text(s, "0020000D"), _text(s, "00080020"), _text(s, "00081030"), _texts(s, "00080061")
            )
            for s in _pages(
                lambda offset: self._client.search_for_studies(
                    search_filters=dict(filters), fields=fields, limit=_PAGE, offset=offset
                ),
                "0020000D",
            )
        ]

    def instances(self, study_uid: str) -> list[Instance]:
        """Objects of a study by QIDO-RS, page by page."""
        found = _pages(
            lambda offset: self._client.search_for_instances(study_uid, limit=_PAGE, offset=offset),
            "00080018",
        )
        return without_repeats(
            [Instance(study_uid, _text(i, "0020000E"), _text(i, "00080018")) for i in found]
        )

    def fetch(self, instance: Instance) -> Dataset:
        """One object by WADO-RS, in the transfer syntax it is stored in."""
        with _typed():
            return self._client.retrieve_instance(
                instance.study_uid,
                instance.series_uid,
                instance.sop_uid,
                media_types=(("application/dicom", "*"),),
            )

    def send(self, dataset: Dataset) -> None:
        """One object by STOW-RS.

        Raises
        ------
        ExchangeError
            ``NOT_STORED`` with the failure reason if the server does not list it as stored.
        """
        with _typed():
            answer = self._client.store_instances([dataset], str(dataset.StudyInstanceUID))
        stored = [str(i.ReferencedSOPInstanceUID) for i in answer.get("ReferencedSOPSequence") or ()]
        if str(dataset.SOPInstanceUID) not in stored:
            failed = answer.get("FailedSOPSequence") or ()
            reason = f" (reason {int(failed[0].FailureReason):#06x})" if failed else ""
            raise ExchangeError("NOT_STORED", f"the server did not store an object{reason}")

    def close(self) -> None:
        """Close the connections that are kept."""
        self._session.close()


def _pages(ask: Callable[[int], list[dict[str, Any]]], uid: str) -> list[dict[str, Any]]:
    """Every match, until a page holds no new one.

    Some servers pass over an offset: Orthanc 1.10 does where it computes what is matched and no limit is
    given, so that asking until a page is empty never ends.
    """
    found: dict[str, dict[str, Any]] = {}
    while True:
        with _typed():
            page = ask(len(found))
        new = {_text(each, uid): each for each in page if _text(each, uid) not in found}
        if not new:
            return list(found.values())
        found |= new


@contextmanager
def _typed() -> Iterator[None]:
    """What goes wrong on the way, as errors that say what to do."""
    try:
        yield
    except requests.exceptions.SSLError as error:
        raise ExchangeError(
            "TLS_REFUSED",
            f"the encrypted connection was refused ({type(error.args[0]).__name__ if error.args else 'TLS'})",
            expected="a certificate of an authority that is trusted",
            advice="--certificates names the authority's file; a server without TLS is reached by http.",
        ) from error
    except requests.exceptions.HTTPError as error:
        raise _refusal(error) from error
    except requests.exceptions.Timeout as error:
        raise ExchangeError("TIMEOUT", "the server did not answer in time", advice=RUN_AGAIN) from error
    except requests.exceptions.RequestException as error:
        raise ExchangeError(
            "UNREACHABLE",
            f"the server cannot be reached or broke off ({type(error).__name__})",
            advice=SEE_ADDRESS,
        ) from error
    except (ValueError, AttributeError, KeyError, TypeError, OSError) as error:
        raise ExchangeError(
            "BAD_ANSWER",
            f"the server's answer cannot be understood ({type(error).__name__})",
            advice=RUN_AGAIN,
        ) from error


def _refusal(error: requests.exceptions.HTTPError) -> ExchangeError:
    status = error.response.status_code if error.response is not None else 0
    if status in _DENIED:
        return ExchangeError(
            "NOT_AUTHORIZED",
            f"the server refused who asks (HTTP {status})",
            expected="a user and password that it knows",
            advice="Set VEINVASION_PACS_SECRET and --user.",
        )
    if status == 404:
        return ExchangeError("NOT_FOUND", "the server does not hold it (HTTP 404)", expected="a known UID")
    return ExchangeError("SERVER_REFUSED", f"the server answered HTTP {status}", advice=RUN_AGAIN)


def _texts(item: Mapping[str, Any], tag: str) -> tuple[str, ...]:
    return tuple(str(v) for v in item.get(tag, {}).get("Value", ()) if not isinstance(v, dict))


def _text(item: Mapping[str, Any], tag: str) -> str:
    return next(iter(_texts(item, tag)), "")
