"""Which examination an exported record is dated by: the one that was measured."""

from __future__ import annotations

from imaging.phases.examination import Examination
from workup.assessment import Assessment
from workup.errors import ExchangeError
from workup.measured_examinations import measured_examinations


def reported_examination(assessment: Assessment) -> Examination:
    """The examination that holds everything measured; the only one where nothing was.

    Raises
    ------
    ExchangeError
        ``SEVERAL_EXAMINATIONS`` if measurements lie on several, or nothing tells which of several is meant:
        one record of SDTM, FHIR or SR has one date and one modality.
    """
    keys = [lesion.measurement.acquisition_key for lesion in assessment.lesions]
    keys += [phase.acquisition_key for d in assessment.defects for phase in d.findings.phases]
    found = measured_examinations(assessment.case.study, keys)
    if len(found) == 1:
        return found[0]
    names = ", ".join(e.name for e in found)
    raise ExchangeError(
        "SEVERAL_EXAMINATIONS",
        f"the case holds {len(found)} examinations: {names}",
        expected="measurements on one examination",
        advice="Make a case for each examination; over time they are compared by veinvasion recist.",
    )
