"""`review simulate`: a tiny one quickly, and the whole of it against its targets when asked for.

Run it with: uv run pytest -m soak tests/bench/test_review.py -s     (on a machine with nothing else to do)
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from console.bench.review import TARGETS, Wanted, fill, in_words, measure
from console.cli.review_simulate import simulate
from console.errors import UsageError
from console.review import queries
from console.settings.home import Home
from console.store.store import Store


def test_a_tiny_one_says_all_its_figures(qapp: object, tmp_path: Path) -> None:
    wanted = Wanted(items=200, pictures=6, verdicts=12, every_s=0.0, filters=2, rest_s=0.1, size=(1280, 800))
    with Home.open(tmp_path / "home") as home, Store.open(home) as store:
        fill(home, store, wanted, lambda _words: None)
        with store.read() as db:
            assert queries.count(db) == 200
            items = queries.page(db, limit=200)
        assert len({item.picture for item in items}) == 6
        assert all(item.box is not None and item.label == item.box.label for item in items)
        report = json.loads(json.dumps(measure(home, store, wanted)))
        with store.read() as db:
            assert queries.count(db) == 188, "every key was a verdict, and is kept"
    assert report["items"] == 200
    assert report["verdicts"] == 12
    assert report["refused"] == 0
    assert 0 < report["verdict_ms"]["p50"] <= report["verdict_ms"]["p99"]
    assert report["open_ms"] > 0
    assert report["filter_ms"]["max"] > 0
    assert report["rss_mb"] > 30
    assert set(report["missed"]) <= set(TARGETS)
    assert "verdict to next picture" in in_words(report)


def test_it_fills_no_folder_that_somebody_uses(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("dear")
    with pytest.raises(UsageError, match="not empty"):
        simulate(items=10, pictures=1, verdicts=1, every_ms=0, filters=1, home=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]


@pytest.mark.soak
class TestTargets:
    @pytest.fixture(scope="class")
    def reports(self) -> dict[int, dict[str, Any]]:
        return {items: run(items) for items in (100_000, 1_000_000)}

    def test_a_hundred_thousand(self, reports: dict[int, dict[str, Any]]) -> None:
        assert reports[100_000]["missed"] == []
        assert reports[100_000]["refused"] == 0

    def test_a_million_is_hardly_slower(self, reports: dict[int, dict[str, Any]]) -> None:
        many, most = reports[100_000], reports[1_000_000]
        assert most["missed"] == []
        for figure in ("p50", "p99"):
            assert most["verdict_ms"][figure] <= many["verdict_ms"][figure] * 1.2 + 1
        assert most["rss_mb"] <= many["rss_mb"] * 1.2


def run(items: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "console", "review", "simulate", "--items", str(items), "--json"]
    environment = {**os.environ, "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-800:]
    print(done.stdout)
    report: dict[str, Any] = json.loads(done.stdout)
    return report
