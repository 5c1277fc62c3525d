"""What leaves is what was decided: judged by dciodvfy and dcmqi, one number walked through every format."""

import csv
import io
import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pydicom
import pyreadstat
import pytest
from pypdf import PdfReader

from eligibility.protocol import Protocol
from imaging.dicom.study_files import load_study
from imaging.phantom import TWINS
from imaging.phantom.spec import PORTAL_VENOUS
from imaging.phantom_files import write_case
from imaging.phases.phase import Phase
from imaging.regions.region import Provenance, Region, RegionMask, RegionRole, Vessel
from imaging.regions.region_files import read_regions, write_regions
from imaging.regions.seg_files import read_seg_regions
from tests.dicom_judges import (
    dciodvfy_errors,
    dcmqi_report,
    dcmqi_voxels,
    needs_dciodvfy,
    needs_dcmqi,
    rounded,
)
from tests.dicom_series import enhanced, series, write
from workup.assess import assess
from workup.assessment_json import assessment_document
from workup.case.case import Case, Statement
from workup.case.case_files import read_case
from workup.command_line import main
from workup.errors import ExchangeError, WorkupError
from workup.exchange.codes import ATTENUATION, LONG_AXIS
from workup.exchange.export_files import export_cases
from workup.exchange.fhir import bundle
from workup.exchange.import_files import import_file
from workup.exchange.sdtm import sdtm
from workup.exchange.sdtm_files import write_sdtm
from workup.exchange.seg_files import tracked_as, tracking_uid, write_segmentations
from workup.exchange.source_image_files import read_source_images
from workup.exchange.sr_measurements import groups_of
from workup.protocol_files import read_protocol
from workup.report.assessment_report import assessment_report
from workup.report.rendering import html, markdown, workbook
from workup.report.report_files import pdf

SAMPLE = Path(__file__).parent.parent / "sample_dicom"


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return read_protocol("NCT06828380")


@pytest.fixture(scope="module")
def assessment(protocol):
    return assess(read_case(SAMPLE), protocol)


def _pango():
    try:
        import weasyprint  # noqa: F401
    except (ImportError, OSError):
        return False
    return True


@pytest.fixture(scope="module")
def exported(assessment, tmp_path_factory):
    """The sample exported in every format that this machine can write."""
    folder = tmp_path_factory.mktemp("exported") / "out"
    formats = ["seg", "sr", "sdtm", "fhir", *(["pdf"] if _pango() else [])]
    export_cases([assessment], folder, formats, version="0.0")
    return folder


# ---------------------------------------------------------------- judges


@needs_dciodvfy
def test_no_object_has_an_error(exported):
    objects = sorted(exported.glob("*.dcm"))

    assert len(objects) >= 5
    assert {path.name: dciodvfy_errors(path) for path in objects} == {path.name: [] for path in objects}


def test_every_preamble_is_zero(exported):
    """Nothing that another program could execute hides in front of the object."""
    assert {path.read_bytes()[:128] for path in exported.glob("*.dcm")} == {b"\0" * 128}


@needs_dcmqi
def test_dcmqi_reads_every_voxel(exported, assessment, tmp_path):
    acquisitions = assessment.case.study.acquisitions
    for number, acquisition in enumerate(acquisitions, 1):
        path = exported / f"seg_{number:03d}.dcm"
        masks = [r.masks[acquisition.key] for r in assessment.case.regions if acquisition.key in r.masks]

        theirs = dcmqi_voxels(path, tmp_path / str(number))

        assert sorted(theirs) == list(range(1, len(masks) + 1))
        assert all(theirs[n] == rounded(mask.positions_mm()) for n, mask in enumerate(masks, 1))


@needs_dcmqi
def test_dcmqi_reads_every_number(exported, tmp_path):
    ours = groups_of(pydicom.dcmread(exported / "sr.dcm"))

    theirs = dcmqi_report(exported / "sr.dcm", tmp_path)["Measurements"]

    assert [g["TrackingUniqueIdentifier"] for g in theirs] == [g.tracking_uid for g in ours]
    for group, other in zip(ours, theirs, strict=True):
        stated = [(i["quantity"]["CodeValue"], float(i["value"])) for i in other["measurementItems"]]
        assert stated == [(n.name.value, n.value) for n in group.numbers]


# ---------------------------------------------------------------- round trips


def test_the_segmentation_reads_back_to_the_voxel_with_its_roles(exported, assessment):
    study = assessment.case.study
    for number, acquisition in enumerate(study.acquisitions, 1):
        back = read_seg_regions(exported / f"seg_{number:03d}.dcm", study)
        there = [r for r in assessment.case.regions if acquisition.key in r.masks]

        assert [(r.id, r.role, r.vessel, r.level) for r in back] == [
            (r.id, r.role, r.vessel, r.level) for r in there
        ]
        assert all(
            (one.masks[acquisition.key].full() == other.masks[acquisition.key].full()).all()
            for one, other in zip(back, there, strict=True)
        )


def test_our_own_axes_come_back_as_lines(exported, assessment):
    imported = import_file(exported / "sr.dcm", assessment.case.study)
    (lesion,) = assessment.lesions

    assert [(x.line.region_id, x.line.axis) for x in imported.lines] == [("hcc1", "long"), ("hcc1", "short")]
    assert [x.stated_mm for x in imported.lines] == pytest.approx(
        [lesion.measurement.lesion.long_axis_mm, lesion.measurement.lesion.short_axis_mm], abs=1e-8
    )


def test_one_tracking_uid_names_one_lesion_in_every_object(exported):
    reports = {g.tracking_identifier: g.tracking_uid for g in groups_of(pydicom.dcmread(exported / "sr.dcm"))}
    for path in exported.glob("seg_*.dcm"):
        segments = {s.TrackingID: s.TrackingUID for s in pydicom.dcmread(path).SegmentSequence}
        assert reports.items() <= segments.items()


def test_two_patients_whose_cases_bear_one_name_share_no_tracking_uid(assessment):
    case = assessment.case
    others = [replace(a, header=replace(a.header, patient_id_hash="another")) for a in case.study]
    other = replace(case, study=replace(case.study, acquisitions=tuple(others)))
    later = replace(case, study=replace(case.study, acquisitions=case.study.acquisitions[:2]))

    assert tracking_uid(tracked_as(case), "hcc1") == tracking_uid(tracked_as(later), "hcc1")
    assert tracking_uid(tracked_as(case), "hcc1") != tracking_uid(tracked_as(other), "hcc1")


def test_an_unsigned_report_does_not_say_verified(exported):
    report = pydicom.dcmread(exported / "sr.dcm")

    assert (report.VerificationFlag, report.CompletionFlag) == ("UNVERIFIED", "PARTIAL")


# ---------------------------------------------------------------- never overwritten, superseded, refused


def test_an_export_never_overwrites(exported, assessment):
    before = {p: p.read_bytes() for p in exported.rglob("*") if p.is_file()}

    for formats in (["seg"], ["sdtm"], ["fhir"]):
        with pytest.raises(ExchangeError) as refused:
            export_cases([assessment], exported, formats, version="0.0")
        assert refused.value.code == "ALREADY_THERE"
    assert {p: p.read_bytes() for p in exported.rglob("*") if p.is_file()} == before


@needs_dciodvfy
def test_a_superseding_report_names_its_predecessor(exported, assessment, tmp_path):
    export_cases([assessment], tmp_path, ["sr"], version="0.0", replaces=[exported / "sr.dcm"])

    earlier, later = pydicom.dcmread(exported / "sr.dcm"), pydicom.dcmread(tmp_path / "sr.dcm")
    named = later.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert named.ReferencedSOPInstanceUID == earlier.SOPInstanceUID
    assert later.SOPInstanceUID != earlier.SOPInstanceUID
    assert dciodvfy_errors(tmp_path / "sr.dcm") == []
    with pytest.raises(ExchangeError, match="no SR of this study"):
        export_cases([assessment], tmp_path / "x", ["sr"], version="0.0", replaces=[exported / "seg_001.dcm"])


@pytest.mark.parametrize("formats", [["seg", "sr"], ["sr"], ["seg"]], ids=str)
def test_a_case_without_outlines_is_no_segmentation_and_no_report(formats, assessment, tmp_path):
    bare = replace(assessment, case=replace(assessment.case, regions=()), defects=(), lesions=())
    with pytest.raises(ExchangeError) as caught:
        export_cases([bare], tmp_path / "out", formats, version="1")

    assert caught.value.code == "NOTHING_TO_EXPORT"
    assert not (tmp_path / "out").exists()


def test_two_cases_of_one_name_are_refused_before_anything_is_written(assessment, tmp_path):
    with pytest.raises(ExchangeError) as caught:
        export_cases([assessment, assessment], tmp_path / "out", ["sdtm"], version="1")

    assert caught.value.code == "SAME_SUBJECT"
    assert not (tmp_path / "out").exists()


def test_an_unknown_format_is_named(assessment, tmp_path):
    with pytest.raises(ExchangeError, match="docx"):
        export_cases([assessment], tmp_path, ["seg", "docx"], version="0.0")
    assert not list(tmp_path.iterdir())


# ---------------------------------------------------------------- a Korean patient


@pytest.fixture
def korean(protocol, tmp_path):
    """A study whose names are in the Korean character set with its escape sequences."""
    images = series()
    for ds in images:
        ds.SpecificCharacterSet = ["", "ISO 2022 IR 149"]
        ds.PatientName = "Hong^Gildong=洪^吉洞=홍^길동"
        ds.StudyDescription, ds.BodyPartExamined = "간 역동 CT", "LIVER"
    write(images, tmp_path / "dicom")
    study = load_study(tmp_path / "dicom")
    acquisition = study.acquisitions[0]
    mask = np.zeros(acquisition.volume.geometry.shape, dtype=bool)
    mask[2:5, 3:9, 4:12] = True
    inner = np.zeros_like(mask)
    inner[3, 4:6, 5:9] = True
    regions = (
        Region(
            "혈전",
            RegionRole.FILLING_DEFECT,
            {acquisition.key: RegionMask.from_full(inner, acquisition.volume.geometry)},
            Vessel.PORTAL_VEIN,
        ),
        Region(
            "종양",
            RegionRole.PRIMARY_TUMOR,
            {acquisition.key: RegionMask.from_full(mask, acquisition.volume.geometry)},
        ),
    )
    case = Case(
        study, regions, phase_labels={acquisition.key: Phase.PORTAL_VENOUS}, reader="김판독", case_id="7"
    )
    return assess(case, protocol)


@needs_dciodvfy
def test_a_korean_patient_and_overlapping_regions_survive(korean, tmp_path):
    written = export_cases([korean], tmp_path / "out", ["seg", "sr"], version="0.0")

    for path in written:
        ds = pydicom.dcmread(path)
        assert ds.PatientName.ideographic == "洪^吉洞"
        assert ds.PatientName.phonetic == "홍^길동"
        assert dciodvfy_errors(path) == []
    back = read_seg_regions(written[0], korean.case.study)
    assert [r.id for r in back] == ["혈전", "종양"]
    assert [g.tracking_identifier for g in groups_of(pydicom.dcmread(written[1]))][:2] == ["혈전", "종양"]


@needs_dciodvfy
def test_an_enhanced_multi_frame_study_is_exported(protocol, tmp_path):
    write([enhanced(series())], tmp_path / "dicom")
    study = load_study(tmp_path / "dicom")
    acquisition = study.acquisitions[0]
    mask = np.zeros(acquisition.volume.geometry.shape, dtype=bool)
    mask[2:6, 3:9, 4:12] = True
    masks = {acquisition.key: RegionMask.from_full(mask, acquisition.volume.geometry)}
    case = Case(study, (Region("t", RegionRole.PRIMARY_TUMOR, masks),), case_id="e")
    assessment = assess(case, protocol)

    seg, report = export_cases([assessment], tmp_path / "out", ["seg", "sr"], version="0.0")

    assert dciodvfy_errors(seg) == dciodvfy_errors(report) == []
    (long, short) = import_file(report, study).lines
    measured = assessment.lesions[0].measurement
    assert (long.slice_index, short.slice_index) == (measured.slice_index, measured.slice_index)
    assert long.stated_mm == pytest.approx(measured.lesion.long_axis_mm, abs=1e-8)


SIGNED = {
    "a signed read comes back verified where it was": (True, [True, False]),
    "without a signature a reader must confirm": (False, [False, False]),
}


@pytest.mark.parametrize(("signed", "verified"), SIGNED.values(), ids=SIGNED)
def test_what_comes_back_verified(korean, tmp_path, signed, verified):
    defect, tumor = korean.case.regions
    ((key, mask),) = tumor.masks.items()
    carried = replace(mask, provenance=Provenance.PROPAGATED, verified=False)
    study, images = korean.case.study, read_source_images(tmp_path / "dicom", korean.case.study.acquisitions)
    regions = (defect, replace(tumor, masks={key: carried}))
    written = write_segmentations(
        "7", regions, study.acquisitions, images, tmp_path / "out", version="0.0", signed=signed
    )
    ((path, _),) = written.values()

    assert [r.masks[key].verified for r in read_regions(path, study)] == verified
    assert [r.masks[key].verified for r in import_file(path, study).regions] == verified


def test_images_that_are_gone_are_named_and_nothing_is_written(korean, tmp_path):
    next((tmp_path / "dicom").iterdir()).unlink()

    with pytest.raises(ExchangeError) as refused:
        export_cases([korean], tmp_path / "out", ["seg"], version="0.0")
    assert refused.value.code == "SOURCE_MISSING"
    assert not list((tmp_path / "out").glob("*"))


def test_the_command_line_takes_regions_out_and_in(korean, tmp_path, capsys):
    write_regions(tmp_path, korean.case.regions, korean.case.study)
    out, back = tmp_path / "out", tmp_path / "back"

    for arguments in (
        ["export", str(tmp_path), "-o", str(out), "--format", "seg,sdtm-json", "--json"],
        ["import", str(out / "seg_001.dcm"), "--study", str(tmp_path / "dicom"), "-o", str(back)],
    ):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 0
    printed, _ = json.JSONDecoder().raw_decode(capsys.readouterr().out)

    assert [Path(p).name for p in printed["files"]] == ["seg_001.dcm", "tu.json", "tr.json", "rs.json"]
    there = {r.id: r for r in read_regions(back, korean.case.study)}
    for region in korean.case.regions:
        (key, mask), *_ = region.masks.items()
        assert (there[region.id].masks[key].full() == mask.full()).all()
        assert there[region.id].masks[key].provenance is Provenance.IMPORTED


def test_a_transport_file_never_cuts_a_korean_name(korean, tmp_path):
    with pytest.raises(ExchangeError) as refused:
        write_sdtm([korean], tmp_path, version="0.0")
    assert refused.value.code == "XPT_LIMIT"
    assert not list(tmp_path.glob("*.xpt"))
    write_sdtm([korean], tmp_path / "other", ("csv", "json"), version="0.0")
    rows = json.loads((tmp_path / "other/tu.json").read_text())
    assert "종양" in str(rows["rows"])


# ---------------------------------------------------------------- SDTM

REQUIRED = {
    "TU": ("STUDYID", "DOMAIN", "USUBJID", "TUSEQ", "TUTESTCD", "TUTEST"),
    "TR": ("STUDYID", "DOMAIN", "USUBJID", "TRSEQ", "TRTESTCD", "TRTEST"),
    "RS": ("STUDYID", "DOMAIN", "USUBJID", "RSSEQ", "RSTESTCD", "RSTEST"),
}


def test_the_tables_have_the_structure_of_their_domains(assessment):
    for domain in sdtm([assessment]):
        d, names = domain.name, [v.name for v in domain.variables]
        assert domain.records
        assert len(names) == len(set(names))
        assert all(set(r) <= set(names) for r in domain.records)
        assert all(r[name] not in ("", None) for r in domain.records for name in REQUIRED[d])
        assert all(re.fullmatch(r"[A-Z][A-Z0-9_]{0,7}", name) for name in names)
        assert all(len(v.label) <= 40 for v in domain.variables)
        assert all(re.fullmatch(r"[A-Z][A-Z0-9_]{0,7}", r[f"{d}TESTCD"]) for r in domain.records)
        assert all(len(r[f"{d}TEST"]) <= 40 for r in domain.records)
        assert [r[f"{d}SEQ"] for r in domain.records] == list(range(1, len(domain.records) + 1))
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", r[f"{d}DTC"]) for r in domain.records)
        pairs = {(r[f"{d}TESTCD"], r[f"{d}TEST"]) for r in domain.records}
        assert len({code for code, _ in pairs}) == len(pairs), "one test code has one name"


DATES = {
    "as recorded": ("20250304", "2025-03-04"),
    "with the dots of old DICOM": ("2025.03.04", "2025-03-04"),
    "no day of the calendar": ("20251399", None),
    "not recorded": (None, None),
}


@pytest.mark.parametrize(("recorded", "exported"), DATES.values(), ids=DATES)
def test_a_record_is_dated_by_the_examination_or_not_at_all(assessment, recorded, exported):
    study = assessment.case.study
    dated = [replace(a, header=replace(a.header, study_date=recorded)) for a in study.acquisitions]
    case = replace(assessment.case, study=replace(study, acquisitions=tuple(dated)))
    one = replace(assessment, case=case)
    resources = [entry["resource"] for entry in bundle(one, version="0")["entry"]]

    assert {r[f"{d.name}DTC"] for d in sdtm([one]) for r in d.records} == {exported or ""}
    assert {r.get("effectiveDateTime") for r in resources if "status" in r and "result" in r} == {exported}


def test_every_result_belongs_to_an_identified_lesion(assessment):
    tu, tr, _ = sdtm([assessment])
    links = {r["TULNKID"] for r in tu.records}

    assert all(r.get("TRLNKID", "") in {*links, ""} for r in tr.records)
    assert {r["TRTESTCD"] for r in tr.records if not r.get("TRLNKID")} == {"SUMDIAM", "TGTNOTE"}
    for r in tr.records:
        if "TRSTRESN" in r:
            assert r["TRSTRESN"] == float(r["TRORRES"]) == float(r["TRSTRESC"])
            assert r["TRORRESU"] == r["TRSTRESU"] != ""


def test_three_forms_hold_the_same_tables(exported, assessment):
    for domain in sdtm([assessment]):
        stem = exported / "sdtm" / domain.name.lower()
        names = [v.name for v in domain.variables]
        from_csv = list(csv.DictReader(io.StringIO(stem.with_suffix(".csv").read_text())))
        document = json.loads(stem.with_suffix(".json").read_text())
        from_xpt, meta = pyreadstat.read_xport(str(stem.with_suffix(".xpt")))

        assert document["datasetJSONVersion"] == "1.1.0"
        assert document["records"] == len(from_csv) == len(from_xpt) == len(domain.records)
        assert [c["name"] for c in document["columns"]] == list(from_xpt.columns) == names
        assert meta.column_labels == [v.label for v in domain.variables]
        assert (meta.table_name, meta.file_label) == (domain.name, domain.label)
        for index, record in enumerate(domain.records):
            for v, in_json in zip(domain.variables, document["rows"][index], strict=True):
                truth = record.get(v.name, None if v.numeric else "")
                in_xpt = from_xpt[v.name][index]
                assert in_json == truth
                assert from_csv[index][v.name] == ("" if truth is None else str(truth))
                assert np.isnan(in_xpt) if truth is None else in_xpt == truth


def test_many_cases_are_one_set_of_tables(assessment, korean, tmp_path):
    out = tmp_path / "out"
    export_cases([assessment, korean], out, ["sdtm-csv", "fhir"], version="0.0")

    rows = list(csv.DictReader((out / "sdtm/tu.csv").open()))
    assert {r["USUBJID"] for r in rows} == {"NCT06828380-sample_dicom", "NCT06828380-7"}
    assert sorted(p.name for p in out.iterdir()) == ["001_sample_dicom", "002_7", "sdtm"]
    with pytest.raises(ExchangeError, match="twice"):
        export_cases([assessment, assessment], tmp_path / "x", ["sdtm-csv"], version="0.0")


# ---------------------------------------------------------------- FHIR


def test_the_bundle_is_whole(exported):
    """Every reference resolves inside of the bundle, and nothing of the patient but the case id is in it."""
    text = (exported / "fhir_bundle.json").read_text()
    document = json.loads(text)
    urls = [e["fullUrl"] for e in document["entry"]]
    kinds = [e["resource"]["resourceType"] for e in document["entry"]]

    assert document["resourceType"] == "Bundle"
    assert len(set(urls)) == len(urls)
    assert set(re.findall(r'"reference": "(.*?)"', text)) <= set(urls)
    assert kinds[:3] == ["Patient", "ImagingStudy", "DiagnosticReport"]
    assert set(kinds[3:]) == {"Observation"}
    assert "name" not in document["entry"][0]["resource"]
    report = document["entry"][2]["resource"]
    assert len(report["result"]) == kinds.count("Observation")
    for entry in document["entry"][3:]:
        resource = entry["resource"]
        assert resource["status"] == "preliminary"
        values = [k for k in resource if k.startswith("value")]
        assert values or resource["component"]
        coding = resource["code"]["coding"][0]
        assert coding["system"].startswith(("http://", "urn:oid:2.25."))


# ---------------------------------------------------------------- one number, every format


def _fhir(exported, code, kind):
    document = json.loads((exported / "fhir_bundle.json").read_text())
    return [
        e["resource"]
        for e in document["entry"]
        if e["resource"]["resourceType"] == "Observation"
        and e["resource"]["code"]["coding"][0]["code"] == code
        and kind in e["resource"].get("note", [{}])[0].get("text", "")
    ]


def _cells(report):
    book = openpyxl.load_workbook(io.BytesIO(workbook(report)))
    values = [cell.value for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    return [v for v in values if isinstance(v, float)]


def _pdf_text(report):
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf(report))).pages)


@pytest.mark.parametrize("quantity", ["long axis of the lesion", "arterial attenuation of the defect"])
def test_one_number_is_the_same_in_every_format(quantity, exported, assessment):
    document = assessment_document(assessment)
    report = assessment_report(assessment)
    groups = groups_of(pydicom.dcmread(exported / "sr.dcm"))
    rows = list(csv.DictReader((exported / "sdtm/tr.csv").open()))
    if quantity.startswith("long"):
        truth = assessment.lesions[0].measurement.lesion.long_axis_mm
        in_json = document["measurable_lesion"]["lesions"][0]["long_axis_mm"]
        in_sr = next(n.value for g in groups for n in g.numbers if n.name == LONG_AXIS)
        in_sdtm = next(r["TRSTRESN"] for r in rows if r["TRTESTCD"] == "LDIAM")
        size = _fhir(exported, "21889-1", "hcc1")[0]
        in_fhir = size["component"][0]["valueQuantity"]
        unit = "mm"
    else:
        phase = next(p for p in assessment.defects[0].findings.phases if p.phase is Phase.LATE_ARTERIAL)
        truth = phase.statistics.mean
        phases = document["vascular_invasion"]["defects"][0]["phases"]
        in_json = next(p["mean"] for p in phases if p["phase"] == "late_arterial")
        in_sr = next(
            n.value
            for g in groups
            for n in g.numbers
            if g.tracking_identifier == "defect1"
            and n.name == ATTENUATION
            and ("Contrast Phase", "Late arterial phase") in n.modifiers
        )
        in_sdtm = next(
            r["TRSTRESN"] for r in rows if r["TRTESTCD"] == "MNLATART" and r["TRLNKID"] == "defect1"
        )
        observed = [
            o
            for o in _fhir(exported, "112031", "defect1")
            if o["component"][0]["valueCodeableConcept"]["coding"][0]["code"] == "LATE_ARTERIAL"
        ]
        in_fhir = observed[0]["valueQuantity"]
        unit = "[hnsf'U]"

    assert in_json == truth
    # a spreadsheet keeps 16 significant digits
    assert any(math.isclose(cell, truth, rel_tol=1e-15) for cell in _cells(report))
    assert in_sr == float(in_sdtm) == in_fhir["value"] == round(truth, 9)
    assert in_fhir["code"] == unit
    shown = f"{truth:.1f}"
    assert shown in html(report)
    assert shown in markdown(report)
    if _pango():
        assert shown in _pdf_text(report)
    else:
        with pytest.raises(WorkupError, match="Pango"):
            pdf(report)


@pytest.mark.skipif(not _pango(), reason="WeasyPrint or Pango is not installed")
def test_the_encapsulated_pdf_is_the_report(exported, assessment):
    ds = pydicom.dcmread(exported / "report_pdf.dcm")
    image = pydicom.dcmread(next((SAMPLE / "dicom").rglob("*.dcm")), stop_before_pixels=True)
    text = " ".join(
        p.extract_text()
        for p in PdfReader(io.BytesIO(ds.EncapsulatedDocument[: ds.EncapsulatedDocumentLength])).pages
    )

    assert ds.StudyInstanceUID == image.StudyInstanceUID
    assert ds.MIMETypeOfEncapsulatedDocument == "application/pdf"
    assert f"{assessment.lesions[0].measurement.lesion.long_axis_mm:.1f}" in text


def test_a_report_calls_a_target_what_the_reader_chose_not_what_was_proposed(protocol, tmp_path):
    write_case(replace(TWINS["plain"].small(), scans=(PORTAL_VENOUS,)), tmp_path / "case")
    case = read_case(tmp_path / "case")
    said = {name: replace(s, target=Statement.NO) for name, s in case.lesions.items()}
    export_cases([assess(replace(case, lesions=said), protocol)], tmp_path / "out", ["sr"], version="0.0")
    (path,) = (tmp_path / "out").rglob("*sr*.dcm")
    codes = _coded(pydicom.dcmread(path))

    assert ("112016", "112075") in codes and ("112016", "112074") not in codes
    assert ("CHOSEN_TARGET", "373067005") in codes


def _coded(item):
    """(name, value) of every coded item of a report."""
    found = []
    for child in item.get("ContentSequence", ()):
        if child.ValueType == "CODE":
            found.append((child.ConceptNameCodeSequence[0].CodeValue, child.ConceptCodeSequence[0].CodeValue))
        found += _coded(child)
    return found
