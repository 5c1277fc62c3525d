"""Where the public images for tests lie, and the mark of tests that need them."""

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).parent.parent.parent / "shared" / "data"
_NAMED = Path(os.environ.get("VEINVASION_REAL_DATA", _BESIDE))

#: Folder of the public images, None where they are absent.
REAL_DATA: Path | None = _NAMED if _NAMED.is_dir() else None


def needs_real_data(test):
    """Mark a test that reads the public images; it is skipped with a reason where they are absent."""
    absent = pytest.mark.skipif(REAL_DATA is None, reason="public images absent (VEINVASION_REAL_DATA)")
    return pytest.mark.real_data(absent(test))
