"""Push and pull against a real Orthanc, run by ``tests/test_workup_exchange_pacs.py``."""

import csv
import json
import random
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pynetdicom import AE, evt
from pynetdicom.sop_class import CTImageStorage

from imaging.dicom.study_files import load_study
from imaging.phases.phase import Phase
from imaging.regions.region import Region, RegionMask, RegionRole, Vessel
from tests.dicom_series import series, write
from tests.pacs.orthanc import CLIENT, OUR_TITLE, SECRET, USER, Orthanc
from workup.assess import assess
from workup.case.case import Case
from workup.cohort.query_files import filters_of, pull_cohort
from workup.command_line import main
from workup.errors import CaseError, ExchangeError
from workup.exchange import transfer_files
from workup.exchange.export_files import export_cases
from workup.exchange.pacs import connect, content_hash, parse_address
from workup.protocol_files import read_protocol

SLICES = 40
KILLS = 10


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    orthanc = Orthanc(tmp_path_factory.mktemp("orthanc") / "a")
    orthanc.start()
    yield orthanc
    orthanc.kill()


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    orthanc = Orthanc(tmp_path_factory.mktemp("orthanc") / "tls", offset=10, tls=True)
    orthanc.start()
    yield orthanc
    orthanc.kill()


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A Korean patient's study and its SEG and SR."""
    folder = tmp_path_factory.mktemp("study")
    images = series(SLICES)
    for ds in images:
        ds.SpecificCharacterSet = ["", "ISO 2022 IR 149"]
        ds.PatientName, ds.StudyDescription = "Hong^Gildong=洪^吉洞=홍^길동", "간 CT"
    write(images, folder / "dicom")
    study = load_study(folder / "dicom")
    (acquisition,) = study.acquisitions
    mask = np.zeros(acquisition.volume.geometry.shape, dtype=bool)
    mask[5:9, 3:9, 4:12] = True
    region = Region(
        "혈전",
        RegionRole.FILLING_DEFECT,
        {acquisition.key: RegionMask.from_full(mask, acquisition.volume.geometry)},
        Vessel.PORTAL_VEIN,
    )
    case = Case(study, (region,), phase_labels={acquisition.key: Phase.PORTAL_VENOUS}, reader="김판독")
    export_cases([assess(case, read_protocol("NCT06828380"))], folder / "out", ["seg", "sr"], version="0.0")
    return folder


@pytest.fixture(params=["web", "dimse"])
def address(request, server):
    return parse_address(getattr(server, request.param), user=USER, secret=SECRET)


def push(address, sources, progress=None):
    with closing(connect(address)) as pacs:
        return transfer_files.push(pacs, sources, progress)


def pull(address, uid, folder):
    with closing(connect(address)) as pacs:
        return transfer_files.pull(pacs, uid, folder)


def asked(address, what, *arguments):
    """One question to the server."""
    with closing(connect(address)) as pacs:
        return getattr(pacs, what)(*arguments)


def study_uid(folder: Path) -> str:
    return str(pydicom.dcmread(next(p for p in folder.rglob("*.dcm"))).StudyInstanceUID)


def contents(folder: Path) -> dict[str, str]:
    found = {}
    for path in folder.rglob("*.dcm"):
        ds = pydicom.dcmread(path)
        found[str(ds.SOPInstanceUID)] = content_hash(ds)
    return found


def renamed(folder: Path, target: Path, number: int) -> Path:
    """The same images as another study, so that each test has its own."""
    target.mkdir()
    for index, path in enumerate(sorted((folder / "dicom").glob("*.dcm"))):
        ds = pydicom.dcmread(path)
        ds.StudyInstanceUID += f".{number}"
        ds.SeriesInstanceUID += f".{number}"
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"1.2.826.0.1.{number}.{index}"
        ds.save_as(target / path.name)
    return target


def test_study_and_results_go_there_and_come_back_equal(address, results, tmp_path):
    there = push(address, [results])
    back = pull(address, study_uid(results), tmp_path)
    again = pull(address, study_uid(results), tmp_path)

    assert there.instances == back.instances == SLICES + 2
    assert (back.transferred, again.transferred, again.present) == (SLICES + 2, 0, SLICES + 2)
    assert contents(tmp_path) == contents(results)
    assert all(set(p.stem) <= set("0123456789abcdef") for p in tmp_path.rglob("*.dcm"))


def test_a_second_push_sends_nothing(address, results):
    push(address, [results])

    assert push(address, [results]).transferred == 0


def test_a_korean_name_finds_its_study(server, results):
    address = parse_address(server.dimse)
    push(address, [results])

    assert [s.study_uid for s in asked(address, "find", {"PatientName": "*홍^길동*"})] == [study_uid(results)]
    assert asked(address, "find", {"PatientName": "*김^철수*"}) == []


def test_another_content_under_a_known_uid_is_never_sent(address, results, tmp_path):
    push(address, [results])
    path = next((results / "dicom").glob("*.dcm"))
    ds = pydicom.dcmread(path)
    ds.PixelData = bytes(len(ds.PixelData))
    ds.save_as(tmp_path / "changed.dcm")

    with pytest.raises(ExchangeError) as refused:
        push(address, [tmp_path / "changed.dcm"])
    assert refused.value.code == "DIFFERENT"
    pull(address, study_uid(results), tmp_path / "back")
    assert contents(tmp_path / "back") == contents(results)


def test_a_file_that_is_there_is_never_overwritten(address, results, tmp_path):
    push(address, [results])
    pull(address, study_uid(results), tmp_path)
    taken = sorted(tmp_path.rglob("*.dcm"))[3]
    taken.write_bytes(b"something of the user")

    with pytest.raises(ExchangeError, match="is there already"):
        pull(address, study_uid(results), tmp_path)
    assert taken.read_bytes() == b"something of the user"


def test_a_second_study_is_refused_where_the_first_lies_and_the_first_goes_on(address, results, tmp_path):
    push(address, [results, renamed(results, tmp_path / "other", 6)])
    pull(address, study_uid(results), tmp_path / "back")
    next((tmp_path / "back").rglob("*.dcm")).unlink()

    with pytest.raises(ExchangeError) as refused:
        pull(address, study_uid(tmp_path / "other"), tmp_path / "back")
    assert refused.value.code == "OTHER_STUDY"
    assert pull(address, study_uid(results), tmp_path / "back").transferred == 1
    assert contents(tmp_path / "back") == contents(results)


@pytest.mark.parametrize("protocol", ["web", "dimse"])
def test_ten_kills_lose_nothing_that_was_acknowledged(protocol, results, tmp_path):
    server = Orthanc(tmp_path / "orthanc", offset=20)
    source = renamed(results, tmp_path / "source", 7 if protocol == "web" else 8)
    sent = sorted(source.glob("*.dcm"))
    uid = study_uid(source)
    address = parse_address(getattr(server, protocol), user=USER, secret=SECRET)
    chance = random.Random(0)
    acknowledged, broken, total = 0, 0, 0
    for round_ in range(KILLS + 1):
        server.start()
        last = round_ == KILLS
        killer = None if last else threading.Timer(chance.uniform(0.02, 0.25), server.kill)
        reached = [0]

        def progress(done, _, reached=reached):
            reached[0] = done

        if killer:
            killer.start()
        try:
            total = push(address, [source], progress).instances
        except ExchangeError as error:
            assert error.code in ("UNREACHABLE", "NOT_ACCEPTED", "SERVER_REFUSED", "BAD_ANSWER"), error
            broken += 1
        if killer:
            killer.join()
        server.kill()
        acknowledged = max(acknowledged, reached[0])
        server.start()
        held = {i.sop_uid for i in asked(address, "instances", uid)}
        assert {str(pydicom.dcmread(p).SOPInstanceUID) for p in sent[:acknowledged]} <= held
        server.kill()
    assert broken >= 3, "most kills hit a transfer"
    assert total == SLICES
    server.start()
    chance = random.Random(1)
    for round_ in range(KILLS + 1):
        killer = None if round_ == KILLS else threading.Timer(chance.uniform(0.02, 0.25), server.kill)
        if killer:
            killer.start()
        try:
            pull(address, uid, tmp_path / "back")
        except ExchangeError as error:
            assert error.code in ("UNREACHABLE", "NOT_ACCEPTED", "SERVER_REFUSED", "BAD_ANSWER", "NOT_FOUND")
        if killer:
            killer.join()
            server.kill()
            server.start()
    server.kill()
    assert contents(tmp_path / "back") == contents(source)


@pytest.mark.parametrize(
    ("protocol", "change", "code"),
    [
        ("web", {"secret": "wrong"}, "NOT_AUTHORIZED"),
        ("web", {"secret": None}, "NOT_AUTHORIZED"),
        ("dimse", {"calling": "STRANGER"}, "ASSOCIATION_REJECTED"),
        ("dimse", {"title": "OTHER"}, "ASSOCIATION_REJECTED"),
        ("web", {"scheme": "https"}, "TLS_REFUSED"),
        ("dimse", {"scheme": "dimses"}, "TLS_REFUSED"),
        ("web", {"port": "18999"}, "UNREACHABLE"),
        ("dimse", {"port": "18999"}, "UNREACHABLE"),
    ],
)
def test_what_is_wrong_is_named(protocol, change, code, server):
    text = getattr(server, protocol)
    scheme = text.split("://")[0]
    text = text.replace(scheme, change.get("scheme", scheme), 1)
    text = text.replace("ORTHANC@", f"{change['title']}@") if "title" in change else text
    for port in (str(server.http), str(server.dicom)):
        text = text.replace(port, change.get("port", port))
    secret = change.get("secret", SECRET)
    address = parse_address(text, user=USER, secret=secret, calling=change.get("calling", OUR_TITLE))

    with pytest.raises(ExchangeError) as refused:
        asked(address, "find", {"PatientID": "1"})
    assert refused.value.code == code
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("protocol", ["web", "dimse"])
def test_tls_needs_an_authority_that_is_trusted(protocol, secure, results, tmp_path):
    text = getattr(secure, protocol)

    with pytest.raises(ExchangeError) as refused:
        asked(parse_address(text, user=USER, secret=SECRET), "find", {"PatientID": "1"})
    assert refused.value.code == "TLS_REFUSED"
    trusted = parse_address(
        text, user=USER, secret=SECRET, certificates=str(secure.folder / "certificate.pem")
    )
    push(trusted, [results / "out"])
    pull(trusted, study_uid(results), tmp_path)
    assert contents(tmp_path) == contents(results / "out")


def test_the_server_moves_a_study_to_another_application(server, results):
    push(parse_address(server.dimse), [results / "dicom"])
    got = []

    def receive(event):
        got.append(event.dataset)
        return 0

    listener = AE(ae_title=OUR_TITLE)
    listener.add_supported_context(CTImageStorage)
    listener.add_supported_context("1.2.840.10008.5.1.4.1.1.66.4")
    listener.add_supported_context("1.2.840.10008.5.1.4.1.1.88.34")
    running = listener.start_server(
        ("127.0.0.1", CLIENT), block=False, evt_handlers=[(evt.EVT_C_STORE, receive)]
    )
    try:
        moved = asked(parse_address(server.dimse), "move", study_uid(results), OUR_TITLE)
    finally:
        running.shutdown()

    assert moved == len(got) >= SLICES
    with pytest.raises(ExchangeError):
        asked(parse_address(server.dimse), "move", study_uid(results), "NOBODY")


def test_the_command_line_pushes_finds_and_pulls(server, results, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("VEINVASION_PACS_SECRET", SECRET)

    for arguments in (
        ["push", server.web, str(results), "--user", USER, "--json"],
        ["pull", server.dimse, "--name", "*홍^길동*", "--json"],
        ["pull", server.web, "--user", USER, "--study", study_uid(results), "-o", str(tmp_path), "--json"],
    ):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 0
    shown = capsys.readouterr().out

    assert '"verified": true' in shown
    assert study_uid(results) in shown
    assert f'"fetched": {SLICES + 2}' in shown
    assert "홍" not in shown
    assert contents(tmp_path) == contents(results)


def test_a_query_is_the_worklist_of_a_cohort(address, results, tmp_path, monkeypatch):
    monkeypatch.setenv("VEINVASION_PACS_SECRET", SECRET)
    push(address, [renamed(results, tmp_path / "other", 9)])
    server, uid = address.url, study_uid(tmp_path / "other")
    output = tmp_path / "out"

    for _ in range(2):
        with pytest.raises(SystemExit) as ended:
            main(["cohort", server, "-o", str(output), "--user", USER, "--workers", "1",
                  "--query", f"StudyInstanceUID={uid}", "--query", "ModalitiesInStudy=CT"])  # fmt: skip
        assert ended.value.code == 0

    (row,) = csv.DictReader((output / "cases.csv").open())
    (named,) = csv.DictReader((output / "studies.csv").open())
    told = [json.loads(line)["done_before"] for line in (output / "run.jsonl").read_text().splitlines()]
    assert (row["status"], row["acquisitions"], row["vascular_invasion"]) == ("assessed", "1", "UNKNOWN")
    assert named == {"case_id": row["case_id"], "study_uid": uid}
    assert contents(output / "studies") == contents(tmp_path / "other")
    assert told == [False, True]


def test_a_query_that_matches_nothing_is_refused(address, tmp_path):
    with closing(connect(address)) as pacs, pytest.raises(CaseError) as refused:
        pull_cohort(pacs, filters_of(["PatientID=nobody"]), tmp_path)
    assert refused.value.code == "NO_COHORT"
