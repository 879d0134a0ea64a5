"""Judge a crate by the RO-Crate validator without a network: ro_crate.py CACHE CRATE, in its environment.

The validator asks w3id.org for the JSON-LD context of RO-Crate, which the library rocrate carries; it is put
into the cache that the validator reads.
"""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import rocrate
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests_cache import CachedSession
from urllib3 import HTTPResponse

CONTEXT = "https://w3id.org/ro/crate/1.1/context"


class Shipped(BaseAdapter):
    """Answers with the context that rocrate carries."""

    def send(self, request: PreparedRequest, **_: Any) -> Response:
        answer = Response()
        answer.status_code, answer.url, answer.request = 200, str(request.url), request
        answer.headers["Content-Type"] = "application/ld+json"
        body = (Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld").read_bytes()
        answer.raw = HTTPResponse(
            io.BytesIO(body), dict(answer.headers), 200, preload_content=False, request_url=request.url
        )
        return answer

    def close(self) -> None:
        pass


cache, crate = sys.argv[1:]
session = CachedSession(cache, expire_after=-1)
session.mount("https://w3id.org/", Shipped())
session.get(CONTEXT, headers={"Accept": "application/ld+json, application/json"}).raise_for_status()
session.close()
validator = [
    str(Path(sys.executable).with_name("rocrate-validator")),
    "-y",
    "validate",
    "--no-paging",
    "--verbose",
]
options = [
    "--offline",
    "--cache-path",
    cache,
    "--profile-identifier",
    "ro-crate-1.1",
    "--output-line-width",
    "200",
]
sys.exit(subprocess.run([*validator, *options, crate]).returncode)
