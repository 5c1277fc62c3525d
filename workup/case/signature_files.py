"""Whether an assessment is what a reader put their name to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from workup.case.assessed_summary import assessed_summary
from workup.case.case_files import is_store
from workup.case.standing import Standing, standing
from workup.case.store_files import CaseStore

if TYPE_CHECKING:
    from workup.assessment import Assessment
    from workup.case.reads import SignedRead


def signed_as_assessed(
    folder: str | Path, assessment: Assessment, who: str | None = None
) -> SignedRead | None:
    """The standing signed read that an assessment of its version repeats; None if there is none.

    A read that another signed read contradicts, a later save, or software that now measures or answers
    otherwise than what was signed, leaves the assessment without a signature: nobody has put their name
    to it as the answer of this case.

    Parameters
    ----------
    folder
        A plain case, which holds no signatures, or a case folder.
    assessment
        Of the version that answers for the folder, or of the newest of ``who``.
    who
        The reader whose version was assessed, if one was named.
    """
    read = standing_of(folder, who).signed
    if read is None:
        return None
    return read if read.summary.document() == assessed_summary(assessment).document() else None


def standing_of(folder: str | Path, who: str | None = None) -> Standing:
    """Which version answers for a case folder; a plain case has none."""
    if not is_store(Path(folder)):
        return Standing(None, None)
    return standing(CaseStore.open(folder).history(), who)
