"""Addresses, contents and a real Orthanc in a network namespace of its own."""

import copy
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import RLELossless

from tests.dicom_series import series, write
from tests.pacs.orthanc import OPENSSL, ORTHANC, PLUGIN
from workup.errors import ExchangeError
from workup.exchange.pacs import connect, content_hash, instance_of, parse_address
from workup.exchange.transfer_files import pull

#: A network and processes of their own; Dask looks up its processes in /proc.
ALONE = ("unshare", "-n", "-p", "--fork", "--kill-child", "--mount-proc")
CASES = Path(__file__).parent / "pacs" / "orthanc_cases.py"

GOOD = {
    "DICOMweb": ("https://pacs.example/dicom-web", ("https", "pacs.example", None, "")),
    "a port": ("https://pacs.example:8443/rs/", ("https", "pacs.example", 8443, "")),
    "DIMSE with the called title": ("dimse://ORTHANC@10.0.0.1:4242", ("dimse", "10.0.0.1", 4242, "ORTHANC")),
    "DIMSE over TLS": ("dimses://A@host:2762", ("dimses", "host", 2762, "A")),
}


@pytest.mark.parametrize(("text", "parts"), GOOD.values(), ids=GOOD)
def test_an_address_says_protocol_host_port_and_title(text, parts):
    address = parse_address(text)

    assert (address.scheme, address.host, address.port, address.called) == parts
    assert address.encrypted == (parts[0] in ("https", "dimses"))


BAD = {
    "no protocol": "pacs.example",
    "an unknown protocol": "ftp://pacs.example",
    "DIMSE without a title": "dimse://host:4242",
    "DIMSE without a port": "dimse://A@host",
    "a port that is none": "https://host:99999999/x",
    "a password in the address": "https://me:hunter2@pacs.example/rs",
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_an_address_that_cannot_be_used_is_refused(text):
    with pytest.raises(ExchangeError) as refused:
        parse_address(text)
    assert refused.value.code == "BAD_ADDRESS"
    assert "hunter2" not in str(refused.value)


def test_a_password_does_not_travel_in_the_clear():
    with pytest.raises(ExchangeError) as refused:
        parse_address("http://pacs.example/rs", user="me", secret="hunter2")
    assert refused.value.code == "PLAIN_SECRET"
    assert parse_address("http://pacs.example/rs", user="me", secret="hunter2", allow_plain=True).secret
    assert parse_address("http://localhost/rs", user="me", secret="hunter2").secret
    assert "hunter2" not in repr(parse_address("https://pacs.example/rs", user="me", secret="hunter2"))


def test_repacked_pixels_are_the_same_content():
    (image, other) = series(2)
    packed = copy.deepcopy(image)
    packed.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)

    assert packed.PixelData != image.PixelData
    assert content_hash(packed) == content_hash(image)
    assert content_hash(other) != content_hash(image)


@pytest.mark.parametrize("change", ["pixel", "element", "nothing"])
def test_every_change_of_content_shows(change):
    (image,) = series(1)
    changed = copy.deepcopy(image)
    if change == "pixel":
        changed.PixelData = bytes([changed.PixelData[0] ^ 1]) + changed.PixelData[1:]
    elif change == "element":
        changed.SliceThickness = "2.6"

    assert (content_hash(changed) == content_hash(image)) == (change == "nothing")


def test_an_object_without_its_uids_is_no_object():
    with pytest.raises(ExchangeError, match="lacks"):
        instance_of(pydicom.Dataset())


@pytest.mark.parametrize("asked", ["the study that is there", "another study"])
def test_a_second_study_is_not_pulled_into_the_folder_of_the_first(asked, tmp_path):
    images = series(2)
    write(images, tmp_path / "begun" / "series")
    (tmp_path / "begun" / "notes.txt").write_text("of the user")
    uid = images[0].StudyInstanceUID if asked == "the study that is there" else "1.2.3"
    before = sorted(tmp_path.rglob("*"))
    nobody_listens = connect(parse_address("http://127.0.0.1:9/dicom-web"))

    with pytest.raises(ExchangeError) as refused:
        pull(nobody_listens, uid, tmp_path / "begun")

    assert refused.value.code == ("UNREACHABLE" if asked == "the study that is there" else "OTHER_STUDY")
    assert sorted(tmp_path.rglob("*")) == before


def _missing() -> str:
    if ORTHANC is None or not PLUGIN.exists():
        return "Orthanc with its DICOMweb plugin is not installed (scripts/install_system_libraries.sh)"
    if OPENSSL is None:
        return "openssl is not installed"
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        return "unshare or ip is not installed"
    alone = subprocess.run(
        ["unshare", "-n", "-p", "--fork", "--mount-proc", "true"], capture_output=True, check=False
    )
    return "" if alone.returncode == 0 else "no right to make a network namespace"


@pytest.mark.pacs
@pytest.mark.long
def test_orthanc():
    """Everything in ``pacs/orthanc_cases.py``, where only loopback exists: Orthanc binds every address."""
    missing = _missing()
    if missing:
        pytest.skip(missing)
    command = (
        f'ip link set lo up && exec "{sys.executable}" -m pytest -q -p no:cacheprovider -p no:xdist "{CASES}"'
    )
    done = subprocess.run(
        [*ALONE, "--", "sh", "-c", command],
        cwd=CASES.parents[2],
        env={k: v for k, v in os.environ.items() if not k.startswith("PYTEST")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "skipped" not in done.stdout
