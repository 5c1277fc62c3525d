"""The main job on a real patient: HCC_005 before and after treatment (HCC-TACE-Seg, TCIA, CC BY 4.0)."""

import pytest

from eligibility.verdict import Status
from imaging.phases.phase import Phase
from tests.real_data import REAL_DATA, needs_real_data
from workup.assess import assess
from workup.case.case_files import read_case
from workup.protocol_files import read_protocol
from workup.report.assessment_report import assessment_report
from workup.report.rendering import html

LATE = {Phase.PORTAL_VENOUS, Phase.DELAYED}
# fmt: off
STUDIES = {
    # folder                        series: (lesion HU, liver HU, phases that are right)
    "hcc005_baseline_1999-01-23": {
        2:   (43.7, 44.0, {Phase.UNENHANCED}),
        4:   (58.9, 50.6, {Phase.EARLY_ARTERIAL}),
        103: (84.9, 104.6, LATE),
    },
    "hcc005_followup_1999-04-30": {
        4:   (68.2, None, {Phase.EARLY_ARTERIAL}),
        5:   (127.3, None, {Phase.LATE_ARTERIAL}),
        103: (101.5, None, LATE),
    },
}
# fmt: on


@needs_real_data
@pytest.mark.parametrize("folder", STUDIES)
def test_a_real_study_goes_from_dicom_to_report(folder):
    study = REAL_DATA / folder
    case = read_case(study, regions=study / "roi_seeds.json")

    result = assess(case, read_protocol("NCT06828380"))

    numbers = {
        case.study[key].header.series_number: (region, found.mean)
        for (region, key), found in result.statistics.items()
        if region == "lesion"
    }
    liver = {
        case.study[key].header.series_number: found.mean
        for (region, key), found in result.statistics.items()
        if region == "liver"
    }
    for series, (lesion_hu, liver_hu, phases) in STUDIES[folder].items():
        key = next(a.key for a in case.study if a.header.series_number == series)
        assert numbers[series][1] == pytest.approx(lesion_hu, abs=1.0)
        assert liver_hu is None or liver[series] == pytest.approx(liver_hu, abs=1.0)
        assert result.decisions[key].phase in phases
    assert result.vascular_invasion.status is Status.UNKNOWN  # nobody has read it
    assert "Cannot tell" in html(assessment_report(result))
