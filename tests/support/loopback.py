"""A server on this machine that answers as the Hugging Face hub does, with ways to fail."""

from __future__ import annotations

import hashlib
import http.server
import json
import socket
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = (".safetensors", ".bin", ".pt", ".h5")


class HubServer:
    """Repositories are folders ``ROOT/<owner>/<name>``; every request is logged.

    Parameters
    ----------
    root : Path
    mode : str
        ``ok``; ``gated``, ``private``, ``forbidden`` (403), ``busy`` (429), ``down`` (503); ``cut`` (weights
        break off); ``damaged`` (weights of another digest); ``proxy`` (CONNECT is answered by 407).
    """

    def __init__(self, root: Path, mode: str = "ok") -> None:
        self.root, self.mode = root, mode
        self.requests: list[str] = []
        server = self

        class Handler(_HubHandler):
            hub = server

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def brought(self) -> list[str]:
        """Return the names of the files whose bytes travelled."""
        bodies = [line.split() for line in self.requests if line.startswith("GET ")]
        return [
            path.rpartition("/")[2]
            for _, path, status in bodies
            if status in ("200", "206") and "/api/" not in path
        ]

    @contextmanager
    def running(self) -> Iterator[HubServer]:
        thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()


class _HubHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: HubServer

    def log_message(self, *_arguments: object) -> None:
        pass

    def do_CONNECT(self) -> None:
        self._answer(407, b"", {"Proxy-Authenticate": "Basic"})

    def do_HEAD(self) -> None:
        self._route()

    def do_GET(self) -> None:
        self._route()

    def _answer(
        self, status: int, body: bytes, headers: dict[str, str] | None = None, *, length: int | None = None
    ) -> None:
        self.hub.requests.append(f"{self.command} {self.path} {status}")
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _json(self, content: Any) -> None:
        self._answer(200, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def _refuse(self, status: int, code: str, message: str) -> None:
        headers = {"X-Error-Code": code, "X-Error-Message": message} if code else {"X-Error-Message": message}
        self._answer(status, json.dumps({"error": message}).encode(), headers)

    def _route(self) -> None:
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        parts = path.strip("/").split("/")
        mode = self.hub.mode
        if mode == "down":
            self._answer(503, b"down")
        elif mode == "busy":
            self._answer(429, b"wait", {"X-Error-Message": "We had to rate limit you"})
        elif parts[:2] == ["api", "models"]:
            self._api("/".join(parts[2:4]), parts[4:])
        elif parts[0] == "cdn":
            self._content("/".join(parts[1:3]), "/".join(parts[3:]))
        elif len(parts) > 4 and parts[2] == "resolve":
            self._resolve("/".join(parts[:2]), parts[3], "/".join(parts[4:]))
        else:
            self._refuse(404, "", "not found")

    def _is_refused(self, repository: str, revision: str) -> bool:
        if self.hub.mode == "private" or not (self.hub.root / repository).is_dir():
            self._refuse(401, "RepoNotFound", "Invalid username or password.")
        elif self.hub.mode == "forbidden":
            self._refuse(403, "", "Your token may not read this.")
        elif revision not in ("main", COMMIT):
            self._refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        else:
            return False
        return True

    def _api(self, repository: str, rest: list[str]) -> None:
        revision = rest[1] if len(rest) > 1 else "main"
        if self._is_refused(repository, revision):
            return
        folder = self.hub.root / repository
        if rest[:1] == ["tree"]:
            below = folder.joinpath(*rest[2:])
            if not below.is_dir():
                self._refuse(404, "EntryNotFound", "not found")
                return
            recursive = "recursive=True" in self.path
            paths = below.rglob("*") if recursive else below.iterdir()
            self._json([self._tree_entry(path, folder) for path in sorted(paths)])
            return
        names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        self._json(
            {
                "_id": "1",
                "id": repository,
                "sha": COMMIT,
                "private": False,
                "gated": "manual" if self.hub.mode == "gated" else False,
                "tags": [],
                "cardData": {"license": "cc-by-nc-4.0"},
                "siblings": [{"rfilename": name} for name in names],
            }
        )

    def _tree_entry(self, path: Path, folder: Path) -> dict[str, Any]:
        name = path.relative_to(folder).as_posix()
        if path.is_dir():
            return {"type": "directory", "oid": "0" * 40, "size": 0, "path": name}
        data = path.read_bytes()
        entry: dict[str, Any] = {
            "type": "file",
            "oid": hashlib.sha1(data).hexdigest(),
            "size": len(data),
            "path": name,
        }
        if name.endswith(LARGE):
            digest = "0" * 64 if self.hub.mode == "damaged" else hashlib.sha256(data).hexdigest()
            entry["lfs"] = {"oid": digest, "size": len(data), "pointerSize": 134}
        return entry

    def _resolve(self, repository: str, revision: str, name: str) -> None:
        if self.hub.mode == "gated":
            self._refuse(401, "GatedRepo", f"Access to model {repository} is restricted. Please log in.")
        elif self._is_refused(repository, revision):
            pass
        elif not (self.hub.root / repository / name).is_file():
            self._refuse(404, "EntryNotFound", "Entry not found")
        elif name.endswith(LARGE):  # large files lie with another server
            data = (self.hub.root / repository / name).read_bytes()
            headers = {
                "Location": f"{self.hub.url}/cdn/{repository}/{name}",
                "X-Repo-Commit": COMMIT,
                "X-Linked-Size": str(len(data)),
                "X-Linked-Etag": f'"{hashlib.sha256(data).hexdigest()}"',
            }
            self._answer(302, b"", headers)
        else:
            self._content(repository, name)

    def _content(self, repository: str, name: str) -> None:
        data = (self.hub.root / repository / name).read_bytes()
        headers = {
            "ETag": f'"{hashlib.sha256(data).hexdigest()}"',
            "X-Repo-Commit": COMMIT,
            "Accept-Ranges": "bytes",
        }
        status, start, size = 200, 0, len(data)
        if asked := self.headers.get("Range"):
            start = int(asked.partition("=")[2].partition("-")[0])
            status = 206
            headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
        if self.hub.mode == "cut" and self.command == "GET" and name.endswith(LARGE):
            self._answer(status, data[start : start + 1000], headers, length=size - start)
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        self._answer(status, data[start:], headers)
