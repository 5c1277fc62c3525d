"""Images that may show a name in their pixels, and objects that are no images at all.

Pixels are never painted over here: what may show text is held back, or leaves with a warning if the user
looked and says so.
"""

from __future__ import annotations

from pydicom import Dataset

#: Storage classes that leave: images of CT, MR, PET, NM, CR, DX, XA, US; segmentations.
_IMAGE_CLASSES = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.1",  # CR
        "1.2.840.10008.5.1.4.1.1.1.1",  # DX for presentation
        "1.2.840.10008.5.1.4.1.1.1.1.1",  # DX for processing
        "1.2.840.10008.5.1.4.1.1.2",  # CT
        "1.2.840.10008.5.1.4.1.1.2.1",  # enhanced CT
        "1.2.840.10008.5.1.4.1.1.2.2",  # legacy converted enhanced CT
        "1.2.840.10008.5.1.4.1.1.3.1",  # US multi-frame
        "1.2.840.10008.5.1.4.1.1.4",  # MR
        "1.2.840.10008.5.1.4.1.1.4.1",  # enhanced MR
        "1.2.840.10008.5.1.4.1.1.4.4",  # legacy converted enhanced MR
        "1.2.840.10008.5.1.4.1.1.6.1",  # US
        "1.2.840.10008.5.1.4.1.1.7",  # secondary capture: always said to show text
        "1.2.840.10008.5.1.4.1.1.12.1",  # XA
        "1.2.840.10008.5.1.4.1.1.20",  # NM
        "1.2.840.10008.5.1.4.1.1.66.4",  # segmentation
        "1.2.840.10008.5.1.4.1.1.66.7",  # label map segmentation
        "1.2.840.10008.5.1.4.1.1.128",  # PET
        "1.2.840.10008.5.1.4.1.1.130",  # enhanced PET
    }
)
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_OFTEN_WITH_TEXT = frozenset({"US", "XA", "ES", "OT", "SC"})
_SCREEN_WORDS = frozenset({"SCREEN SAVE", "SCREENSAVE", "DOSE", "DOSE_INFO", "REPORT", "SCREEN"})


def held_back(dataset: Dataset) -> str | None:
    """Why an object cannot leave at all; None if it can."""
    if storage_class(dataset) not in _IMAGE_CLASSES:
        return "no image: documents, reports and raw data carry text that cannot be cleaned"
    return None


def may_show_text(dataset: Dataset) -> str | None:
    """Why the pixels may show a name; None if nothing speaks for it.

    BurnedInAnnotation NO outranks the modality's habit, not a secondary capture.
    """
    burned_in = str(dataset.get("BurnedInAnnotation", "") or "").upper()
    words = {str(word).upper() for word in dataset.get("ImageType", None) or []}
    if burned_in == "YES":
        return "BurnedInAnnotation is YES"
    if storage_class(dataset) == _SECONDARY_CAPTURE:
        return "a secondary capture"
    if words & _SCREEN_WORDS:
        return "ImageType says a screen was saved"
    if burned_in != "NO" and str(dataset.get("Modality", "")) in _OFTEN_WITH_TEXT:
        return f"images of modality {dataset.get('Modality', '')} often show the name"
    return None


def storage_class(dataset: Dataset) -> str:
    """SOP class of an object, from its file meta where the data set itself is silent."""
    named = str(dataset.get("SOPClassUID", "")).strip("\0 ")
    meta = getattr(dataset, "file_meta", None)
    return named or str(meta.get("MediaStorageSOPClassUID", "") if meta else "")
