"""Whether the record and the images of a case name one patient."""

from __future__ import annotations

from imaging.dicom.headers import identifier_hash
from imaging.volume import Study

OTHER_PATIENT = (
    "the record and the images carry different patient identifiers: confirm that they are of one patient"
)


def identity_caution(patient_id: str | None, study: Study) -> str | None:
    """What must be said where record and images name different patients; None where one of them names none.

    A study number beside a hospital's number is no error, so that this decides nothing.
    """
    imaged = {a.header.patient_id_hash for a in study} - {None}
    if not patient_id or not imaged or identifier_hash(patient_id.encode()) in imaged:
        return None
    return OTHER_PATIENT
