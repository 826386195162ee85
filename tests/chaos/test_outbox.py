"""The outbox under fire: a small one in the plain run, and the whole of it when asked for.

Run it with: uv run pytest -m soak tests/chaos -s     (or: uv run python -m tests.chaos.outbox --items 10000 --seed 7)
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.chaos.comparing import Differences, compare_cloud, compare_database, compare_ledger
from tests.chaos.folders import compare_folder
from tests.chaos.ledger import Ledger, lines
from tests.chaos.outbox import run

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="fork")
BOTH = ("cloud", "objects")


def test_what_arrives_is_what_was_stored(tmp_path: Path) -> None:
    summary = run(tmp_path, items=200, kills=3, seed=3, targets=BOTH, rate=0.2, beyond=0.0, within_s=60)
    assert summary["differences"] == []
    assert summary["kills"] == 3
    assert summary["confirmed"] >= 200
    assert sum(summary["sent"]["cloud"].values()) >= 400
    assert summary["faults"].keys() - {"clean"}, "some went wrong"
    spoil(tmp_path)
    assert_differences_are_found(tmp_path)


def spoil(folder: Path) -> None:
    """Change what arrived and what was recorded, a thing of each kind."""
    with closing(sqlite3.connect(folder / "cloud" / "ledger.db", isolation_level=None)) as db:
        events = [row[0] for row in db.execute("SELECT message_id FROM messages WHERE kind = 'event' LIMIT 2")]
        (picture,) = db.execute("SELECT message_id FROM messages WHERE kind = 'picture' LIMIT 1").fetchone()
        db.execute("DELETE FROM messages WHERE message_id = ?", (events[0],))
        db.execute("UPDATE messages SET head = replace(head, '\"yard', '\"yart') WHERE kind = 'event'")
        db.execute("UPDATE messages SET file = CAST(file || 'x' AS BLOB) WHERE message_id = ?", (picture,))
        db.execute(
            "INSERT INTO messages SELECT arrived + 1000000, 'more', tracking_id, kind, number, camera_id, head, "
            "head_sha256, file_sha256, bytes, file FROM messages WHERE message_id = ?",
            (events[1],),
        )
    with closing(sqlite3.connect(folder / "home" / "sightdesk.db", isolation_level=None)) as db:
        db.execute("UPDATE outbox_counts SET number = number + 1 WHERE target = 'cloud' AND kind = 'event'")
        db.execute("UPDATE outbox_deliveries SET state = 'refused', sent_at = NULL WHERE outbox_id = 1")
    stored = next(path for path in sorted((folder / "objects").rglob("*.jpg")))
    stored.write_bytes(stored.read_bytes() + b"\0")


def assert_differences_are_found(folder: Path) -> None:
    """The comparison does not pass whatever it is given."""
    home, cloud, found = folder / "home", folder / "cloud", Differences()
    compare_database(home, found)
    compare_cloud(home, cloud, "cloud", found)
    compare_folder(home, folder / "objects", "objects", found)
    compare_ledger(home, folder / "ledgers", cloud, found)
    assert set(found.found) >= {
        "miscounted",
        "not sent",
        "cloud lacks messages",
        "cloud has messages that the outbox does not know",
        "cloud has other bytes",
        "cloud has another head",
        "confirmed messages that did not arrive",
        "objects has another file",
    }


def test_a_ledger_keeps_whole_lines(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "kept")
    ledger.note(what="event", tracking_id="a")
    ledger.close()
    with (tmp_path / "kept").open("ab") as file:
        file.write(b'{"what": "ev')
    assert lines(tmp_path / "kept") == [{"what": "event", "tracking_id": "a"}]
    assert lines(tmp_path / "none") == []


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", [7, 8])
def test_two_thousand_items_and_thirty_kills(tmp_path: Path, seed: int) -> None:
    summary = run(tmp_path, items=2000, kills=30, seed=seed, targets=BOTH, say=True)
    print(json.dumps(summary, indent=1))
    assert summary["differences"] == []
    assert summary["kills_inside_commits"] >= 3
    assert summary["taken_but_not_recorded"] >= 1
