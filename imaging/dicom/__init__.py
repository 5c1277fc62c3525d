"""From a folder of DICOM files to volumes that are right, or a refusal that says why."""
