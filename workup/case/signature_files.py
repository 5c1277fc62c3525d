"""Whether an assessment is what a reader put their name to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from workup.case.assessed_summary import assessed_summary
from workup.case.case_files import is_store
from workup.case.store_files import CaseStore

if TYPE_CHECKING:
    from workup.assessment import Assessment
    from workup.case.reads import SignedRead


def signed_as_assessed(folder: str | Path, assessment: Assessment) -> SignedRead | None:
    """The current signed read that an assessment of the newest version repeats; None if there is none.

    A later save, or software that now measures or answers otherwise than what was signed, leaves the
    assessment without a signature: nobody has put their name to it.

    Parameters
    ----------
    folder
        A plain case, which holds no signatures, or a case folder.
    assessment
        Of the folder's newest version.
    """
    if not is_store(Path(folder)):
        return None
    history = CaseStore.open(folder).history()
    newest = history.latest_version()
    read = history.current_read(newest.reader) if newest else None
    if newest is None or read is None or read.version != newest.number:
        return None
    return read if read.summary.document() == assessed_summary(assessment).document() else None
