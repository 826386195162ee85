"""`sightdesk review` and `sightdesk erase --id`: what waits, one item with its history, what verdicts tell."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from console.cli import app as command_line
from console.cli import review as command
from console.errors import SightdeskError, StoreError, UsageError
from console.review.verdicts import Decision, VerdictLane
from console.settings.home import Home
from console.settings.review import ReviewSettings
from console.store.store import Store
from tests.console.erasing import Asked, plant_asked, remains
from tests.console.review_queue import fill, new_item


@pytest.fixture
def desk(own_home: Path) -> Iterator[Store]:
    """A running desk's home: nine items, of which three are judged."""
    with Home.open(own_home) as home, Store.open(home) as store:
        numbers = fill(store, [new_item(("gate", "yard")[n % 2], score=0.4 + n / 100, track=n) for n in range(8)])
        numbers += fill(store, [new_item(reason="random", probability=0.1, score=0.8)])
        lane = VerdictLane(store, supervisor=lambda: False, settings=ReviewSettings(second_share=0))
        lane.decide(numbers[0], Decision("relabel", "dog"), who="Ann", seconds=2.5)
        lane.decide(numbers[1], Decision("skip"), who="Ann")
        lane.decide(numbers[8], Decision("accept"), who="Bob")
        assert lane.close() == 0
        yield store


def run(*words: str) -> tuple[str, str]:
    """What a command says on standard output and on standard error."""
    said = CliRunner().invoke(command.app, list(words), catch_exceptions=False)
    assert said.exit_code == 0
    return said.stdout, said.stderr


def test_the_list_is_filtered_and_in_order(desk: Store) -> None:
    told = json.loads(run("list", "--json")[0])
    assert (told["count"], told["capped"]) == (6, False)
    assert [item["id"] for item in told["items"]] == [3, 4, 5, 6, 7, 8]
    words = ("--camera", "gate", "--state", "open", "--state", "done", "--order", "sure", "--limit", "3", "--json")
    told = json.loads(run("list", *words)[0])
    assert [(item["id"], item["state"]) for item in told["items"]] == [(9, "done"), (7, "open"), (5, "open")]
    assert told["count"] == 5
    told = json.loads(run("list", "--state", "all", "--who", "Ann", "--json")[0])
    assert [item["verdict"]["kind"] for item in told["items"]] == ["relabel", "skip"]
    out, err = run("list", "--reason", "random", "--state", "done")
    assert "0.80" in out
    assert "1 of 1 items" in err
    assert "No such items" in run("list", "--label", "cat")[1]


def test_an_item_is_shown_by_number_and_by_tracking_id(desk: Store) -> None:
    by_number = json.loads(run("show", "1", "--json")[0])
    assert json.loads(run("show", by_number["tracking_id"].upper(), "--json")[0]) == by_number
    assert by_number["box"]["xyxy"] == [10, 20, 110, 220]
    assert [(one["kind"], one["label"], one["who"], one["seconds"]) for one in by_number["history"]] == [
        ("relabel", "dog", "Ann", 2.5)
    ]
    assert by_number["gold"] == []
    out, _err = run("show", "1")
    assert "Ann (first): relabel dog in 2.5 s" in out


def test_lineage_leads_to_the_gold_sets(desk: Store) -> None:
    item = plant_asked(Home.look(desk.path.parent), desk, "gate", 20)
    told = json.loads(run("show", item.tracking_id, "--json")[0])
    assert told["gold"] == [{"name": "street", "version": 1, "split": "test"}]
    assert told["picture"] == item.pictures[0]
    assert "in gold set street@1, test" in run("show", str(item.id))[0]


def test_figures_say_what_they_mean(desk: Store) -> None:
    told = json.loads(run("figures", "--json")[0])
    assert "not recall" in told["means"]
    (gate, every) = told["precision"]
    assert (gate["camera_id"], gate["label"], gate["judged"], gate["drawn"]) == ("gate", "person", 1, 1)
    assert (every["camera_id"], every["share"]["value"]) == ("", 1.0)
    assert told["threshold"]["best"] == pytest.approx(0.8)
    assert (told["threshold"]["false_alarm"], told["threshold"]["miss"]) == (1.0, 5.0)
    out, err = run("figures")
    assert "precision 1.00 (0.21 to 1.00, from only 1); 1 of 1 judged" in out
    assert "not recall" in err
    assert json.loads(run("figures", "--camera", "yard", "--json")[0])["precision"] == []


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        (("list", "--state", "burnt"), UsageError, "no state 'burnt'"),
        (("list", "--order", "best"), UsageError, "no order 'best'"),
        (("list", "--reason", "whim"), UsageError, "no reason 'whim'"),
        (("show", "77"), SightdeskError, "no review item 77"),
        (("show", "9" * 40), SightdeskError, "no review item"),
        (("show", "x"), SightdeskError, "no review item x"),
    ],
)
def test_wrong_use_is_said(desk: Store, words: tuple[str, ...], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        run(*words)


def test_a_database_from_before_review_says_what_to_do(own_home: Path) -> None:
    from console.store.migrations import shipped

    with Home.open(own_home) as home:
        Store.open(home, migrations=shipped()[:3]).close()
    with pytest.raises(StoreError, match="older Sightdesk"):
        run("list")


def test_an_item_is_erased_by_its_tracking_id(
    desk: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = Home.look(desk.path.parent)
    planted: list[Asked] = [plant_asked(home, desk, "gate", number) for number in (20, 21)]

    def erase(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sightdesk", "erase", *words])
        with pytest.raises(SystemExit) as ended:
            command_line.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    name = planted[0].tracking_id
    code, out, _err = erase("--id", name, "--dry-run", "--json")
    would = json.loads(out)["would_erase"]
    assert (code, would["items"], would["verdicts"], would["gold_members"], would["pictures"]) == (0, 1, 1, 1, 2)
    _code, _out, err = erase("--id", name, "--dry-run")
    assert "1 review items with 1 verdicts" in err
    code, out, _err = erase("--id", name, "--yes", "--json")
    told = json.loads(out)
    assert (code, told["asked"], told["figures"]["items"]) == (0, ["tracking ID"], 1)
    assert remains(home.path, planted[0].needles) == {}
    assert remains(home.path, planted[1].needles)
    for words, why in ((("--id", name), "no review item"), (("--id", "x"), "no tracking ID")):
        code, _out, err = erase(*words)
        assert code == 2
        assert why in err
