"""The napari viewer: shows a Reading, computes nothing."""
