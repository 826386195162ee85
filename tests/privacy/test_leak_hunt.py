"""The leak hunt: codes stand where faces and plates are, and nothing a desk writes, sends or shows lets one be read.

    uv run pytest tests/privacy                 SIGHTDESK_HUNT_SEED=n for other clips

Beside the cameras whose codes are secret stand some whose footage was published: theirs must be read, in event
pictures, snapshots and tensors. And some are planted, in one way each that a mistake could take: each must be found.
Else the hunt would be blind, and its silence worth nothing.
"""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from console.pipeline.revealed import Revealed
from console.privacy.sealing import PrivateKey, SealError, unseal
from models.frames import Frame
from models.regions import Regions
from tests.conftest import missing
from tests.privacy.codes import SIZE, World
from tests.privacy.day import PLANTED
from tests.privacy.hunting import CLOSER_KEY, KEY, Catch, hunt
from tests.privacy.reading import Found, Reader
from tests.servers import pytriton_server

SEED = int(os.environ.get("SIGHTDESK_HUNT_SEED", "11"))
Readable = list[tuple[str, Found]]


@pytest.fixture(scope="module")
def catch(tmp_path_factory: pytest.TempPathFactory, qapp: QApplication) -> Catch:
    return hunt(tmp_path_factory.mktemp("hunt"), qapp, SEED)


@pytest.fixture(scope="module")
def reader(catch: Catch) -> Reader:
    return catch.reader()


@pytest.fixture(scope="module")
def readable(catch: Catch, reader: Reader) -> Readable:
    return list(catch.readable(reader))


def test_no_secret_code_is_readable_anywhere(catch: Catch, reader: Reader, readable: Readable) -> None:
    assert sorted({(where, found) for where, found in readable if found.says in catch.secret.secrets}) == []
    assert reader.pictures > 20


def test_the_hunt_is_not_blind(catch: Catch, readable: Readable) -> None:
    """What was published is read: in the pictures of that camera, and nowhere else."""
    published = {"home/" + path for path, camera, policy in catch.pictures if policy == "published footage"}
    seen = {where for where, found in readable if found.says in catch.published.secrets}
    unfinished = {where for where in seen if where.endswith(".part")}
    assert len(published) >= 2
    assert unfinished  # a picture's file before it got its name
    finished = {where for where in seen - unfinished if not where.startswith("tensor")}
    assert finished <= published
    assert len(finished) >= 2  # not all: the crop of an event may cut every code in two


@pytest.mark.parametrize("number", [number for number, (_, where) in PLANTED.items() if not where.startswith("tensor")])
def test_a_planted_leak_is_found(catch: Catch, readable: Readable, number: int) -> None:
    what, where = PLANTED[number]
    secrets = World(catch.planted.seed + number).secrets
    assert where in {place for place, found in readable if found.says in secrets}, what


@pytest.mark.services
@pytest.mark.parametrize(("protocol", "number"), [("grpc", 4), ("http", 6)])
def test_what_goes_to_a_server_is_covered_and_a_tensor_that_is_not_is_found(
    catch: Catch, readable: Readable, protocol: str, number: int
) -> None:
    if why := pytriton_server.why_not():
        missing("services", why)
    in_tensors = {found.says for where, found in readable if where == PLANTED[number][1]}
    assert not in_tensors & catch.secret.secrets
    assert in_tensors & catch.published.secrets
    assert in_tensors & World(catch.planted.seed + number).secrets
    record = [json.loads(line) for line in (catch.home / "audit.jsonl").read_text().splitlines()]
    loaded = [line for line in record if line["event"] == "remote model loaded" and line["url"].startswith(protocol)]
    assert {"covered"} == {line["pictures"] for line in loaded}


def test_while_a_supervisor_looks_nothing_plain_is_kept_and_then_it_is_covered_again(
    catch: Catch, reader: Reader
) -> None:
    """That no secret code is readable anywhere holds for this time too; here it is seen that there was such a time."""
    assert any(reader.picture(shown) & catch.secret.secrets for shown in catch.revealed)
    assert len(catch.screens["yard"]) == 3
    assert not reader.picture(catch.screens["yard"][-1]) & catch.secret.secrets
    record = [json.loads(line) for line in (catch.home / "audit.jsonl").read_text().splitlines()]
    begun, over = (
        next(line for line in record if line["event"] == event)
        for event in ("live picture revealed", "live picture covered again")
    )
    assert begun["who"] == "Kim"
    assert over["how"] == "its time was over"
    during = [path for path, _camera, _policy in catch.pictures if begun["at"] < _written(catch, path) < over["at"]]
    assert during


def _written(catch: Catch, path: str) -> str:
    return datetime.fromtimestamp((catch.home / path).stat().st_mtime, UTC).isoformat()


def test_a_site_that_native_code_kills_leaves_no_picture_behind(catch: Catch) -> None:
    """Of what it left nothing is readable, like all else; here it is seen that it was at work and did die."""
    assert "Fatal Python error: Segmentation fault" in (catch.crashed / "logs" / "faults.log").read_text()
    assert "about to crash" in (catch.crashed / "logs" / "sightdesk.log").read_text()
    assert list((catch.crashed / "pictures").rglob("*.jpg"))
    assert not list(catch.root.glob("core*")), "the system put the process's memory on disk"
    with zipfile.ZipFile(catch.root / "crash.zip") as bundle:
        assert any("Segmentation fault" in bundle.read(name).decode(errors="replace") for name in bundle.namelist())


def test_faces_are_looked_for_and_pictures_made_where_nobody_waits_for_it(catch: Catch) -> None:
    threads = catch.threads
    assert threads is not None
    assert threads.wrong() == set()
    done_by = {name for names in threads.seen.values() for name in names}
    assert {"redact yard", "events", "watch faces", "watch plates"} <= done_by
    assert any(name.startswith("job Snapshot of") for name in threads.seen["PictureWriter.write"])


def test_plates_are_there_for_the_holder_of_the_key_and_for_nobody_else(catch: Catch) -> None:
    assert catch.sealed
    assert {camera for _path, camera in catch.sealed} == {"gate"}
    says = set()
    for path, _camera in catch.sealed:
        content = (catch.home / path).read_bytes()
        with pytest.raises(SealError):
            unseal(content, PrivateKey.new())
        opened = unseal(content, KEY)
        assert opened.about["camera_id"] == "gate"
        crop = cv2.imdecode(np.frombuffer(opened.png, np.uint8), cv2.IMREAD_COLOR)
        says |= catch.reader().picture(cv2.copyMakeBorder(crop, 20, 20, 20, 20, cv2.BORDER_CONSTANT, value=(9, 9, 9)))
    assert says == {catch.secret.says("PLATE")}


def test_doubtful_vehicles_are_there_for_who_looks_closer_and_for_nobody_else(catch: Catch) -> None:
    assert {camera for _path, camera in catch.closer} == {"gate"}
    reader, says = catch.reader(), set()
    for path, _camera in catch.closer:
        content = (catch.home / path).read_bytes()
        with pytest.raises(SealError):
            unseal(content, KEY)
        opened = unseal(content, CLOSER_KEY)
        assert (opened.about["source_width"], opened.about["source_height"]) == SIZE
        crop = cv2.imdecode(np.frombuffer(opened.png, np.uint8), cv2.IMREAD_COLOR)
        assert 0 <= opened.about["x"] <= SIZE[0] - crop.shape[1]
        assert 0 <= opened.about["y"] <= SIZE[1] - crop.shape[0]
        says |= reader.picture(crop)
    assert catch.secret.says("PLATE") in says
    assert catch.secret.says("DOOR") not in says
    threads = catch.threads
    assert threads is not None
    assert threads.seen["SealedWriter.write"] <= {"events", "review"}
    assert "review" in threads.seen["SealedWriter.write"]


def test_it_went_through_everything(catch: Catch) -> None:
    assert {"gate", "yard", "shop"} <= {camera for _path, camera, _policy in catch.pictures}
    names = catch.versions.names()
    wanted = {
        "sightdesk.db",
        "sightdesk.db-wal",
        "settings.yaml",
        "report.zip",
        "desk.json",
        "sightdesk.log",
        "results.jsonl",
    }
    assert wanted <= names, names
    assert any(name.endswith(".jpg") for name in names)
    log = (catch.home / "logs" / "sightdesk.log").read_text()
    assert "a picture failed" in log
    assert "it failed" in log
    assert catch.versions.strays <= {"/dev/null"}, "written outside of the watched folder"


@pytest.mark.soak
def test_a_product_that_covers_nothing_is_caught_at_every_door(
    tmp_path_factory: pytest.TempPathFactory, qapp: QApplication
) -> None:
    offer = Revealed.offer

    def writes_what_it_shows(revealed: Revealed, frame: Frame) -> None:
        offer(revealed, frame)
        if revealed.latest is not None:
            Path(tempfile.gettempdir(), "revealed.bin").write_bytes(revealed.latest.pixels.tobytes())

    def covers_nothing(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(Regions, "gather", lambda _self: None)
        patch.setattr(Revealed, "offer", writes_what_it_shows)

    broken = hunt(tmp_path_factory.mktemp("broken"), qapp, SEED, covers_nothing)
    leaks = {where for where, found in broken.readable(broken.reader()) if found.says in broken.secret.secrets}
    by_camera = {camera: "home/" + path for path, camera, policy in broken.pictures if policy == "cover"}
    assert {"gate", "yard"} <= set(by_camera)
    assert set(by_camera.values()) <= leaks
    assert "tile of yard" in leaks
    assert "tmp/revealed.bin" in leaks
    assert any(where.endswith(".part") for where in leaks)
    assert pytriton_server.why_not() or {"tensor over grpc", "tensor over http"} <= leaks
