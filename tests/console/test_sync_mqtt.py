"""The MQTT target against a Mosquitto of its own: presence, logins, certificates, retained pictures, limits, topics."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.settings.home import Home
from console.settings.section import SecretRef
from console.settings.sync import TargetSettings
from console.store.store import Store
from console.sync.targets.base import Denied, Parcel, Receipt, Refused, TargetError, Unreachable
from console.sync.targets.mqtt import target as module
from console.sync.targets.mqtt.target import MqttTarget
from console.sync.targets.mqtt.topics import prefix_of, publications, safe
from tests.conftest import missing
from tests.contract.parcels import erased, parcels
from tests.servers.mosquitto import DESK, Mosquitto, why_not
from tests.servers.mqtt_watcher import Watcher, retained

AVAILABLE = "sightdesk/available"
Open = Callable[..., Mosquitto]


@pytest.fixture
def open_broker(tmp_path: Path) -> Iterator[Open]:
    """Starts brokers."""
    if why := why_not():
        missing("services", why)
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(Mosquitto(tmp_path / "broker", **options))


@pytest.fixture
def some(own_home: Path) -> Iterator[list[Parcel]]:
    """Events and pictures of them."""
    with Home.open(own_home) as home, Store.open(home) as store:
        yield parcels(home, store, 8, 3, ("event", "picture"))


def settings_of(broker: Mosquitto, **changed: object) -> TargetSettings:
    values: dict[str, object] = {
        "name": "broker", "kind": "mqtt", "url": f"mqtts://localhost:{broker.port}", "user": DESK[0],
        "secret": SecretRef(secret="broker"), "ca": str(broker.authority.ca),
    }  # fmt: skip
    return TargetSettings.model_validate(values | changed)


def target_of(broker: Mosquitto, site: str = "depot", **changed: object) -> MqttTarget:
    return MqttTarget(settings_of(broker, **changed), {"broker": DESK[1]}.__getitem__, site)


def test_what_nobody_foresaw_does_not_end_the_keeper(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as a machine that can start no thread just now."""
    errors: list[Exception] = [RuntimeError("can't start new thread"), Unreachable("it is away")]

    def line(*_: object) -> None:
        raise errors.pop(0) if len(errors) > 1 else errors[0]

    monkeypatch.setattr(module, "Line", line)
    given = TargetSettings.model_validate({"name": "broker", "kind": "mqtt", "url": "mqtt://127.0.0.1:1"})
    with closing(MqttTarget(given, str, "depot")) as target:
        with pytest.raises(TargetError, match="nobody foresaw: RuntimeError"):
            target.settle()
        with pytest.raises(Unreachable, match="it is away"):
            target.settle()


def available(broker: Mosquitto) -> bytes:
    return retained(broker)[AVAILABLE].payload


def test_presence_is_shown_while_it_runs_and_taken_back_when_it_closes(open_broker: Open) -> None:
    broker = open_broker()
    with closing(target_of(broker)) as target:
        target.settle()
        assert available(broker) == b"online"
    assert available(broker) == b"offline"


_PROGRAM = """
import sys
from console.settings.sync import TargetSettings
from console.sync.targets.mqtt import target as module
from console.sync.targets.mqtt.target import MqttTarget
target = MqttTarget(TargetSettings.model_validate_json(sys.argv[1]), {"broker": sys.argv[2]}.__getitem__, "depot")
target.settle()
print("online", flush=True)
sys.stdin.read()
"""


def test_the_last_will_is_published_when_the_desk_is_killed(open_broker: Open) -> None:
    broker = open_broker()
    settings = settings_of(broker).model_dump_json()
    with (
        Watcher(broker) as watcher,
        subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, settings, DESK[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as desk,
    ):
        assert desk.stdout is not None
        assert desk.stdout.readline() == b"online\n"
        assert available(broker) == b"online"
        os.kill(desk.pid, signal.SIGKILL)
        watcher.wait(
            lambda: [one.payload for one in watcher.heard if one.topic == AVAILABLE] == [b"online", b"offline"]
        )
    assert available(broker) == b"offline"


def test_presence_comes_back_by_itself_when_the_broker_was_restarted(open_broker: Open, some: list[Parcel]) -> None:
    broker = open_broker()
    with closing(target_of(broker)) as target:
        target.send(some[:2])
        broker.stop()
        broker.start()
        with Watcher(broker) as watcher:  # nothing is sent meanwhile
            watcher.wait(lambda: any(one.topic == AVAILABLE and one.payload == b"online" for one in watcher.heard))
        target.send(some[2:])


def test_who_is_not_let_in_is_told_why(open_broker: Open) -> None:
    broker = open_broker()
    with closing(target_of(broker, user="nobody")) as target, pytest.raises(Denied, match="user or password") as error:
        target.settle()
    assert "secrets set" in error.value.hint
    other = broker.authority.other()
    with closing(target_of(broker, ca=str(other.ca))) as target, pytest.raises(Denied, match="CA that vouches"):
        target.check()
    with closing(target_of(broker, ca="/nowhere/ca.pem")) as target, pytest.raises(Denied, match="can't be read"):
        target.settle()
    clear = f"mqtt://127.0.0.1:{broker.port}"
    with closing(target_of(broker, url=clear)) as target, pytest.raises(TargetError):
        target.settle()
    secretless = MqttTarget(settings_of(broker), no_secret, "depot")
    with closing(secretless), pytest.raises(Denied, match="no such secret"):
        secretless.settle()


def no_secret(_name: str) -> str:
    from console.errors import SecretError

    raise SecretError("There is no such secret.", "Set it.")


def test_a_broker_that_wants_certificates(open_broker: Open) -> None:
    broker = open_broker(clients=True)
    mine, late = broker.authority.client(), broker.authority.expired_client()
    with closing(target_of(broker)) as target, pytest.raises(Denied, match="showed none"):
        target.settle()
    with (
        closing(target_of(broker, certificate=str(late.certificate), key=str(late.key))) as target,
        pytest.raises(Denied, match="ended"),
    ):
        target.settle()
    with closing(target_of(broker, certificate=str(mine.certificate), key=str(mine.key))) as target:
        target.settle()
        said = target.check()
    assert "TLSv1.3" in said
    assert "localhost" in said


def test_what_is_too_large_is_refused_alone(open_broker: Open, some: list[Parcel]) -> None:
    size = min(parcel.size for parcel in some if parcel.file)
    broker = open_broker(more=f"max_packet_size {size}")
    with closing(target_of(broker)) as target:
        answers = target.send(some)
    assert [type(one) for one in answers] == [Receipt, Refused] * 4
    assert all("takes no message of this size" in str(one) for one in answers[1::2])


def test_who_may_not_publish_there_is_told(open_broker: Open, some: list[Parcel]) -> None:
    broker = open_broker(rights="topic write sightdesk/available")
    with closing(target_of(broker)) as target, pytest.raises(Denied, match="does not allow"):
        target.send(some)


def test_erasing_is_not_said_to_be_done_where_it_can_not_be_looked_at(
    open_broker: Open, some: list[Parcel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.sync.targets.mqtt.target.ANSWER_S", 0.5)
    broker = open_broker(rights="topic write sightdesk/#")
    with closing(target_of(broker)) as target:
        target.send(some)
        with pytest.raises(Denied) as error:
            target.send([erased(9, some[1].tracking_id)])
    assert error.value.hint


def test_two_desks_of_one_name_put_each_other_out_and_lose_nothing(open_broker: Open, some: list[Parcel]) -> None:
    broker = open_broker()
    with closing(target_of(broker)) as first, closing(target_of(broker)) as second, Watcher(broker) as watcher:
        for desk, mine in ((first, some[:2]), (second, some[2:4]), (first, some[4:6]), (second, some[6:])):
            until_sent(desk, mine)
        heard = {one.about.get("message_id") for one in watcher.all()}
    assert {parcel.message_id for parcel in some} <= heard


def until_sent(desk: MqttTarget, some: list[Parcel]) -> None:
    for _again in range(20):
        with suppress(Unreachable):
            desk.send(some)
            return
    raise AssertionError


def snapshots(broker: Mosquitto) -> dict[str, str]:
    """Tracking IDs of retained pictures, by topic."""
    return {
        topic: one.about["tracking_id"] for topic, one in retained(broker).items() if topic.endswith("/snapshot")
    }  # fmt: skip


def test_the_newest_picture_stays_and_is_cleared_after_a_restart_when_it_is_erased(
    open_broker: Open, own_home: Path
) -> None:
    broker = open_broker()
    with Home.open(own_home) as home, Store.open(home) as store:
        pictures = [one for one in parcels(home, store, 6, 5, ("picture",)) if one.body["of"] == "event"]
    one, two, three = (
        replace(picture, camera_id=camera, body={**picture.body, "label": "car"})
        for picture, camera in zip(pictures, ("gate", "gate", "yard"), strict=True)
    )
    with closing(target_of(broker)) as target:
        target.send([two, three])
        target.send([one])  # sent again, late
    gate, yard = "sightdesk/gate/car/snapshot", "sightdesk/yard/car/snapshot"
    assert snapshots(broker) == {gate: two.tracking_id, yard: three.tracking_id}
    with closing(target_of(broker)) as target:
        target.send([erased(50, one.tracking_id)])  # it stands nowhere any more
        assert snapshots(broker) == {gate: two.tracking_id, yard: three.tracking_id}
        answer = target.send([erased(51, two.tracking_id), erased(52, one.tracking_id)])
        assert isinstance(answer[0], Receipt)
        assert answer[0].answer["cleared"] == 1
    assert snapshots(broker) == {yard: three.tracking_id}


def test_a_broker_that_is_gone_is_unreachable(open_broker: Open) -> None:
    broker = open_broker()
    broker.stop()
    with closing(target_of(broker)) as target, pytest.raises(Unreachable) as error:
        target.settle()
    assert error.value.hint
    with closing(target_of(broker, url="mqtts://no-such-host.invalid")) as target, pytest.raises(Unreachable):
        target.settle()


def test_events_are_said_in_frigates_manner(some: list[Parcel]) -> None:
    import json

    (said,) = publications("sightdesk", some[0])
    assert (said.topic, said.retain) == ("sightdesk/events", False)
    told = json.loads(said.payload)
    body = some[0].body
    assert (told["type"], told["before"]) == ("new", None)
    assert told["after"]["id"] == told["tracking_id"] == some[0].tracking_id
    assert told["after"]["label"] == body["label"]
    assert told["after"]["box"] == body["box"]
    assert told["after"]["end_time"] is None
    assert told["after"]["start_time"] == pytest.approx(1772625600, abs=60)
    assert told["body"] == body


def test_a_picture_has_its_names_beside_it(some: list[Parcel]) -> None:
    picture, about = publications("depot/north", some[1])
    assert picture.topic == f"depot/north/{safe(some[1].camera_id)}/{safe(some[1].body['label'])}/snapshot"
    assert picture.retain
    assert some[1].file is not None
    assert dict(picture.about) == {
        "message_id": some[1].message_id, "tracking_id": some[1].tracking_id, "number": str(some[1].number),
        "kind": "picture", "sha256": some[1].file.sha256,
    }  # fmt: skip
    assert about.topic == "depot/north/pictures"


@given(st.text(max_size=200))
def test_any_name_is_one_level_of_a_topic(name: str) -> None:
    made = safe(name)
    assert made
    assert not set(made) & set("+#/\0")
    assert len(made.encode()) <= 4 * 64


def test_the_prefix_comes_from_the_address() -> None:
    assert prefix_of("mqtts://host") == "sightdesk"
    assert prefix_of("mqtts://host:8883/depot/north/") == "depot/north"
    for wrong in ("mqtts://host/a%23", "mqtts://host/$SYS", "mqtts://host/a/%2B/b"):
        with pytest.raises(Denied):
            prefix_of(wrong)
