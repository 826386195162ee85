"""Who is kept out of a running `sightdesk cloud serve`, and what both sides say of it: a desk's own client, real TLS.

With -s each case prints its line: the case, what the desk says, what the server says.
"""

from __future__ import annotations

import json
import os
import re
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from console.cloud.pki.minting import Subject
from console.sync import wire
from console.sync.targets.base import Denied
from console.sync.targets.https.cloud import CloudTarget
from tests.cloud.api_cases import frame, head
from tests.cloud.refusal_cases import BODY_TYPE, Sides, answered, asked, denied, line_of, minted, show, until_out, wrong
from tests.servers.cloud_server import CloudServer
from tests.servers.odd import Odd, silent

_OTHER_HOST = "elsewhere.example"
_FORGED = (
    "X-Client-Cert", "X-Forwarded-Client-Cert", "X-SSL-Client-Cert", "X-SSL-Client-S-DN", "X-SSL-Client-Verify",
    "X-Client-DN", "X-Forwarded-For", "X-Real-IP", "Forwarded", "Sightdesk-Desk", "Sightdesk-Site",
    "X-Sightdesk-Identity", "Sightdesk-Identity", "X-Remote-User", "Remote-User", "Authorization", "Cookie",
)  # fmt: skip


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    folder = tmp_path_factory.mktemp("refusals")
    tasks = folder / "tasks.yaml"
    tasks.write_text("tasks: [{name: cars, takes: pictures, stages: [{model: m}]}]\n")
    server, other = CloudServer(folder, "--tasks", str(tasks)), CloudServer(folder / "other")
    other.server = other.authority.issue(Subject("other", hosts=(_OTHER_HOST,)))
    with ThreadPoolExecutor(2) as threads, ExitStack() as stack:
        for starting in [threads.submit(stack.enter_context, one) for one in (server, other)]:
            starting.result()
        lost = server.desk("lost", "plant-3")
        kept = stack.enter_context(closing(CloudTarget(server.target(lost), str)))
        assert "answered" in kept.check()
        server.authority.revoke("lost")
        out, desk = threads.submit(until_out, kept), server.desk()
        alike = minted(server.authority, folder, Subject("desk-1", "plant-2"))
        yield Sides(server, other, desk, server.desk("desk-2"), alike, lost, out, answered(server, desk))


@pytest.mark.parametrize(
    ("case", "desk_says", "server_says"),
    [
        ("no certificate", "lets in only who shows a certificate, and this desk showed none. Have a certificate issued",
         "Refused 127.0.0.1: it showed no certificate [PEER_DID_NOT_RETURN_A_CERTIFICATE]"),
        ("another CA", "does not know the CA that issued this desk's certificate. Have a certificate issued",
         "Refused 127.0.0.1: its certificate is of a CA that is not let in ["),
        ("expired", "says that this desk's certificate has ended. It ended on",
         "Refused 127.0.0.1: its certificate has ended [certificate has expired]"),
        ("a server's certificate", "does not accept certificates of this desk's kind. Have a certificate issued",
         "Refused 127.0.0.1: its certificate is not one of a desk, or is damaged ["),
        ("a CA the desk does not trust", "is not one this desk trusts, so nothing is sent. Look whether",
         "Refused 127.0.0.1: it does not trust this server's certificate: another CA, another name, or ended ["),
    ],
)  # fmt: skip
def test_both_sides_say_why(sides: Sides, tmp_path: Path, case: str, desk_says: str, server_says: str) -> None:
    before, settings = sides.kept(), wrong(sides, tmp_path, case)
    words = denied(settings)
    assert desk_says in words
    said = line_of(sides.server, server_says)
    assert sides.kept() == before
    show(case, words, said)


def test_a_server_of_another_name(sides: Sides) -> None:
    words = denied(sides.other.target(sides.other.desk()))
    assert "shows the certificate of another host, so nothing is sent. Look whether the address is right" in words
    show("another host's name", words, line_of(sides.other, "Refused 127.0.0.1: it does not trust this server's"))


def test_a_server_that_speaks_tls_1_1_alone_is_sent_nothing(sides: Sides) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sides.server.server.certificate, sides.server.server.key)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with Odd(silent, context) as old:
        words = denied(sides.server.target(sides.desk).model_copy(update={"url": old.url}))
    assert "speaks only an older TLS than 1.2, which is not safe, so nothing is sent. It must be brought up" in words
    show("the server speaks TLS 1.1", words, "-")


def test_a_desk_that_speaks_tls_1_1_alone_is_kept_out(sides: Sides) -> None:
    context = sides.server.client(sides.desk)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    host, port = sides.server.url.removeprefix("https://").split(":")
    with (
        socket.create_connection((host, int(port)), 10) as plain,
        pytest.raises(ssl.SSLError) as caught,
        context.wrap_socket(plain, server_hostname=host),
    ):
        pass
    assert caught.value.reason == "TLSV1_ALERT_PROTOCOL_VERSION"
    said = line_of(sides.server, "Refused 127.0.0.1: it speaks no TLS from 1.2 on [")
    show("the client speaks TLS 1.1", f"(OpenSSL) {caught.value.reason}", said)


def test_headers_that_name_somebody_else_change_nothing(sides: Sides) -> None:
    """Written by whoever likes to, or by a proxy: what counts is the certificate of this connection."""
    names = (
        "sightdesk://plant-1/desk-1",
        "plant-1/desk-1",
        sides.desk.certificate.read_text().strip().replace("\n", " "),
    )
    one = frame(head())
    with closing(CloudTarget(sides.server.target(sides.same_name), str)) as target:
        for value in names:
            forged = dict.fromkeys(_FORGED, value)
            for part, name in sides.names.items():
                assert target._way.ask("GET", f"/v1/{part}/{name}", b"", forged).status == 404
            found = json.loads(target._way.ask("GET", wire.ANSWERS_PATH, b"", forged).content)
            assert (found["answers"], found["last"]) == ([], 0)
        sent = target._way.ask("POST", wire.MESSAGES_PATH, one, BODY_TYPE | forged)
        assert sent.status == 202
    rows = sides.server.rows("SELECT site, desk FROM messages ORDER BY rowid DESC LIMIT 1")
    assert rows == [("plant-2", "desk-1")]
    bare = sides.server.target(sides.desk).model_copy(update={"certificate": "", "key": ""})
    with closing(CloudTarget(bare, str)) as target, pytest.raises(Denied, match="this desk showed none"):
        target._way.ask("GET", wire.HELLO_PATH, b"", forged)


def test_what_is_anothers_is_not_there(sides: Sides) -> None:
    """Of another site there is nothing; of its own a desk sees what is kept, and answers to what it sent alone."""
    own, site, alike = (asked(sides, made) for made in (sides.desk, sides.same_site, sides.same_name))
    assert own == ({"items": 200, "messages": 200, "files": 200}, ["file"], 1)
    assert site == ({"items": 200, "messages": 200, "files": 200}, [], 1)
    assert alike == ({"items": 404, "messages": 404, "files": 404}, [], 0)


def test_the_command_of_the_desk_says_the_same(sides: Sides, tmp_path: Path, own_home: Path) -> None:
    """`sightdesk outbox check` with a target for each way to be wrong, and one that is right."""
    cases = ("no certificate", "another CA", "expired", "a CA the desk does not trust")
    targets = [("right", sides.server.target(sides.desk))]
    for case in cases:
        (tmp_path / case).mkdir()
        targets.append((re.sub("[^a-z]", "-", case.lower()), wrong(sides, tmp_path / case, case)))
    wanted = [
        {"name": name, **one.model_dump(mode="json", include={"kind", "url", "ca", "certificate", "key"})}
        for name, one in targets
    ]
    own_home.mkdir(parents=True)
    (own_home / "settings.yaml").write_text(json.dumps({"sync": {"targets": wanted}}))
    done = subprocess.run(
        [sys.executable, "-m", "console", "outbox", "check", "--json"], capture_output=True, text=True, timeout=60,
        check=False, env={**os.environ, "SIGHTDESK_HOME": str(own_home)},
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    said = {one["target"]: one for one in json.loads(done.stdout)["targets"]}
    assert [name for name, one in said.items() if one["ok"]] == ["right"]
    assert all(one["hint"] and "localhost" in one["words"] for one in said.values() if not one["ok"])
    assert "has ended. It ended on" in said["expired"]["words"]


def test_who_is_revoked_is_out_within_a_minute_without_a_restart(sides: Sides) -> None:
    """On a connection that it kept, and on new ones. Comes last: what that takes has passed meanwhile."""
    took_s, words = sides.out.result()
    assert "does not let this desk in (403). The certificate of lost at plant-3 was revoked. Ask who runs it" in words
    before = sides.kept()
    assert denied(sides.server.target(sides.lost)) == words
    assert sides.kept() == before
    show(f"revoked, out after {took_s:.1f} s", words, "403, in these words")
    assert took_s < 60
