"""Azurite, Microsoft's own stand-in for Azure's blobs, from npm, on loopback."""

from __future__ import annotations

import base64
import email.utils
import hashlib
import hmac
import os
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from tests.servers import environments
from tests.servers.pytriton_server import free_ports

ACCOUNT, KEY = "desk", base64.b64encode(b"the right key of this account").decode()
START_S = 60.0
_VERSION = "2021-08-06"


def why_not() -> str:
    """Why it can't run here; empty where it can."""
    return environments.why_no_node("azurite")


class Azurite:
    """The server. What it has stays from stop to start, at the same address.

    Attributes:
        endpoint: of the account.
    """

    def __init__(self) -> None:
        self._main = environments.node_modules("azurite") / "azurite" / "dist" / "src" / "blob" / "main.js"
        self._work = tempfile.TemporaryDirectory(prefix="azurite-")
        (self._port,) = free_ports(1)
        self.endpoint = f"http://127.0.0.1:{self._port}/{ACCOUNT}"
        self._process: subprocess.Popen[bytes] | None = None
        self._seen: dict[tuple[str, str, str], bytes] = {}
        self.start()

    def start(self) -> None:
        """Serve; nothing where it does already."""
        if self._process is not None:
            return
        with (Path(self._work.name) / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    "node", str(self._main), "--silent", "--location", self._work.name, "--blobHost", "127.0.0.1",
                    "--blobPort", str(self._port), "--skipApiVersionCheck", "--disableTelemetry",
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"},
            )  # fmt: skip
        deadline = time.monotonic() + START_S
        while not self._serves():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError((Path(self._work.name) / "log").read_text(errors="replace")[-3000:])
            time.sleep(0.02)

    def stop(self) -> None:
        """End it, with what it has on the disk: it writes its index only now and then, and in the end."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)

    def close(self) -> None:
        """Stop it for good."""
        self.stop()
        self._work.cleanup()

    def make(self, container: str) -> None:
        """Make a container."""
        date = email.utils.formatdate(usegmt=True)
        said = (
            f"PUT\n{chr(10) * 11}x-ms-date:{date}\nx-ms-version:{_VERSION}\n"
            f"/{ACCOUNT}/{ACCOUNT}/{container}\nrestype:container"
        )
        mark = base64.b64encode(hmac.new(base64.b64decode(KEY), said.encode(), hashlib.sha256).digest()).decode()
        asked = urllib.request.Request(
            f"{self.endpoint}/{container}?restype=container", method="PUT",
            headers={"x-ms-date": date, "x-ms-version": _VERSION, "Authorization": f"SharedKey {ACCOUNT}:{mark}"},
        )  # fmt: skip
        with urllib.request.urlopen(asked, timeout=30):
            pass

    def content(self, container: str) -> dict[str, bytes]:
        """Everything in a container; what did not change since the last look is not asked for."""
        import obstore
        from obstore.store import AzureStore

        store = AzureStore(
            container, account_name=ACCOUNT, account_key=KEY, endpoint=self.endpoint,
            client_options={"allow_http": True},
        )  # fmt: skip
        found: dict[str, bytes] = {}
        for one in (one for page in obstore.list(store, chunk_size=1000) for one in page):
            key = container, str(one["path"]), str(one["e_tag"])
            if key not in self._seen:
                self._seen[key] = bytes(obstore.get(store, one["path"]).bytes())
            found[one["path"]] = self._seen[key]
        return found

    def _serves(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self._port), 1).close()
        except OSError:
            return False
        return True
