"""The cloud as a target when it, or what stands before it, does not answer as it should."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from console.sync.targets.base import Busy, Denied, Full, Receipt, Refused, TargetError, WrongAnswer
from console.sync.targets.https.cloud import CloudTarget
from console.sync.targets.https.way import Limits
from tests.console.test_sync_tls import cloud
from tests.console.test_sync_wire import parcel
from tests.servers.authority import Authority, Pair
from tests.servers.odd import Odd, answering, silent
from tests.servers.receiver import Fault, Receiver

_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def own(authority: Authority) -> Pair:
    return authority.client()


@pytest.fixture
def receiver(authority: Authority, tmp_path: Path) -> Iterator[Receiver]:
    with Receiver(tmp_path / "receiver", authority.server_context()) as receiver:
        yield receiver


@pytest.fixture
def target(receiver: Receiver, authority: Authority, own: Pair) -> Iterator[CloudTarget]:
    with closing(cloud(receiver.url, authority, own)) as target:
        yield target


@pytest.mark.parametrize("twist", ["missing", "doubled", "others", "reversed", "states"])
def test_a_yes_to_other_messages_is_not_believed_and_all_is_sent_again(
    receiver: Receiver, target: CloudTarget, twist: str
) -> None:
    some = [parcel() for _n in range(3)]
    receiver.fail(Fault(twist=twist))
    with pytest.raises(WrongAnswer):
        target.send(some)
    assert [type(one) for one in target.send(some)] == [Receipt] * 3
    assert receiver.look.figures() | {"bytes": 0} == {
        "messages": 3, "bytes": 0, "repeats": 3, "differing": 0, "erased": 0, "late": 0,
    }  # fmt: skip


@pytest.mark.parametrize("body", ["<html>Welcome</html>", "", "{}", "[]", "null", '{"taken": []}', '{"taken": 1}'])
def test_a_yes_in_other_words_is_not_believed(receiver: Receiver, target: CloudTarget, body: str) -> None:
    for status in (200, 202):
        receiver.fail(Fault(status=status, body=body))
        with pytest.raises(WrongAnswer):
            target.send([parcel()])
    for status in (201, 204, 206):
        receiver.fail(Fault(status=status, body="" if status == 204 else body))
        with pytest.raises(WrongAnswer):
            target.send([parcel()])


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, Busy), (503, Busy), (500, Busy), (502, Busy), (504, Busy), (599, Busy), (507, Full), (401, Denied),
     (403, Denied), (404, Denied), (405, Denied), (301, Denied), (302, Denied), (307, Denied), (308, Denied),
     (409, WrongAnswer), (418, WrongAnswer), (451, WrongAnswer)],
)  # fmt: skip
def test_what_a_status_means(receiver: Receiver, target: CloudTarget, status: int, kind: type[TargetError]) -> None:
    receiver.fail(Fault(status=status, body="<html>", headers={"Retry-After": "17"} if kind in (Busy, Full) else {}))
    with pytest.raises(kind) as error:
        target.send([parcel()])
    assert type(error.value) is kind
    assert error.value.what.endswith(".")
    assert error.value.after_s == (17.0 if kind in (Busy, Full) else None)
    assert target.send([parcel()])


@pytest.mark.parametrize(
    ("body", "said"),
    [('{"why": "Its certificate was revoked."}', True), ("{}", False), ("[]", False), ('{"why": 7}', False),
     ('{"why": "\\u0007"}', False), ('{"why": "' + "x" * 2000 + '"}', False), ("<html>", False)],
)  # fmt: skip
def test_why_this_desk_is_not_let_in_is_told_on(receiver: Receiver, target: CloudTarget, body: str, said: bool) -> None:
    receiver.fail(Fault(status=403, body=body))
    with pytest.raises(Denied) as error:
        target.send([parcel()])
    assert error.value.what.endswith("(403). Its certificate was revoked." if said else "(403).")


@pytest.mark.parametrize(
    ("headers", "after_s"),
    [({"Retry-After": "0"}, 0.0), ({"Retry-After": "-5"}, None), ({"Retry-After": "soon"}, None), ({}, None),
     ({"Retry-After": "1e9"}, None), ({"Retry-After": "9" * 40}, 999999999.0), ({"Retry-After": "\u0663"}, None)],
)  # fmt: skip
def test_retry_after_in_seconds(
    receiver: Receiver, target: CloudTarget, headers: dict[str, str], after_s: float | None
) -> None:
    receiver.fail(Fault(status=503, headers=headers))
    with pytest.raises(Busy) as error:
        target.send([parcel()])
    assert error.value.after_s == after_s


def test_retry_after_as_a_date_goes_by_the_answers_own_clock(receiver: Receiver, target: CloudTarget) -> None:
    theirs = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)  # whatever this desk's clock says
    headers = {"Date": format_datetime(theirs, usegmt=True)}
    for seconds, after_s in ((90, 90.0), (-90, 0.0)):
        then = format_datetime(theirs + timedelta(seconds=seconds), usegmt=True)
        receiver.fail(Fault(status=429, headers={**headers, "Retry-After": then}))
        with pytest.raises(Busy) as error:
            target.send([parcel()])
        assert error.value.after_s == after_s


def test_what_is_too_large_together_goes_in_halves(receiver: Receiver, target: CloudTarget) -> None:
    some = [parcel() for _n in range(5)]
    receiver.fail(Fault(status=413, times=2, body="<html>"))
    assert [one.message_id for one in target.send(some) if isinstance(one, Receipt)] == [one.message_id for one in some]
    receiver.fail(Fault(status=413))
    (told,) = target.send([parcel()])
    assert isinstance(told, Refused)
    assert "large" in told.what


def test_a_cloud_that_takes_less_at_once_is_given_less(receiver: Receiver, target: CloudTarget, tmp_path: Path) -> None:
    some = [parcel({}, tmp_path, b"\xff\xd8\xff" + bytes([n]) * 200_000) for n in range(6)]
    assert target.at_once_bytes > 1_200_000
    receiver.fail(Fault(status=413))
    target.send(some)
    assert target.at_once_bytes == 600_009
    receiver.fail(Fault(status=413, times=50))
    assert [type(one) for one in target.send(some)] == [Refused] * 6
    assert target.at_once_bytes >= 50_000


def test_one_bad_message_is_found_among_many(authority: Authority, own: Pair, tmp_path: Path) -> None:
    some = [parcel({"bad": n == 11}) for n in range(32)]

    class Picky(Receiver):
        def answer(self, body: bytes) -> tuple[int, dict[str, str], bytes, bool]:
            if b'"bad":true' in body:
                return 422, {}, b'{"why": "that camera is not of this site"}', False
            return super().answer(body)

    with Picky(tmp_path / "receiver", authority.server_context()) as receiver:
        with closing(cloud(receiver.url, authority, own)) as target:
            told = target.send(some)
        assert receiver.look.figures()["messages"] == 31
    assert [n for n, one in enumerate(told) if isinstance(one, Refused)] == [11]
    assert "not of this site" in told[11].what if isinstance(told[11], Refused) else False
    assert [one.message_id for one in told if isinstance(one, Receipt)] == [
        one.message_id for n, one in enumerate(some) if n != 11
    ]


def test_a_no_of_something_before_the_cloud_sets_nothing_aside(receiver: Receiver, target: CloudTarget) -> None:
    receiver.fail(Fault(status=400, body="<html><h1>400 No required SSL certificate was sent</h1></html>"))
    with pytest.raises(Denied, match="Something before the cloud"):
        target.send([parcel()])


def test_a_redirect_is_not_followed(receiver: Receiver, target: CloudTarget) -> None:
    with Odd(silent) as elsewhere:
        for status in (301, 302, 303, 307, 308):
            receiver.fail(Fault(status=status, headers={"Location": f"{elsewhere.url}/v1/messages"}))
            with pytest.raises(Denied) as error:
                target.send([parcel()])
            assert f"localhost:{elsewhere.port}" in error.value.what
        assert elsewhere.connections == 0


def test_check_tells_who_is_not_the_cloud(authority: Authority, own: Pair) -> None:
    for content in (b"{}", b"hello", b'{"service": "another", "version": 1}', b'{"service": "sightdesk cloud"}',
                    b'{"service": "sightdesk cloud", "version": 0}'):  # fmt: skip
        whole = _OK + f"Content-Length: {len(content)}\r\n\r\n".encode() + content
        with (
            Odd(answering(whole), authority.server_context()) as odd,
            closing(cloud(odd.url, authority, own)) as target,
            pytest.raises(WrongAnswer),
        ):
            target.check()


def test_an_address_may_have_a_path(receiver: Receiver, authority: Authority, own: Pair) -> None:
    with closing(cloud(f"{receiver.url}/", authority, own)) as target:
        assert target.check()
    with closing(cloud(f"{receiver.url}/elsewhere", authority, own)) as target, pytest.raises(Denied, match="404"):
        target.check()


def test_limits_are_those_of_the_house() -> None:
    assert (Limits().connect_s, Limits().read_s, Limits().write_s) == (5.0, 30.0, 30.0)
