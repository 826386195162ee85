"""A real S3 server on loopback: OpenStack Swift with s3api, of Debian's python3-swift; see `swift_script`."""

from __future__ import annotations

import json
import os
import select
import subprocess
import tempfile
import urllib.request
from contextlib import suppress
from pathlib import Path

from tests.servers.environments import SYSTEM_PYTHON
from tests.servers.pytriton_server import free_ports

SCRIPT = Path(__file__).with_name("swift_script.py")
USER, KEY = "desk:operator", "the-right-key"
START_S = 60.0
_PACKAGE = Path("/usr/lib/python3/dist-packages/swift/proxy/server.py")


def why_not() -> str:
    """Why it can't run here; empty where it can."""
    if not SYSTEM_PYTHON.is_file():
        return f"Swift runs on Debian's own Python, and there is no {SYSTEM_PYTHON}"
    if not _PACKAGE.is_file():
        return "Debian's package python3-swift is not installed"
    return "" if _folder_with_attributes() else "no scratch folder here takes extended attributes (user.*)"


def _folder_with_attributes() -> Path | None:
    """A folder for scratch data whose file system keeps extended attributes, as Swift's objects need them."""
    for place in (Path(tempfile.gettempdir()), Path("/var/tmp"), Path.home()):
        with suppress(OSError), tempfile.NamedTemporaryFile(dir=place) as file:
            os.setxattr(file.name, "user.sightdesk", b"1" * 500)
            return place
    return None


class Swift:
    """The server. What it has stays from stop to start, at the same address.

    Attributes:
        endpoint: where S3 is spoken.
    """

    def __init__(self) -> None:
        self._work = tempfile.TemporaryDirectory(prefix="swift-", dir=_folder_with_attributes())
        (Path(self._work.name) / "key").write_text(KEY)
        (self._port,) = free_ports(1)
        self.endpoint = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[str] | None = None
        self._login: tuple[str, ...] = ()
        self._seen: dict[tuple[str, str, str], bytes] = {}
        self.start()

    def start(self) -> None:
        """Serve; nothing where it does already."""
        if self._process is not None:
            return
        with (Path(self._work.name) / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(SYSTEM_PYTHON), "-P", str(SCRIPT), self._work.name, str(self._port)], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=log, text=True, env={"PATH": "/usr/bin:/bin"},
            )  # fmt: skip
        assert self._process.stdout is not None
        ready = select.select([self._process.stdout], [], [], START_S)[0]
        if not ready or self._process.stdout.readline().strip() != "ready":
            self.stop()
            raise RuntimeError((Path(self._work.name) / "log").read_text(errors="replace")[-3000:])

    def stop(self) -> None:
        """kill -9: from now on connections to it are refused."""
        process, self._process, self._login = self._process, None, ()
        if process is not None:
            process.kill()
            process.wait(10)
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()

    def close(self) -> None:
        """Stop it for good."""
        self.stop()
        self._work.cleanup()

    def make(self, bucket: str, quota: int | None = None) -> None:
        """Make a bucket, or give it another quota in bytes."""
        headers = {"X-Container-Meta-Quota-Bytes": "" if quota is None else str(quota)}
        self._ask("PUT", bucket, headers)

    def content(self, bucket: str) -> dict[str, bytes]:
        """Everything in a bucket, through Swift's own API; what did not change since the last look is not asked for."""
        found: dict[str, bytes] = {}
        for one in json.loads(self._ask("GET", f"{bucket}?format=json") or "[]"):
            key = bucket, one["name"], one["hash"]
            if key not in self._seen:
                self._seen[key] = self._ask("GET", f"{bucket}/{urllib.request.quote(one['name'])}")
            found[one["name"]] = self._seen[key]
        return found

    def _ask(self, method: str, path: str, headers: dict[str, str] | None = None) -> bytes:
        if not self._login:
            login = urllib.request.Request(
                f"{self.endpoint}/auth/v1.0", headers={"X-Auth-User": USER, "X-Auth-Key": KEY}
            )
            with urllib.request.urlopen(login, timeout=30) as answer:
                self._login = answer.headers["X-Storage-Url"], answer.headers["X-Auth-Token"]
        url, token = self._login
        asked = urllib.request.Request(
            f"{url}/{path}", method=method, headers={"X-Auth-Token": token, **(headers or {})}
        )
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return bytes(answer.read())
