"""TLS towards a target: who is not who he should be gets nothing, what is wrong is said in words, and nothing hangs."""

from __future__ import annotations

import ssl
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from console.settings.section import SecretRef
from console.settings.sync import TargetSettings
from console.sync.targets.base import Denied, Receipt, Target, TargetError, Unreachable
from console.sync.targets.https.cloud import CloudTarget
from console.sync.targets.https.way import Limits
from tests.console.test_sync_wire import parcel
from tests.servers.authority import Authority, Pair
from tests.servers.odd import Odd, answering, silent
from tests.servers.receiver import Receiver

QUICK = Limits(connect_s=0.5, read_s=0.5, write_s=0.5)
"""For those who never answer."""
PATIENT = Limits(read_s=10.0, write_s=10.0)
"""For all others, however busy this machine is."""
_SOON_S = 10.0


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def receiver(authority: Authority, tmp_path: Path) -> Iterator[Receiver]:
    with Receiver(tmp_path / "receiver", authority.server_context()) as receiver:
        yield receiver


def cloud(url: str, authority: Authority, own: Pair | None, limits: Limits = PATIENT, secret: str = "") -> CloudTarget:
    """A target, by the files of a CA and of a desk."""
    settings = TargetSettings(
        name="cloud", kind="cloud", url=url, ca=str(authority.ca), certificate=str(own.certificate) if own else "",
        key=str(own.key) if own else "", secret=SecretRef(secret="key") if secret else None,
    )  # fmt: skip
    return CloudTarget(settings, {"key": secret}.__getitem__, limits)


def fails(target: Target) -> TargetError:
    """How sending and checking fail, both alike, soon, and in words."""
    begun = time.monotonic()
    with closing(target):
        with pytest.raises(TargetError) as error:
            target.send([parcel({"a": "b" * 200_000})])
        with pytest.raises(type(error.value)):
            target.check()
    assert time.monotonic() - begun < _SOON_S
    assert error.value.what.endswith(".")
    assert error.value.hint.endswith(".")
    for jargon in ("SSL", "errno", "Errno", "_ssl", "Traceback"):
        assert jargon not in str(error.value)
    return error.value


def test_who_belongs_together_is_let_in(receiver: Receiver, authority: Authority) -> None:
    ends = datetime.now(UTC) + timedelta(days=300)
    receiver.stop()
    receiver.use(authority.server_context(authority.server("localhost", ends=ends)))
    receiver.start()
    with closing(cloud(receiver.url, authority, authority.client())) as target:
        assert isinstance(target.send([parcel()])[0], Receipt)
        words = target.check()
    assert "ms" in words
    assert "for localhost" in words
    assert f"{ends:%Y-%m-%d}" in words


def test_without_a_certificate(receiver: Receiver, authority: Authority) -> None:
    error = fails(cloud(receiver.url, authority, None))
    assert type(error) is Denied
    assert "showed none" in error.what
    assert receiver.look.figures()["messages"] == 0


def test_with_a_certificate_of_another_ca(receiver: Receiver, authority: Authority) -> None:
    error = fails(cloud(receiver.url, authority, authority.other().client()))
    assert type(error) is Denied
    assert "does not know the CA" in error.what or "does not accept" in error.what
    assert receiver.look.figures()["messages"] == 0


def test_with_a_certificate_that_has_ended(receiver: Receiver, authority: Authority) -> None:
    own = authority.expired_client()
    error = fails(cloud(receiver.url, authority, own))
    assert type(error) is Denied
    assert "has ended" in error.what
    assert str(own.certificate) in error.what
    assert f"{datetime.now(UTC) - timedelta(hours=1):%Y-%m-%d}" in error.what
    assert "without a restart" in error.hint


def test_a_server_of_another_ca(receiver: Receiver, authority: Authority) -> None:
    error = fails(cloud(receiver.url, authority.other(), authority.client()))
    assert type(error) is Denied
    assert "not one this desk trusts" in error.what
    assert receiver.requests == 0


def test_the_system_trusts_nobody_by_chance(receiver: Receiver, authority: Authority) -> None:
    own = authority.client()
    settings = TargetSettings(
        name="cloud", kind="cloud", url=receiver.url, certificate=str(own.certificate), key=str(own.key)
    )
    error = fails(CloudTarget(settings, str, PATIENT))
    assert type(error) is Denied
    assert receiver.requests == 0


@pytest.mark.parametrize("url", ["https://localhost", "https://127.0.0.1"])
def test_a_server_that_is_another(receiver: Receiver, authority: Authority, url: str) -> None:
    receiver.stop()
    receiver.use(authority.server_context(authority.server("elsewhere.test", "10.1.2.3")))
    receiver.start()
    error = fails(cloud(f"{url}:{receiver.port}", authority, authority.client()))
    assert type(error) is Denied
    assert "another host" in error.what
    assert receiver.requests == 0


@pytest.mark.parametrize(
    ("begins", "ends", "words"), [(-400, -1, "has ended"), (1, 400, "not valid yet")], ids=["ended", "to come"]
)
def test_a_server_whose_time_is_not_now(
    receiver: Receiver, authority: Authority, begins: int, ends: int, words: str
) -> None:
    now = datetime.now(UTC)
    pair = authority.server("localhost", begins=now + timedelta(days=begins), ends=now + timedelta(days=ends))
    receiver.stop()
    receiver.use(authority.server_context(pair))
    receiver.start()
    error = fails(cloud(receiver.url, authority, authority.client()))
    assert type(error) is Denied
    assert words in error.what
    assert "clock" in error.hint


def test_a_server_of_an_older_tls(authority: Authority) -> None:
    context = authority.server_context()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with Odd(silent, context) as odd:
        error = fails(cloud(odd.url, authority, authority.client()))
    assert type(error) is Denied
    assert "older TLS" in error.what


def test_a_server_of_tls_1_2_is_let_do(tmp_path: Path, authority: Authority) -> None:
    context = authority.server_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with Receiver(tmp_path / "receiver", context) as receiver:
        with closing(cloud(receiver.url, authority, authority.client())) as target:
            assert isinstance(target.send([parcel()])[0], Receipt)
        for own in (None, authority.other().client(), authority.expired_client()):
            assert type(fails(cloud(receiver.url, authority, own))) is Denied


def test_a_server_without_tls(tmp_path: Path, authority: Authority) -> None:
    with Receiver(tmp_path / "receiver") as plain:
        error = fails(cloud(f"https://localhost:{plain.port}", authority, authority.client()))
        assert plain.requests == 0
    assert type(error) is Denied
    assert "does not speak TLS" in error.what


def test_who_never_shakes_hands(authority: Authority) -> None:
    with Odd(silent) as odd:
        error = fails(cloud(odd.url, authority, authority.client(), QUICK))
    assert type(error) is Unreachable
    assert "within 0.5 s" in error.what


def test_who_hangs_up_at_once(authority: Authority) -> None:
    with Odd(lambda one, _over: one.close()) as odd:
        error = fails(cloud(odd.url, authority, authority.client()))
    assert type(error) is Unreachable
    with Odd(answering(), authority.server_context()) as odd:
        error = fails(cloud(odd.url, authority, authority.client()))
    assert type(error) is Unreachable


def test_a_renewed_certificate_is_taken_without_a_restart(
    receiver: Receiver, authority: Authority, tmp_path: Path
) -> None:
    own = Pair(tmp_path / "desk.pem", tmp_path / "desk.key")

    def put(pair: Pair) -> None:
        own.certificate.write_bytes(pair.certificate.read_bytes())
        own.key.write_bytes(pair.key.read_bytes())

    put(authority.expired_client())
    with closing(cloud(receiver.url, authority, own)) as target:
        with pytest.raises(Denied, match="has ended"):
            target.send([parcel()])
        put(authority.client("desk.test"))
        assert isinstance(target.send([parcel()])[0], Receipt)
        put(authority.client("renewed.test"))
        assert isinstance(target.send([parcel()])[0], Receipt)
        assert receiver.peers() == ["desk.test", "renewed.test"]


def test_half_a_renewal_stops_nothing(receiver: Receiver, authority: Authority, tmp_path: Path) -> None:
    own, old, new = Pair(tmp_path / "desk.pem", tmp_path / "desk.key"), authority.client(), authority.client("new.test")
    own.certificate.write_bytes(old.certificate.read_bytes())
    own.key.write_bytes(old.key.read_bytes())
    with closing(cloud(receiver.url, authority, own)) as target:
        target.send([parcel()])
        own.certificate.write_bytes(new.certificate.read_bytes())
        assert isinstance(target.send([parcel()])[0], Receipt)
        own.key.write_bytes(new.key.read_bytes())
        assert isinstance(target.send([parcel()])[0], Receipt)
    assert receiver.peers() == ["desk.test", "new.test"]


def test_renewing_while_much_is_sent_loses_nothing(receiver: Receiver, authority: Authority, tmp_path: Path) -> None:
    own, pairs = Pair(tmp_path / "desk.pem", tmp_path / "desk.key"), [authority.client() for _n in range(6)]
    over = threading.Event()

    def put(pair: Pair) -> None:
        for path, content in zip(own, pair, strict=True):
            half = path.with_suffix(".new")
            half.write_bytes(content.read_bytes())
            half.replace(path)

    put(pairs[0])
    with closing(cloud(receiver.url, authority, own)) as target, ThreadPoolExecutor(4) as threads:

        def send(_n: int) -> int:
            count = 0
            while not over.is_set():
                count += len([one for one in target.send([parcel(), parcel()]) if isinstance(one, Receipt)])
            return count

        sent = [threads.submit(send, n) for n in range(4)]
        for pair in pairs:
            put(pair)
            before = receiver.requests
            deadline = time.monotonic() + 5
            while receiver.requests < before + 8 and time.monotonic() < deadline:
                time.sleep(0.01)
        over.set()
        assert sum(one.result(10) for one in sent) == receiver.look.figures()["messages"] > 0


def test_files_that_are_not_what_they_should_be(receiver: Receiver, authority: Authority, tmp_path: Path) -> None:
    good, other = authority.client(), authority.client("other.test")
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("-----BEGIN CERTIFICATE-----\nnot at all\n-----END CERTIFICATE-----\n")
    gone = tmp_path / "gone.pem"
    cases = {
        "does not belong to the certificate": Pair(good.certificate, other.key),
        "is damaged": Pair(rubbish, good.key),
        str(gone): Pair(gone, good.key),
        "can't be read": Pair(good.certificate, tmp_path),
    }
    for words, own in cases.items():
        error = fails(cloud(receiver.url, authority, own))
        assert type(error) is Denied
        assert words in error.what
    no_ca = Authority(tmp_path / "ca")
    no_ca.ca.write_text("nothing")
    error = fails(cloud(receiver.url, no_ca, good))
    assert type(error) is Denied
    assert str(no_ca.ca) in error.what


def test_a_key_with_a_passphrase(receiver: Receiver, authority: Authority, tmp_path: Path) -> None:
    good = authority.client()
    locked = Pair(good.certificate, tmp_path / "locked.key")
    key = serialization.load_pem_private_key(good.key.read_bytes(), None)
    locked.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"open!"),
        )
    )
    error = fails(cloud(receiver.url, authority, locked))
    assert type(error) is Denied
    assert "passphrase" in error.what
    error = fails(cloud(receiver.url, authority, locked, secret="wrong"))
    assert type(error) is Denied
    assert "wrong" not in str(error)
    with closing(cloud(receiver.url, authority, locked, secret="open!")) as target:
        assert isinstance(target.send([parcel()])[0], Receipt)
