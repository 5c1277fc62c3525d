"""A report for people inside of a DICOM object, so that it is archived with the images it is about."""

from __future__ import annotations

from datetime import datetime

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian, generate_uid

from workup.exchange.seg_files import MANUFACTURER

#: Patient and study attributes that an object of the same study repeats (PS3.3 C.7.1.1, C.7.2.1), with what
#: stands there if the images do not tell (type 2: present and empty).
_REPEATED = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
)
_SERIES_NUMBER = 9901


def encapsulated_pdf(pdf: bytes, image: Dataset, *, title: str, version: str, made: datetime) -> Dataset:
    """The Encapsulated PDF object of a report.

    Parameters
    ----------
    pdf
        The document.
    image
        Header of one of the images it is about, its text decoded.
    title, version, made
        Document title, version of the software, and when the document was made.
    """
    document = Dataset()
    document.SpecificCharacterSet = "ISO_IR 192"
    for keyword in _REPEATED:
        setattr(document, keyword, image.get(keyword) or "")
    document.SOPClassUID = EncapsulatedPDFStorage
    document.SOPInstanceUID = generate_uid(prefix=None)
    document.SeriesInstanceUID = generate_uid(prefix=None)
    document.SeriesNumber, document.InstanceNumber = _SERIES_NUMBER, 1
    document.Modality = "DOC"
    document.SeriesDescription = "Report of the vascular invasion read"
    document.Manufacturer = document.ManufacturerModelName = MANUFACTURER
    document.SoftwareVersions, document.DeviceSerialNumber = version, "1"
    document.ConversionType = "WSD"
    document.ContentDate, document.ContentTime = made.strftime("%Y%m%d"), made.strftime("%H%M%S")
    document.AcquisitionDateTime = ""
    document.BurnedInAnnotation = "YES"  # case name and study date may stand on the pages
    document.DocumentTitle = title
    document.ConceptNameCodeSequence = []
    document.MIMETypeOfEncapsulatedDocument = "application/pdf"
    document.EncapsulatedDocumentLength = len(pdf)
    document.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    document.file_meta = FileMetaDataset()
    document.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    document.file_meta.MediaStorageSOPClassUID = document.SOPClassUID
    document.file_meta.MediaStorageSOPInstanceUID = document.SOPInstanceUID
    return document
