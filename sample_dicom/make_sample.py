"""Write this folder's case again from its seed: ``python sample_dicom/make_sample.py [FOLDER]``."""

from __future__ import annotations

import sys
from pathlib import Path

from imaging.phantom import TWINS
from imaging.phantom_files import write_case

if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    write_case(TWINS["plain"], folder, compression="jpeg2000")
    sys.stdout.write(f"wrote the sample case to {folder.name}/\n")
