"""Addresses of brokers: what they say, and that a password in one never shows."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.cloud.errors import CloudError
from console.cloud.waking.address import NAME, check_url, read_url
from console.cloud.waking.words import MEANWHILE, failure
from tests.servers.authority import Authority


@pytest.mark.parametrize(
    ("url", "hosts", "vhost", "name"),
    [
        ("amqp://mq.example", (("mq.example", 5672),), "/", NAME),
        ("amqps://mq.example/", (("mq.example", 5671),), "/", NAME),
        ("amqp://[::1]:5000/plant?queue=a%20b", (("::1", 5000),), "plant", "a b"),
        ("amqp://h/%2Fplant", (("h", 5672),), "/plant", NAME),
        ("kafka://h", (("h", 9092),), "", NAME),
        ("kafkas://h/", (("h", 9093),), "", NAME),
        ("kafka://a:1,b,[::2]:3/jobs", (("a", 1), ("b", 9092), ("::2", 3)), "", "jobs"),
    ],
)
def test_what_an_address_says(url: str, hosts: tuple[tuple[str, int], ...], vhost: str, name: str) -> None:
    address = read_url(url)
    assert (address.hosts, address.vhost, address.name) == (hosts, vhost, name)
    assert address.tls == url.startswith(("amqps", "kafkas"))
    assert (address.user, address.password) == ("", "")


def test_a_login_is_read_and_not_shown() -> None:
    address = read_url("kafkas://me%40x:p%3Aw%2Fd@h/t?mechanism=scram-sha-512")
    assert (address.user, address.password, address.mechanism) == ("me@x", "p:w/d", "SCRAM-SHA-512")
    assert "p:w/d" not in repr(address) + address.place
    assert address.place == "Kafka h:9093"


@pytest.mark.parametrize(
    "url",
    [
        "mq.example", "http://h", "amqp://", "amqp:///x", "amqp://a,b", "amqp://h:0", "amqp://h:99999", "amqp://h:x",
        "amqp://h h", "amqp://h?heartbeat=1", "amqp://h?queue=", "amqp://h?queue=a&queue=b", "amqp://h?queue=amq.x",
        "amqp://h#x", "amqp://h?mechanism=plain", "kafka://h/a/b", "kafka://h/..", "kafka://h?mechanism=gssapi",
        "kafka://h,/t", "kafka://h?queue=x", "amqp://[::1/", "amqp://h?queue",
    ],
)  # fmt: skip
def test_what_is_none_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(CloudError) as caught:
        check_url(url)
    assert "amqp://user:password@host" in caught.value.hint


def test_no_address_is_no_broker() -> None:
    check_url("")


def test_files_for_tls_are_tried_at_once(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.client("broker.client")
    check_url(f"amqps://h?ca={authority.ca}&certificate={pair.certificate}&key={pair.key}")
    for wrong in (f"ca={tmp_path}/none.pem", f"ca={pair.key}", f"certificate={pair.certificate}&key={authority.ca}"):
        with pytest.raises(CloudError, match="files for TLS to RabbitMQ h:5671"):
            check_url(f"amqps://h?{wrong}")


@given(
    st.text("abcdefgh:/?#@%[]& ", min_size=1, max_size=20),
    st.sampled_from(["amqp://u:{}@h/v", "kafka://u:{}@h:1,i:2/t", "amqp://u:{}@h:x/", "xmqp://u:{}@h", "amqp:u:{}"]),
)
def test_a_password_is_in_no_words(text: str, form: str) -> None:
    secret = f"s3cr3t{text}s3cr3t"
    said = ""
    try:
        address = read_url(form.format(secret))
    except CloudError as error:
        said = f"{error.what} {error.hint} {error!r}"
    else:
        error = failure(OSError(f"amqp://u:{secret}@h"), address)
        said = f"{address!r} {address.place} {error.what} {error.hint}"
    assert "s3cr3t" not in said


def test_words_for_everything_end_with_what_it_means(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    address = read_url("amqp://u:s3cr3t@h/{odd}?queue={name}")
    odd = [OSError(5, "x"), ConnectionResetError(), TimeoutError(), ValueError("s3cr3t"), EOFError()]
    for one in (*odd, ExceptionGroup("", odd[:2])):
        found = failure(one, address)
        assert MEANWHILE in found.hint
        assert "RabbitMQ h:5672" in found.what
        assert "s3cr3t" not in found.what + found.hint + caplog.text
