"""Brokers that can't be used: words with a hint, nothing is lost, nobody hangs, and no password shows anywhere."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from console.cloud.waking.relay import Relay
from console.cloud.waking.waker import make_waker
from console.cloud.waking.words import MEANWHILE
from tests.cloud.waking.cases import Jobs, broker, fresh, remove, soon
from tests.servers import tansu
from tests.servers.authority import Authority
from tests.servers.kserve_relay import Relay as TlsRelay
from tests.servers.odd import Odd, silent
from tests.servers.pytriton_server import free_ports

_SECRET = "s3cr3t%40s3cr3t"  # nobody's


@pytest.fixture(scope="module")
def rabbitmq() -> Iterator[str]:
    with broker("rabbitmq") as url:
        yield url


@pytest.fixture(scope="module")
def kafka() -> Iterator[str]:
    with broker("kafka") as url:
        yield url


def place_of(url: str) -> str:
    return url.rpartition("@")[2].removeprefix("kafka://").removeprefix("amqp://").split("/")[0]


def port_of(url: str) -> int:
    return int(place_of(url).rpartition(":")[2])


def refused(url: str, caplog: pytest.LogCaptureFixture) -> str:
    """What a relay and a waker say of a broker that they can't use; neither does anything, and both end at once."""
    caplog.set_level(logging.DEBUG)
    jobs = Jobs()
    jobs.add()
    relay, waker = Relay(jobs.repository, url), make_waker(url)
    try:
        soon(lambda: relay.problem and waker.problem, 15)
        assert not waker.wait(0.05)
        assert jobs.waiting == 1
        said = relay.problem
    finally:
        begun = time.monotonic()
        waker.close()
        relay.close()
        took_s = time.monotonic() - begun
    assert took_s < 4
    assert said.endswith(MEANWHILE)
    assert "s3cr3t" not in said + caplog.text + repr(relay) + repr(waker)
    print(said)
    return said


def test_a_wrong_password(rabbitmq: str, caplog: pytest.LogCaptureFixture) -> None:
    said = refused(f"amqp://guest:{_SECRET}@{place_of(rabbitmq)}", caplog)
    assert "does not accept the user or the password. Check both" in said


def test_a_virtual_host_that_is_not_there(rabbitmq: str, caplog: pytest.LogCaptureFixture) -> None:
    said = refused(f"{rabbitmq}/plant-9", caplog)
    assert "does not let this program into its virtual host plant-9. See that it is there" in said


def test_a_queue_that_was_made_otherwise(rabbitmq: str, caplog: pytest.LogCaptureFixture) -> None:
    import aio_pika

    url, name = fresh(rabbitmq)

    async def make() -> None:
        async with await aio_pika.connect(rabbitmq) as connection, connection.channel() as channel:
            await channel.declare_queue(name, durable=True)

    asyncio.run(make())
    assert f"has a queue or topic {name} that was made differently. Remove it" in refused(url, caplog)
    remove(rabbitmq, name)


@pytest.mark.parametrize("scheme", ["amqp", "kafka"])
def test_nobody_there(scheme: str, caplog: pytest.LogCaptureFixture) -> None:
    (port,) = free_ports(1)
    said = refused(f"{scheme}://u:{_SECRET}@127.0.0.1:{port}", caplog)
    assert f"127.0.0.1:{port} refuses the connection: nothing serves there" in said


@pytest.mark.parametrize("scheme", ["amqp", "kafka"])
def test_a_host_that_is_not_there(scheme: str, caplog: pytest.LogCaptureFixture) -> None:
    assert "can't be resolved here" in refused(f"{scheme}://u:{_SECRET}@broker.invalid", caplog)


def test_one_that_takes_connections_and_hangs(caplog: pytest.LogCaptureFixture) -> None:
    with Odd(silent) as odd, ThreadPoolExecutor(4) as threads:
        urls = [f"{scheme}://u:{_SECRET}@127.0.0.1:{odd.port}" for scheme in ("amqp", "kafka", "amqps", "kafkas")]
        for said in threads.map(lambda url: refused(url, caplog), urls):
            assert "takes connections, but does not answer. See whether it hangs" in said


@pytest.mark.parametrize("scheme", ["amqps", "kafkas"])
def test_one_without_tls(scheme: str, rabbitmq: str, caplog: pytest.LogCaptureFixture) -> None:
    said = refused(f"{scheme}://guest:{_SECRET}@{place_of(rabbitmq)}", caplog)
    assert "does not speak TLS. Check scheme and port" in said


@pytest.mark.parametrize("scheme", ["amqp", "kafka"])
def test_another_kind_of_server(scheme: str, caplog: pytest.LogCaptureFixture) -> None:
    with Odd(lambda one, _over: one.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 10)) as odd:
        said = refused(f"{scheme}://u:{_SECRET}@127.0.0.1:{odd.port}", caplog)
    assert "ends the connection before it stands. Check scheme and port" in said


def test_kafka_that_takes_no_login_or_another(kafka: str, caplog: pytest.LogCaptureFixture) -> None:
    for mechanism in ("plain", "scram-sha-512"):
        said = refused(f"kafka://u:{_SECRET}@{place_of(kafka)}/t?mechanism={mechanism}", caplog)
        assert "takes no login of this kind. Kafka's is chosen by ?mechanism=" in said


def test_a_wrong_password_at_kafka(caplog: pytest.LogCaptureFixture) -> None:
    with tansu.serving("--authentication") as server:
        said = refused(f"kafka://u:{_SECRET}@127.0.0.1:{server.port}/t?mechanism=scram-sha-256", caplog)
    assert "does not accept the user or the password. Check both" in said


def test_tls_to_rabbitmq(rabbitmq: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    authority = Authority(tmp_path)
    with TlsRelay(authority.server_context(), port_of(rabbitmq)) as front:
        name = over_tls(f"amqps://guest:guest@localhost:{front.port}", authority, caplog)
    remove(rabbitmq, name)


def test_tls_to_kafka(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    authority = Authority(tmp_path)
    with tansu.serving() as kafka, TlsRelay(authority.server_context(), kafka.port) as front:
        kafka.kill()
        kafka.advertised = front.port
        kafka.start()
        over_tls(f"kafkas://127.0.0.1:{front.port}", authority, caplog)


def over_tls(url: str, authority: Authority, caplog: pytest.LogCaptureFixture) -> str:
    """Only to who is trusted, and with a certificate of our own where one is wanted; the queue or topic."""
    url, name = fresh(url)
    more = "&" if "?" in url else "?"
    assert "is not trusted, so nothing is said to it. Name the CA" in refused(url, caplog)
    assert "It may want a certificate: ?certificate=" in refused(f"{url}{more}ca={authority.ca}", caplog)
    own, jobs = authority.client("worker.test"), Jobs()
    full = f"{url}{more}ca={authority.ca}&certificate={own.certificate}&key={own.key}"
    with closing(Relay(jobs.repository, full)) as relay, closing(make_waker(full)) as waker:
        assert waker.wait(20)
        soon(lambda: jobs.most)
        jobs.add()
        relay.wake()
        assert waker.wait(20)
        soon(lambda: not jobs.waiting)
        assert relay.problem == waker.problem == ""
    return name
