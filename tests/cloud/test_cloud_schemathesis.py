"""Schemathesis against the running server over mutual TLS: no fault inside, and no answer its description lacks."""

from __future__ import annotations

import http.client
import os
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from console.bench.cloud_crops import body_of
from console.cloud.pki.authority import Made
from console.sync import wire
from tests.cloud.keeping_cases import jpeg, message
from tests.conftest import ROOT, missing
from tests.servers import environments
from tests.servers.cloud_server import CloudServer

pytestmark = [pytest.mark.services, pytest.mark.soak, pytest.mark.timeout(600)]
_CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "unsupported_method",
)  # fmt: skip
_EXAMPLES = int(os.environ.get("SIGHTDESK_EXAMPLES", "300"))


def test_no_fault_inside_and_every_answer_as_described(tmp_path: Path) -> None:
    why = environments.why_not("schemathesis")
    if why:
        missing("services", why)
    python = environments.python_of("schemathesis")
    tasks = tmp_path / "tasks.yaml"
    tasks.write_text("tasks: [{name: cars, takes: pictures, stages: [{model: yolox_nano}]}]")
    with CloudServer(tmp_path / "cloud", "--tasks", str(tasks)) as server:
        made = server.desk()
        _send(server, made, body_of(message(jpeg("a"))))  # of an ID that nothing erases
        done = subprocess.run(
            [
                str(python.with_name("schemathesis")), "run", f"{server.url}/openapi.json", "--seed", "8",
                "--checks", ",".join(_CHECKS), "--max-examples", str(_EXAMPLES), "--continue-on-failure",
                "--request-cert", str(made.certificate), "--request-cert-key", str(made.key),
                "--tls-verify", str(server.authority.certificate), "--warnings", "off", "--no-color",
            ],
            capture_output=True, text=True, check=False, timeout=580, cwd=tmp_path,
            env={
                **os.environ, "PYTHONPATH": str(ROOT / "tests" / "servers"),
                "SCHEMATHESIS_HOOKS": "schemathesis_hooks",
            },
        )  # fmt: skip
        taken = server.rows("SELECT count(*) FROM messages")[0][0]
        queued = server.rows("SELECT count(*) FROM jobs")[0][0]
        log = (server.kept / "logs" / "sightdesk.log").read_text()
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert taken  # what was sent was not nonsense alone
    assert queued >= 1
    assert "Traceback" not in log + "".join(server.words)
    print(done.stdout[-1500:])


def _send(server: CloudServer, made: Made, body: bytes) -> None:
    host, port = server.url.removeprefix("https://").split(":")
    with closing(http.client.HTTPSConnection(host, int(port), context=server.client(made), timeout=10)) as connection:
        connection.request("POST", wire.MESSAGES_PATH, body, {"Content-Type": wire.CONTENT_TYPE})
        assert connection.getresponse().status == 202
