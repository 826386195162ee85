"""Desks that are kept out of a server, with one thing wrong of each, and what both sides say."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from uuid_utils import uuid7

from console.cloud.jobs.values import Outcome
from console.cloud.pki import minting
from console.cloud.pki.authority import Authority, Made
from console.cloud.pki.minting import Subject
from console.cloud.pki.register import Issued
from console.settings.sync import TargetSettings
from console.sync import wire
from console.sync.answers.asking import Asking
from console.sync.targets.base import Denied, Parcel, Unreachable
from console.sync.targets.https.cloud import CloudTarget
from tests.cloud.api_cases import frame, head, jpeg
from tests.cloud.jobs_cases import Worker, opened
from tests.servers.cloud_server import CloudServer, made_authority

_ANSWER = {
    "space": "file", "size": [64, 48], "took_s": 0.5, "batch": 1, "worker": "w1",
    "ran": [{"model": "m", "runtime": "r", "version": "1", "device": "CPU", "precision": "f32", "served": ""}],
    "found": [{"box": [1.5, 2.0, 3.0, 4.25], "label": "car", "score": 0.5, "stage": 0, "of": None}],
}  # fmt: skip
BODY_TYPE = {"Content-Type": wire.CONTENT_TYPE}


@dataclass
class Sides:
    """Servers, desks with good certificates, and one who was let in until it was revoked.

    Attributes:
        other: shows the certificate of another host.
        desk: desk-1 of plant-1; something of it is kept and worked on.
        same_site: another one of plant-1.
        same_name: desk-1 of plant-2.
        lost: the one that was revoked.
        out: how long that one was still let in, on a connection that it has kept, and what it says then.
        names: of what is kept of `desk`, by the part of the address.
    """

    server: CloudServer
    other: CloudServer
    desk: Made
    same_site: Made
    same_name: Made
    lost: Made
    out: Future[tuple[float, str]]
    names: dict[str, str]

    def kept(self) -> int:
        return int(self.server.rows("SELECT count(*) FROM messages")[0][0])


def line_of(server: CloudServer, text: str) -> str:
    """The line in which the server says so, soon."""
    deadline = time.monotonic() + 10
    while True:
        found = [line.strip() for line in server.words if text in line]
        if found:
            return found[0]
        assert time.monotonic() < deadline, server.words
        time.sleep(0.02)


def until_out(target: CloudTarget) -> tuple[float, str]:
    begun = time.monotonic()
    while (took_s := time.monotonic() - begun) < 60:
        try:
            target.check()
        except Denied as error:
            return took_s, f"{error.what} {error.hint}"
        time.sleep(0.1)
    raise AssertionError


def minted(ca: Authority, folder: Path, who: Subject) -> Made:
    """A certificate whatever names the CA has given away already: two sites may each have a desk-1."""
    signed_by, ca_key = ca._open()
    key = minting.new_key()
    made = minting.certificate(signed_by, ca_key, key, who, now=datetime.now(UTC), days=30)
    files = folder / f"{who.site}-{who.name}.pem", folder / f"{who.site}-{who.name}.key"
    files[0].write_bytes(made.public_bytes(Encoding.PEM))
    files[1].write_bytes(minting.key_pem(key, None))
    issued = Issued(who.name, who.site, (), made.serial_number, made.not_valid_before_utc, made.not_valid_after_utc)
    return Made(issued, *files)


def answered(server: CloudServer, desk: Made) -> dict[str, str]:
    """Have a picture of this desk kept and worked on; its names."""
    file = jpeg()
    one = head(file)
    with closing(CloudTarget(server.target(desk), str)) as target:
        answer = target._way.ask("POST", wire.MESSAGES_PATH, frame(one, file), BODY_TYPE)
    assert (answer.status, json.loads(answer.content)["taken"][0]["state"]) == (202, "received")
    with opened(f"sqlite:///{server.kept / 'cloud.db'}") as database:
        (job,) = Worker(database).claim(tasks=["cars"])
        with database.writing(job.site) as session:
            outcome = Outcome(job.job_id, job.attempt, "done", answer=_ANSWER)
            assert session.settle(job.site, "w1", [outcome]) == {job.job_id}
    return {"items": one["tracking_id"], "messages": one["message_id"], "files": one["file"]["sha256"]}


def parcel() -> Parcel:
    return Parcel(1, str(uuid7()), str(uuid7()), "event", "gate", "2026-03-04T12:00:00.250Z", {"of": "event"})


def denied(settings: TargetSettings) -> str:
    """What a desk says that is let in by no way: the look, messages, answers; all the same."""
    said = set[str]()
    with closing(CloudTarget(settings, str)) as target, closing(Asking(settings, str)) as asking:
        ways: list[Callable[[], object]] = [target.check, lambda: target.send([parcel()]), lambda: asking.page(0)]
        for way in ways:
            with pytest.raises(Denied) as caught:
                persistently(way)
            assert caught.value.hint
            said.add(f"{caught.value.what} {caught.value.hint}")
    (words,) = said
    return words


def persistently(way: Callable[[], object]) -> None:
    """As a desk does: where a busy server takes more than a second to say why it hangs up, another try is told."""
    for _attempt in range(4):
        try:
            way()
        except Unreachable:
            continue
        else:
            return
    way()


def show(case: str, desk: str, server: str) -> None:
    """A line of the table that a run with -s prints."""
    print(f"\n| {case} | {desk} | {server} |")


def wrong(sides: Sides, folder: Path, case: str) -> TargetSettings:
    """A desk's settings with one thing wrong."""
    server, ca = sides.server, sides.server.authority
    if case == "no certificate":
        return server.target(sides.desk).model_copy(update={"certificate": "", "key": ""})
    if case == "another CA":
        return server.target(made_authority(folder / "other").issue(Subject("desk-1", "plant-1")))
    if case == "expired":
        past = Authority(ca.folder, lambda: "", lambda: datetime.now(UTC) - timedelta(days=30))
        return server.target(past.issue(Subject(f"old-{uuid7().hex}", "plant-1"), days=10))
    if case == "a server's certificate":
        return server.target(server.server)
    return server.target(sides.desk, ca=made_authority(folder / "other").certificate)


def asked(sides: Sides, made: Made) -> tuple[dict[str, int], list[Any], int]:
    """The statuses of what desk-1 of plant-1 has there, the answers for this desk, and the last number it hears of."""
    settings = sides.server.target(made)
    with closing(CloudTarget(settings, str)) as target, closing(Asking(settings, str)) as asking:
        statuses = {part: target._way.ask("GET", f"/v1/{part}/{name}").status for part, name in sides.names.items()}
        page = asking.page(0)
        raw = json.loads(target._way.ask("GET", wire.ANSWERS_PATH).content)
    assert page is not None
    assert len(page.answers) == len(raw["answers"])
    return statuses, [one["body"]["space"] for one in raw["answers"]], page.last
