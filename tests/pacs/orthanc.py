"""A real Orthanc for tests, in the network namespace that the tests run in: nothing outside can reach it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import socketserver
import ssl
import subprocess
import threading
import time
from pathlib import Path

ORTHANC = shutil.which("Orthanc", path="/usr/sbin:/usr/bin:/usr/local/bin")
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
OPENSSL = shutil.which("openssl")
HTTP, DICOM, CLIENT = 18042, 14242, 14243
TITLE, OUR_TITLE = "ORTHANC", "VEINVASION"
USER, SECRET = "reader", "correct horse"


class Orthanc:
    """One server with its storage; it can be killed and started again."""

    def __init__(self, folder: Path, *, offset: int = 0, tls: bool = False) -> None:
        self.folder, self.tls = folder, tls
        self.http, self.dicom = HTTP + offset, DICOM + offset
        folder.mkdir(parents=True)
        if tls:
            _make_certificate(folder)
        (folder / "orthanc.json").write_text(json.dumps(self._configuration()))
        self._process: subprocess.Popen[bytes] | None = None
        self._proxy: TlsProxy | None = None

    @property
    def web(self) -> str:
        if self.tls:
            return f"https://localhost:{self.http + 1}/dicom-web"
        return f"http://localhost:{self.http}/dicom-web"

    @property
    def dimse(self) -> str:
        return f"{'dimses' if self.tls else 'dimse'}://{TITLE}@localhost:{self.dicom}"

    def start(self) -> None:
        log = (self.folder / "log.txt").open("ab")
        self._process = subprocess.Popen(
            [ORTHANC, str(self.folder / "orthanc.json")], stdout=log, stderr=log, cwd=self.folder
        )
        for port in (self.http, self.dicom):
            _wait_for(port)
        if self.tls:
            self._proxy = TlsProxy(self.folder, self.http + 1, self.http)

    def kill(self) -> None:
        """kill -9, as a power cut would."""
        if self._process is not None and self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if self._proxy is not None:
            self._proxy.close()
            self._proxy = None

    def _configuration(self) -> dict:
        name = str(self.folder)
        settings = {
            "Name": "tests",
            "StorageDirectory": f"{name}/store",
            "IndexDirectory": f"{name}/store",
            "HttpPort": self.http,
            "DicomPort": self.dicom,
            "DicomAet": TITLE,
            "DicomCheckCalledAet": True,
            "DicomAlwaysAllowEcho": False,
            "DicomAlwaysAllowStore": False,
            "DicomAlwaysAllowFind": False,
            "DicomAlwaysAllowGet": False,
            "DicomCheckModalityHost": True,
            "DicomModalities": {
                "client": {"AET": OUR_TITLE, "Host": "127.0.0.1", "Port": CLIENT, "AllowGet": True}
            },
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": True,
            "RegisteredUsers": {USER: SECRET},
            "ExecuteLuaEnabled": False,
            "RestApiWriteToFileSystemEnabled": False,
            "OverwriteInstances": False,
            "DefaultEncoding": "Utf8",
            "UnknownSopClassAccepted": True,
            "Plugins": [str(PLUGIN)],
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        }
        if self.tls:
            settings |= {
                "DicomTlsEnabled": True,
                "DicomTlsCertificate": f"{name}/certificate.pem",
                "DicomTlsPrivateKey": f"{name}/key.pem",
                "DicomTlsTrustedCertificates": f"{name}/certificate.pem",
                "DicomTlsRemoteCertificateRequired": False,
            }
        return settings


def _make_certificate(folder: Path) -> None:
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip


class TlsProxy:
    """TLS in front of a plain HTTP port, as hospitals run it: Debian's Orthanc 1.10.1 crashes on HTTPS."""

    def __init__(self, folder: Path, port: int, behind: int) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")

        class Forward(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                try:
                    inner = context.wrap_socket(self.request, server_side=True)
                except (ssl.SSLError, OSError):
                    return
                with socket.create_connection(("127.0.0.1", behind)) as outer:
                    back = threading.Thread(target=_copy, args=(outer, inner), daemon=True)
                    back.start()
                    _copy(inner, outer)
                    back.join()

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", port), Forward)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def _wait_for(port: int, patience_s: float = 30.0) -> None:
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise TimeoutError(f"Orthanc does not answer on port {port}")
