"""DICOM in, measurements out. Knows nothing of trials."""
