"""The uploader with targets that do as they are told: what goes, in which order, and that each thing goes once."""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
from uuid_utils import uuid7

from console.errors import SecretError, UsageError
from console.privacy.stored import Named, Stored, open_stored
from console.settings.home import Home
from console.store.store import Store
from console.store.tombstones import about, take_away, tell
from console.sync.requests import drop
from console.sync.targets.base import Busy, Denied, Parcel, Receipt, Refused, Unreachable, WrongAnswer
from console.sync.uploading import sending
from tests.console.sync_fakes import Bench, FakeClock, FakeTarget, settings, wait_until


@pytest.fixture
def bench(own_home: Path) -> Iterator[Bench]:
    with Home.open(own_home) as home, Store.open(home) as store:
        bench = Bench(own_home, store)
        yield bench
        bench.stop()
        bench.counts_are_right()
        assert not [words for target in bench.targets.values() for words in target.wrong]


def test_everything_goes_in_order_once_and_is_recorded(bench: Bench) -> None:
    kinds = ["picture", "event", "item", "verdict", "audit", "picture", "event"] * 5
    numbers = bench.put_many(kinds)  # type: ignore[arg-type]
    target = bench.targets["one"] = FakeTarget()
    uploader = bench.start(settings(concurrency=1))
    wait_until(lambda: uploader.empty)
    order = {"audit": 1, "event": 1, "verdict": 2, "item": 3, "picture": 4}
    assert target.order == sorted(numbers, key=lambda n: (order[kinds[numbers.index(n)]], n))
    assert set(target.taken.values()) == {1}
    assert bench.states() == {"sent": 35}
    rows = bench.rows("SELECT attempts, error, answer FROM outbox_deliveries WHERE outbox_id = ?", numbers[0])
    assert rows == [(1, "", f'{{"at": {numbers[0]}}}')]
    ever = bench.rows("SELECT sent, sent_bytes, last_sent_at IS NOT NULL FROM outbox_targets")
    assert ever == [(35, bench.rows("SELECT sum(bytes) FROM outbox_deliveries")[0][0], 1)]
    assert bench.rows("SELECT count(*) FROM holds") == [(0,)]
    figures = uploader.figures["one"]
    wait_until(lambda: uploader.figures["one"].state == "idle")
    assert (figures.sent, figures.problem, figures.in_flight) == (35, None, 0)
    assert figures.per_second > 0 < figures.bytes_per_second


def test_pictures_arrive_as_they_were_written(bench: Bench) -> None:
    number = bench.put("picture", tracking_id=(tracked := str(uuid7())))
    uploader = bench.start(settings())
    wait_until(lambda: uploader.empty)
    (parcel,) = bench.targets["one"].parcels
    path, sha = bench.rows("SELECT path, sha256 FROM pictures")[0]
    assert (parcel.number, parcel.tracking_id, parcel.kind) == (number, tracked, "picture")
    assert parcel.file is not None
    assert (parcel.file.sha256, parcel.file.content) == (sha, (bench.home / path).read_bytes())


def test_a_send_takes_no_more_than_the_target_wants(bench: Bench) -> None:
    target = bench.targets["one"] = FakeTarget(at_once=8, at_once_bytes=400)
    bench.put_many(["picture"] * 20, body={"a": 1})
    bench.put("event", body={"a": "x" * 1000})  # larger than fits: it goes alone
    uploader = bench.start(settings(concurrency=1))
    wait_until(lambda: uploader.empty)
    size = bench.rows("SELECT bytes FROM outbox WHERE kind = 'picture'")[0][0]
    assert max(map(len, target.sends[1:])) == 400 // size
    assert target.sends[0] == [21]


def test_several_go_at_once_but_no_two_of_one_tracking_id(bench: Bench) -> None:
    target = bench.targets["one"] = FakeTarget(at_once=3)
    ids = [str(uuid7()) for _one in range(6)]
    numbers = bench.put_many(["verdict"] * 60, tracking_ids=ids * 10)
    gate = threading.Barrier(4, timeout=20)
    target.fail = lambda _parcels: gate.wait() and None if len(target.sends) <= 4 else None  # type: ignore[func-returns-value]
    bench.put_many(["event"] * 12)
    uploader = bench.start(settings(concurrency=4))
    wait_until(lambda: uploader.empty)
    assert target.beside == 4
    for one in ids:
        mine = [parcel.number for parcel in target.parcels if parcel.tracking_id == one]
        assert mine == sorted(mine)
    assert sorted(n for n in target.order if n in numbers) == numbers


def test_a_dead_target_costs_the_others_nothing(bench: Bench) -> None:
    hang, dead = threading.Event(), FakeTarget("dead")
    dead.fail = lambda _parcels: hang.wait(20) and None  # type: ignore[func-returns-value]
    gone = FakeTarget("gone")

    def refuse(_parcels: Sequence[Parcel]) -> None:
        raise Unreachable("nobody answers", "look at the cable")

    gone.fail = refuse
    bench.targets = {"dead": dead, "gone": gone, "live": FakeTarget("live", at_once=4)}
    bench.put_many(["event"] * 300, targets=["dead", "gone", "live"])
    uploader = bench.start(settings("dead", "gone", "live"))
    wait_until(lambda: bench.states("live") == {"sent": 300})
    assert uploader.figures["live"].state in ("idle", "sending")
    assert (bench.states("dead"), bench.states("gone")) == ({"waiting": 300}, {"waiting": 300})
    wait_until(lambda: uploader.figures["gone"].state == "waiting")
    assert str(uploader.figures["gone"].problem) == "nobody answers look at the cable"
    assert len(gone.sends) <= 8  # those that were under way, and one at a time from then on
    wait_until(lambda: bench.rows("SELECT state FROM outbox_targets WHERE name = 'gone'") == [("waiting",)])
    told = bench.rows("SELECT problem, hint, problem_kind, next_try_at > '2' FROM outbox_targets WHERE name = 'gone'")
    assert told == [("nobody answers", "look at the cable", "Unreachable", 1)]
    hang.set()


def test_what_is_refused_is_set_aside_and_the_rest_goes_on(bench: Bench) -> None:
    target = bench.targets["one"] = FakeTarget(at_once=5)
    numbers = bench.put_many(["picture"] * 10)

    def refuse(parcels: Sequence[Parcel]) -> list[Receipt | Refused]:
        bad = {numbers[3], numbers[7]}
        return [Refused("too blurred") if p.number in bad else Receipt(p.message_id) for p in parcels]

    target.fail = refuse
    bench.start(settings())
    wait_until(lambda: bench.states() == {"sent": 8, "refused": 2})
    aside = bench.rows("SELECT outbox_id, error, attempts FROM outbox_deliveries WHERE state = 'refused'")
    assert aside == [(numbers[3], "too blurred", 1), (numbers[7], "too blurred", 1)]
    assert bench.rows("SELECT count(*) FROM holds") == [(2,)]


def test_a_file_that_is_gone_or_changed_sets_its_message_aside(bench: Bench) -> None:
    numbers = bench.put_many(["picture"] * 4)
    paths = [bench.home / path for (path,) in bench.rows("SELECT path FROM pictures ORDER BY id")]
    paths[0].unlink()
    paths[1].write_bytes(b"\xff\xd8\xffsomething else")
    bench.start(settings())
    wait_until(lambda: bench.states() == {"sent": 2, "refused": 2})
    aside = dict(bench.rows("SELECT outbox_id, error FROM outbox_deliveries WHERE state = 'refused'"))
    assert "not there any more" in aside[numbers[0]]
    assert "not the one that was written" in aside[numbers[1]]


def test_a_file_that_can_not_be_read_waits_and_holds_up_nobody(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = bench.put_many(["picture"] * 5)
    bad = bench.rows("SELECT path FROM pictures ORDER BY id")[0][0]

    def reading(home: Path, named: Named) -> Stored:
        if named.path == bad:
            raise OSError(errno.EIO, "the disk failed")
        return open_stored(home, named)

    monkeypatch.setattr("console.sync.uploading.sending.open_stored", reading)
    uploader = bench.start(settings())
    wait_until(lambda: bench.states() == {"sent": 4, "waiting": 1})
    wait_until(lambda: uploader.figures["one"].problem is not None)
    assert "the disk failed" in str(uploader.figures["one"].problem)
    monkeypatch.undo()
    uploader.push()
    wait_until(lambda: bench.states() == {"sent": 5})
    assert bench.targets["one"].order[-1] == numbers[0]


def test_erasing_goes_alone_after_what_is_under_way_and_before_all_else(bench: Bench) -> None:
    target = bench.targets["one"] = FakeTarget()
    gates = {number: threading.Event() for number in bench.put_many(["event"] * 2)}

    def hold(parcels: Sequence[Parcel]) -> None:
        gate = gates.get(parcels[0].number)
        assert gate is None or gate.wait(20)

    target.fail = hold
    uploader = bench.start(settings(concurrency=4))
    wait_until(lambda: len(target.sends) == 2)
    erased = [bench.put("erased", body={"tracking_ids": [str(uuid7())]}) for _one in range(2)]
    gates[erased[1]] = threading.Event()
    after = bench.put_many(["event"] * 20)
    uploader.push()  # it need not wait for the next look
    gates[1].set()
    wait_until(lambda: bench.states()["sent"] == 1)
    assert len(target.sends) == 2  # the other one is under way still
    gates[2].set()
    wait_until(lambda: bench.states()["sent"] == 3 and len(target.sends) == 4)
    threading.Event().wait(0.1)
    assert len(target.sends) == 4  # nothing goes beside it
    gates[erased[1]].set()
    wait_until(lambda: uploader.empty)
    assert target.order[2:4] == erased
    assert sorted(target.order[4:]) == after
    assert bench.rows("SELECT DISTINCT body FROM outbox WHERE kind = 'erased'") == [("{}",)]


def test_what_was_erased_stays_told_until_every_target_knows(bench: Bench) -> None:
    def away(_parcels: Sequence[Parcel]) -> None:
        raise Unreachable("away")

    bench.targets["two"] = FakeTarget("two")
    bench.targets["two"].fail = away
    bench.put("erased", body={"tracking_ids": ["x"]}, targets=["one", "two"])
    uploader = bench.start(settings("one", "two"))
    wait_until(lambda: bench.states("one") == {"sent": 1})
    assert "tracking_ids" in bench.rows("SELECT body FROM outbox")[0][0]
    bench.targets["two"].fail = lambda _parcels: None
    uploader.push("two")
    wait_until(lambda: uploader.empty)
    assert bench.rows("SELECT body FROM outbox") == [("{}",)]


@pytest.mark.parametrize("error", [WrongAnswer("it said moo"), RuntimeError("never foreseen")])
def test_a_message_that_fails_again_and_again_does_not_hold_up_the_others(bench: Bench, error: Exception) -> None:
    clock = bench.clock = FakeClock()
    target = bench.targets["one"] = FakeTarget(at_once=10)
    same = str(uuid7())
    numbers = bench.put_many(["verdict"] * 60, tracking_ids=[*[str(uuid7()) for _n in range(59)], same])
    poison = numbers[4]
    later = bench.put_many(["verdict"], tracking_ids=[bench.rows("SELECT tracking_id FROM outbox WHERE id = 5")[0][0]])

    def choke(parcels: Sequence[Parcel]) -> None:
        if poison in [parcel.number for parcel in parcels]:
            raise error

    target.fail = choke
    bench.start(settings(concurrency=3))
    for _step in range(400):
        clock.move(1.0)
        if bench.states() == {"waiting": 2, "sent": 59}:
            break
        threading.Event().wait(0.005)
    assert bench.states() == {"waiting": 2, "sent": 59}  # itself, and what stands behind it
    target.fail = lambda _parcels: None
    for _step in range(400):
        clock.move(10.0)
        if bench.states() == {"sent": 61}:
            break
        threading.Event().wait(0.005)
    assert target.order[-2:] == [poison, *later]
    assert set(target.taken.values()) == {1}


def test_what_came_after_one_that_was_let_go_of_does_not_wait_for_it(bench: Bench) -> None:
    clock = bench.clock = FakeClock()
    target = bench.targets["one"] = FakeTarget()
    same = str(uuid7())

    def choke(parcels: Sequence[Parcel]) -> None:
        if any("poison" in parcel.body for parcel in parcels):
            raise WrongAnswer("moo")

    target.fail = choke
    uploader = bench.start(settings(concurrency=1))
    bench.put("verdict", tracking_id=same, body={"poison": 1})
    for _step in range(2000):
        clock.move(20.0)
        if len(target.sends) >= 16:  # at the end of the line, and left alone for minutes
            break
        threading.Event().wait(0.005)
    assert drop(bench.store, "one", "waiting") == 1
    begin = clock.now
    bench.put("event")
    for _step in range(100):
        clock.move(0.2)
        if uploader.empty:
            break
        threading.Event().wait(0.02)
    assert bench.states() == {"sent": 1}
    assert clock.now - begin < 10.0
    bench.put("verdict", tracking_id=same)  # stands behind nothing any more
    for _step in range(200):
        clock.move(5.0)
        if uploader.empty:
            break
        threading.Event().wait(0.01)
    assert bench.states() == {"sent": 2}


def test_who_took_what_was_let_go_of_meanwhile_is_told_of_erasures(bench: Bench) -> None:
    target = bench.targets["one"] = FakeTarget()
    begun, go_on = threading.Event(), threading.Event()

    def hold(_parcels: Sequence[Parcel]) -> None:
        begun.set()
        go_on.wait(20)

    target.fail = hold
    name = str(uuid7())
    bench.put("event", tracking_id=name)
    bench.start(settings())
    assert begun.wait(20)
    assert drop(bench.store, "one", "waiting") == 1
    go_on.set()
    wait_until(lambda: bench.rows("SELECT sent FROM outbox_targets") == [(1,)])
    assert bench.store.write(lambda db: tell(db, [name], (), bench.store.boot_id)).result(10) == {"one": 1}


def test_what_is_erased_while_it_stands_ready_is_not_sent_any_more(bench: Bench) -> None:
    target = bench.targets["one"] = FakeTarget()
    go_on = threading.Event()
    target.fail = lambda _parcels: go_on.wait(20) and None  # type: ignore[func-returns-value]
    names = [str(uuid7()) for _n in range(12)]
    numbers = bench.put_many(["event"] * 12, tracking_ids=names)
    uploader = bench.start(settings(concurrency=2))
    wait_until(lambda: uploader.figures["one"].in_flight == 4)  # two are under way, and two stand ready

    def job(db: Any) -> None:
        taken = take_away(db, about(db, names[2:11]))
        tell(db, taken.tracking_ids, taken.targets, bench.store.boot_id)

    bench.store.write(job).result(10)
    wait_until(lambda: uploader.figures["one"].in_flight == 2)
    go_on.set()
    wait_until(lambda: uploader.empty)
    assert sorted(target.order[:2]) == numbers[:2]
    assert target.order[2:] == [13, numbers[11]]  # the word of it goes before the rest


def test_want_of_memory_ends_no_sender(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    wants = [MemoryError()]

    def opened(home: Path, named: Named) -> Stored:
        if wants:
            raise wants.pop()
        return open_stored(home, named)

    monkeypatch.setattr(sending, "open_stored", opened)
    bench.put("picture")
    uploader = bench.start(settings(concurrency=1))
    wait_until(lambda: uploader.empty)
    assert bench.states() == {"sent": 1}
    assert bench.rows("SELECT attempts FROM outbox_deliveries") == [(2,)]


def test_nothing_is_lost_or_recorded_twice_whatever_fails(bench: Bench) -> None:
    clock, random = FakeClock(), Random(3)
    bench.clock = clock
    target = bench.targets["one"] = FakeTarget(at_once=4)
    ids = [str(uuid7()) for _one in range(60)]
    kinds = random.choices(["event", "verdict", "picture", "erased"], [4, 4, 4, 0.2], k=400)
    numbers = bench.put_many(kinds, tracking_ids=random.choices(ids, k=400))
    lost_answers: list[int] = []

    def fail(parcels: Sequence[Parcel]) -> None:
        chance = random.random()
        if chance < 0.1:
            raise Unreachable("cut")
        if chance < 0.15:
            raise Busy("busy", after_s=random.choice([None, 3.0]))
        if chance < 0.2:  # it was taken, and the answer is lost
            for parcel in parcels:
                target.order.append(parcel.number)
            lost_answers.extend(parcel.number for parcel in parcels)
            raise WrongAnswer("half an answer")
        if chance < 0.22:
            raise KeyError("a bug")

    target.fail = fail
    uploader = bench.start(settings(concurrency=4))
    for _step in range(2000):
        clock.move(1.0)
        if uploader.empty:
            break
        threading.Event().wait(0.002)
    assert bench.states() == {"sent": 400}
    assert bench.rows("SELECT sent FROM outbox_targets") == [(400,)]
    assert set(target.order) == set(numbers)
    assert set(target.taken.values()) == {1}
    assert lost_answers
    for one in ids:  # of one tracking ID and priority, in order, also when first taken without an answer
        for kind in ("event", "verdict", "picture"):
            mine = [p.number for p in target.parcels if p.tracking_id == one and p.kind == kind]
            assert mine == sorted(mine)
    assert bench.rows("SELECT count(*) FROM holds") == [(0,)]


def test_what_is_put_while_it_runs_goes_within_seconds(bench: Bench) -> None:
    target = bench.targets["one"] = FakeTarget()
    uploader = bench.start(settings())
    wait_until(lambda: uploader.figures["one"].state == "idle" and target.settled)
    bench.put("event")
    wait_until(lambda: uploader.empty)


def test_two_do_not_send_for_one_home(bench: Bench) -> None:
    bench.start(settings())
    with pytest.raises(UsageError, match=r"sends already.*outbox push"):
        Bench(bench.home, bench.store).start(settings())
    bench.stop()
    bench.start(settings())  # the lock was let go


def test_a_target_nobody_knows_is_said_to_be_so(bench: Bench) -> None:
    uploader = bench.start(settings())
    for ask in (lambda: uploader.push("two"), lambda: uploader.pause("two", True)):
        with pytest.raises(UsageError, match="no target two"):
            ask()


@pytest.mark.parametrize("answer", [{"n": float("nan")}, {"s": "\ud800"}, {"x": "y" * 100_000}, {"o": object()}])
def test_what_was_taken_is_recorded_whatever_the_target_said_to_it(bench: Bench, answer: dict[str, object]) -> None:
    target = bench.targets["one"] = FakeTarget()
    target.fail = lambda parcels: [Receipt(parcel.message_id, answer) for parcel in parcels]
    bench.put("event")
    uploader = bench.start(settings())
    wait_until(lambda: uploader.empty)
    assert len(bench.rows("SELECT answer FROM outbox_deliveries")[0][0]) < 5000


def test_words_of_a_target_are_recorded_whatever_they_are(bench: Bench) -> None:
    target = bench.targets["one"] = FakeTarget()

    def fail(_parcels: Sequence[Parcel]) -> None:
        raise WrongAnswer("it said \ud800 " + "x" * 10_000, "\udfff")

    target.fail = fail
    bench.put("event")
    bench.start(settings())
    wait_until(lambda: "it said ?" in bench.rows("SELECT error FROM outbox_deliveries")[0][0])
    wait_until(lambda: bench.rows("SELECT problem_kind FROM outbox_targets") == [("WrongAnswer",)])


@pytest.mark.parametrize("answers", [[], [Receipt("another")], ["yes"], [None], None])
def test_an_answer_that_is_none_is_not_believed(bench: Bench, answers: object) -> None:
    target = bench.targets["one"] = FakeTarget()
    good, target.send = target.send, lambda _parcels: answers  # type: ignore[assignment,method-assign]
    bench.put("event")
    uploader = bench.start(settings())
    wait_until(lambda: uploader.figures["one"].state == "waiting")
    assert "nobody foresaw" in str(uploader.figures["one"].problem)
    assert bench.states() == {"waiting": 1}
    target.send = good  # type: ignore[method-assign]
    uploader.push()
    wait_until(lambda: uploader.empty)


def test_a_target_that_was_not_let_in_is_made_anew(bench: Bench) -> None:
    target = bench.targets["one"] = FakeTarget()

    def fail(_parcels: Sequence[Parcel]) -> None:
        if target.opened < 2:  # its certificate is read when it is made
            raise Denied("this certificate is over")

    target.fail = fail
    bench.put("event")
    uploader = bench.start(settings())
    wait_until(lambda: uploader.figures["one"].state == "waiting")
    uploader.push()
    wait_until(lambda: uploader.empty)
    assert (target.opened, target.closed) == (2, 1)


def test_a_target_that_can_not_be_made_is_said_so_and_tried_again(bench: Bench) -> None:
    make, broken = bench.make, [True]

    def making(*args: Any) -> FakeTarget:
        if broken[0]:
            raise SecretError("There is no secret.", "Set it.")
        return make(*args)

    bench.make = making  # type: ignore[method-assign]
    bench.put("event")
    uploader = bench.start(settings())
    wait_until(lambda: str(uploader.figures["one"].problem) == "There is no secret. Set it.")
    broken[0] = False
    uploader.push()
    wait_until(lambda: uploader.empty and uploader.figures["one"].problem is None)


def test_idle_senders_end(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.sync.uploading.senders.IDLE_S", 0.05)
    bench.put_many(["event"] * 50)
    uploader = bench.start(settings(concurrency=8))
    wait_until(lambda: uploader.empty)
    wait_until(lambda: {t.name for t in threading.enumerate() if t.name.startswith("sync")} == {"sync", "sync one"})
    bench.put("event")
    wait_until(lambda: uploader.empty)


def test_what_is_erased_from_the_outbox_while_it_is_sent_harms_nothing(bench: Bench) -> None:
    target = bench.targets["one"] = FakeTarget(at_once=5)
    gate = threading.Event()
    target.fail = lambda _parcels: gate.wait(20) and None  # type: ignore[func-returns-value]
    bench.put_many(["picture"] * 40)
    uploader = bench.start(settings())
    wait_until(lambda: target.sends)
    bench.store.write(lambda db: db.execute("DELETE FROM outbox WHERE id % 2 = 0").rowcount).result()
    gate.set()
    wait_until(lambda: uploader.empty)
    assert bench.states() == {"sent": 20}
    assert bench.rows("SELECT sent FROM outbox_targets") == [(len(target.order),)]


def test_a_later_verdict_does_not_overtake_one_that_failed_a_moment_ago(bench: Bench) -> None:
    clock = bench.clock = FakeClock()
    target, same = FakeTarget(), str(uuid7())
    bench.targets["one"] = target
    failures = iter([False, True])

    def fail(_parcels: Sequence[Parcel]) -> None:
        if next(failures, False):
            raise Unreachable("cut")

    target.fail = fail
    numbers = bench.put_many(["event", "verdict", "verdict"], tracking_ids=[str(uuid7()), same, same])
    uploader = bench.start(settings(concurrency=1))
    wait_until(lambda: uploader.figures["one"].state == "waiting")
    clock.move(0.26)  # so soon that what was read before is still good
    wait_until(lambda: uploader.empty)
    assert target.order == numbers
