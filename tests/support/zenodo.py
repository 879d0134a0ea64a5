"""A proxy on this machine behind which a server answers, over TLS, as a DOI resolver and Zenodo do."""

from __future__ import annotations

import hashlib
import http.server
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import trustme

DOI = "10.5281/zenodo.1"
ARCHIVE_HOST = "zenodo.org"


class ZenodoServer:
    """Serves the files of a folder as those of one record, and under any other address by their names.

    Parameters
    ----------
    files : Path
    authority : Path
        Where to write the certificate that clients must trust (``$REQUESTS_CA_BUNDLE``).
    mode : str
        ``ok``; ``absent`` (404), ``busy`` (429), ``cut``, ``damaged`` (another digest), ``proxy`` (407).
    """

    def __init__(self, files: Path, authority: Path, mode: str = "ok") -> None:
        self.files, self.mode = files, mode
        self.requests: list[str] = []
        self._authority = trustme.CA()
        self._authority.cert_pem.write_to_path(str(authority))
        server = self

        class Handler(_Handler):
            zenodo = server

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @property
    def proxy(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def wrapped(self, connection: socket.socket, host: str) -> ssl.SSLSocket:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(host).configure_cert(context)
        return context.wrap_socket(connection, server_side=True)

    @contextmanager
    def running(self) -> Iterator[ZenodoServer]:
        thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    zenodo: ZenodoServer
    host = ""

    def log_message(self, *_arguments: object) -> None:
        pass

    def do_CONNECT(self) -> None:
        if self.zenodo.mode == "proxy":
            self._answer(407, b"", {"Proxy-Authenticate": "Basic"})
            return
        self.host = self.path.partition(":")[0]
        self.send_response(200)
        self.end_headers()
        self.connection = self.zenodo.wrapped(self.connection, self.host)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        self.close_connection = False

    def do_GET(self) -> None:
        mode, path = self.zenodo.mode, self.path.partition("?")[0]
        if mode == "absent":
            self._answer(404, b"no")
        elif mode == "busy":
            self._answer(429, b"wait")
        elif path == f"/{DOI}":
            self._answer(302, b"", {"Location": f"https://{ARCHIVE_HOST}/records/1"})
        elif path == "/records/1":
            self._answer(200, b"<html>")
        elif path == "/api/records/1":
            self._answer(200, json.dumps({"id": 1, "files": self._files()}).encode())
        else:
            self._file(path.removesuffix("/content").rpartition("/")[2])

    def _files(self) -> list[dict[str, Any]]:
        damaged = self.zenodo.mode == "damaged"
        return [
            {
                "key": path.name,
                "checksum": "md5:" + ("0" * 32 if damaged else hashlib.md5(path.read_bytes()).hexdigest()),
                "links": {"self": f"https://{ARCHIVE_HOST}/api/records/1/files/{path.name}/content"},
            }
            for path in sorted(self.zenodo.files.iterdir())
        ]

    def _file(self, name: str) -> None:
        data = (self.zenodo.files / name).read_bytes()
        if self.zenodo.mode == "cut":
            self._answer(200, data[:1000], length=len(data))
            self.close_connection = True
        else:
            self._answer(200, data)

    def _answer(
        self, status: int, body: bytes, headers: dict[str, str] | None = None, *, length: int | None = None
    ) -> None:
        self.zenodo.requests.append(f"{self.command} {self.host}{self.path} {status}")
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)
