"""Downloads that go wrong: what is used in the end is whole, or there is nothing and words that say why."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.catalog import Catalog, PullCancelled, url
from console.catalog.fetch import NotHad
from tests.console.catalog_server import CONTENT, Server, book, hang, redirect, serving, status, whole

_COUNT = itertools.count()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(url, "READ_S", 0.4)
    with serving() as server:
        yield server


@pytest.fixture
def catalog(server: Server, tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "models", tmp_path / "clips", mirrors=(), book=book({"url": server.url}))


def left_over(catalog: Catalog) -> list[str]:
    """Everything in the models folder but locks and records."""
    folder = catalog._folders["model"]
    return sorted(p.name for p in folder.rglob("*") if p.is_file() and p.suffix not in {".lock", ".json"})


def test_a_plain_download(catalog: Catalog, server: Server):
    seen: list[tuple[int, int]] = []
    pulled = catalog.pull("thing", lambda done, total: seen.append((done, total)))
    assert pulled.path.read_bytes() == CONTENT
    assert (pulled.source, pulled.fetched, pulled.notes) == ("upstream at 127.0.0.1", True, ())
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert seen == sorted(seen)
    assert left_over(catalog) == ["thing.bin"]
    again = catalog.pull("thing")
    assert (again.fetched, again.source, len(server.asked)) == (False, "upstream at 127.0.0.1", 1)


@pytest.mark.parametrize(
    ("steps", "requests"),
    [
        ([whole(cut=100_000), whole()], 2),
        ([whole(cut=100_000), whole(cut=50_000), whole(cut=1), whole()], 4),
        ([status(500), status(503), whole()], 3),
        ([whole(cut=100_000), whole(ranges=False)], 2),
        ([whole(cut=100_000), whole(etag='"v2"')], 2),
        ([whole(cut=100_000), status(416), whole()], 3),
        ([whole(cut=100_000, etag='W/"v1"'), whole()], 2),
        ([hang(0.6), whole()], 2),
        ([whole(pause_s=0.01)], 1),
        ([whole(length=-1)], 1),
        ([redirect("/elsewhere"), whole()], 2),
    ],
    ids=[
        *("cut", "cut often", "500 then ok", "range ignored", "changed meanwhile", "416", "weak etag", "hangs once"),
        *("slow", "no length", "redirected"),
    ],
)
def test_what_can_be_mended_is(catalog: Catalog, server: Server, steps: list, requests: int):
    server.steps = steps
    assert catalog.pull("thing").path.read_bytes() == CONTENT
    assert len(server.asked) == requests
    assert left_over(catalog) == ["thing.bin"]


def test_a_cut_download_goes_on_where_it_stopped(catalog: Catalog, server: Server):
    server.steps = [whole(cut=100_000), whole()]
    catalog.pull("thing")
    assert server.ranges == ["", "bytes=100000-"]


def test_a_weak_etag_is_no_reason_to_go_on(catalog: Catalog, server: Server):
    server.steps = [whole(cut=100_000, etag='W/"v1"'), whole()]
    catalog.pull("thing")
    assert server.ranges == ["", ""]


OTHER = b"x" + CONTENT[1:]


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ([status(404)], "it answered 404 Not Found"),
        ([status(500)], "it answered 500"),
        ([redirect("/round")], "redirects"),
        ([whole(OTHER)], "expected 600,000 bytes with sha256"),
        ([whole(CONTENT + b"!")], "it offers 600,001 bytes, expected 600,000"),
        ([whole(CONTENT + b"!", length=-1)], "it sent more than the 600,000 bytes"),
        ([whole(CONTENT[:-1], length=-1)], "it offers 599,999 bytes, expected 600,000"),
        ([whole(length=10_000_000)], "it offers 10,000,000 bytes"),
        ([whole(b"<html>log in</html>")], "it offers 19 bytes"),
        ([hang(0.6)], "silent"),
        ([whole(cut=0)], "it broke off after 0 of"),
    ],
    ids=[
        *("404", "500", "redirect loop", "wrong content", "too long", "too long, unsaid", "too short, unsaid"),
        *("length lies", "login page", "hangs", "empty"),
    ],
)
def test_what_can_not_is_said(catalog: Catalog, server: Server, steps: list, says: str):
    server.steps = steps
    with pytest.raises(NotHad) as caught:
        catalog.pull("thing")
    assert says in caught.value.what
    assert "upstream at 127.0.0.1" in caught.value.what
    assert "SIGHTDESK_MODEL_PATH" in caught.value.hint
    assert catalog.find("thing") is None
    assert "thing.bin" not in left_over(catalog)


def test_wrong_content_names_both_sums(catalog: Catalog, server: Server):
    import hashlib

    server.steps = [whole(OTHER)]
    with pytest.raises(NotHad) as caught:
        catalog.pull("thing")
    assert all(hashlib.sha256(data).hexdigest() in caught.value.what for data in (CONTENT, OTHER))
    assert left_over(catalog) == []


def test_a_later_pull_resumes_and_a_rotten_part_is_fetched_anew(catalog: Catalog, server: Server):
    server.steps = [whole(cut=100_000), status(404)]
    with pytest.raises(NotHad):
        catalog.pull("thing")
    (part,) = left_over(catalog)
    assert part.endswith(".part")
    path = catalog._scratch["model"].path / part
    path.write_bytes(b"?" + path.read_bytes()[1:])
    server.steps = [whole()]
    assert catalog.pull("thing").path.read_bytes() == CONTENT
    assert server.ranges[-2:] == ["bytes=100000-", ""]


def test_a_part_that_was_whole_needs_no_network(catalog: Catalog, server: Server):
    server.steps = [whole(cut=100_000), status(404)]
    with pytest.raises(NotHad):
        catalog.pull("thing")
    path = catalog._scratch["model"].path / left_over(catalog)[0]
    path.write_bytes(CONTENT)
    asked = len(server.asked)
    assert catalog.pull("thing").fetched
    assert len(server.asked) == asked


def test_a_spoilt_file_is_noticed_and_fetched_anew(catalog: Catalog):
    path = catalog.pull("thing").path
    path.write_bytes(OTHER)  # same size
    assert catalog.find("thing") is None
    assert catalog.pull("thing").path.read_bytes() == CONTENT
    path.write_bytes(CONTENT[:-1])
    assert catalog.find("thing") is None


def test_cancelling_stops_soon_and_leaves_only_what_can_be_resumed(catalog: Catalog, server: Server):
    server.steps = [whole(pause_s=0.05)]
    cancel = threading.Event()
    began = time.monotonic()
    with pytest.raises(PullCancelled):
        catalog.pull("thing", lambda done, _: cancel.set() if done > 50_000 else None, cancel)
    assert time.monotonic() - began < 1.5
    assert catalog.find("thing") is None
    assert all(name.endswith(".part") for name in left_over(catalog))


def test_nobody_there_is_said_at_once(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/x"
        catalog = Catalog(tmp_path / "m", tmp_path / "c", mirrors=(), book=book({"url": address}))
        began = time.monotonic()
        with pytest.raises(NotHad, match="it can't be connected to"):
            catalog.pull("thing")
        assert time.monotonic() - began < 1


def test_a_name_server_that_is_gone_costs_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    gone = threading.Event()
    monkeypatch.setattr(url, "CONNECT_S", 0.3)

    def look_up(*_: object, **__: object) -> None:
        gone.wait(20)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    address = {"url": "http://upstream.example/x"}
    catalog = Catalog(tmp_path / "m", tmp_path / "c", mirrors=(), book=book(address))
    began = time.monotonic()
    try:
        with pytest.raises(NotHad, match="it did not answer within"):
            catalog.pull("thing")
        assert time.monotonic() - began < 2
    finally:
        gone.set()


def test_a_proxy_is_what_gets_asked(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("http_proxy", server.url.rpartition("/")[0])
    monkeypatch.setenv("no_proxy", "")
    address = "http://weights.example/thing.bin"  # nobody knows this name here, and nobody has to
    catalog = Catalog(tmp_path / "m", tmp_path / "c", mirrors=(), book=book({"url": address}))
    assert catalog.pull("thing").source == "upstream at weights.example"
    assert server.asked == [(address, "")]


@pytest.fixture(scope="module")
def shared_server() -> Iterator[Server]:
    with serving() as server:
        yield server


SMALL = CONTENT[:5000]
faults = st.lists(
    st.one_of(
        st.integers(0, len(SMALL) - 1).map(lambda n: whole(SMALL, cut=n)),
        st.integers(0, len(SMALL) - 1).map(lambda n: whole(SMALL[:n], length=-1)),
        st.integers(0, len(SMALL) - 1).map(lambda n: whole(SMALL[:n] + b"\0\1" + SMALL[n + 2 :], length=-1)),
        st.integers(0, len(SMALL) - 1).map(lambda n: whole(SMALL[:n] + b"\0\1" + SMALL[n + 2 :], cut=n + 10)),
        st.binary(max_size=6000).map(lambda data: whole(data, length=-1)),
        st.sampled_from([500, 404, 416, 206, 204]).map(status),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(faults)
def test_no_series_of_faults_ends_in_a_file_that_is_used(
    shared_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: list
):
    monkeypatch.setattr("console.catalog.transfer.Transfer.pause", lambda self, _s: self.check())
    folder = tmp_path / str(next(_COUNT))
    catalog = Catalog(folder, folder, mirrors=(), book=book({"url": shared_server.url}, content=SMALL))
    shared_server.steps = list(steps)
    for _ in range(2):  # the second pull meets what the first one left behind
        try:
            pulled = catalog.pull("thing")
        except NotHad:
            assert not (folder / "thing.bin").exists()
            assert catalog.find("thing") is None
        else:
            assert pulled.path.read_bytes() == SMALL
    shared_server.steps = [whole(SMALL)]
    assert catalog.pull("thing").path.read_bytes() == SMALL
