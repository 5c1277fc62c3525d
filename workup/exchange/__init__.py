"""Formats for other systems: DICOM SEG and SR, SDTM, FHIR, PACS."""
