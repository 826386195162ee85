"""The cloud side under fire: a small one in the plain run, and the whole of it when asked for.

Run it with: uv run pytest -m soak tests/chaos -s     (or: uv run python -m tests.chaos.cloud --items 10000 --seed 7)
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.chaos.cloud import run
from tests.chaos.cloud_side.comparing import compare_answers, compare_cloud
from tests.chaos.cloud_side.stack import KINDS, Kind
from tests.chaos.comparing import Differences


def test_each_crop_is_answered_once_with_what_the_model_says(tmp_path: Path, shared: Path) -> None:
    assert shared.is_dir()
    summary = run(tmp_path, "embedded", items=40, kills=2, seed=3, within_s=100)
    assert summary["differences"] == []
    assert summary["kills"] == {"api": 1, "worker": 1}
    assert summary["answers"] == summary["jobs"] == 40
    assert summary["boxes"] > 20
    spoil(tmp_path)
    found = Differences()
    compare_answers(tmp_path / "home", tmp_path / "ledger", found)
    compare_cloud(tmp_path / "kept", "", tmp_path / "ledger", found)
    assert set(found.found) >= {
        "without an answer",
        "another answer",
        "the cloud's jobs",
        "jobs that are not done",
        "miscounted",
        "files that nobody names",
    }


def spoil(folder: Path) -> None:
    """Change what was answered and what the cloud has, a thing of each kind."""
    with closing(sqlite3.connect(folder / "home" / "sightdesk.db", isolation_level=None)) as db:
        db.execute("DELETE FROM answers WHERE number = 1")
        (body, name) = db.execute("SELECT body, message_id FROM answers WHERE body LIKE '%plate%' LIMIT 1").fetchone()
        values = json.loads(body)
        values["found"][0]["box"][0] += 90
        db.execute("UPDATE answers SET body = ? WHERE message_id = ?", (json.dumps(values), name))
    with closing(sqlite3.connect(folder / "kept" / "cloud.db", isolation_level=None)) as db:
        db.execute("UPDATE jobs SET state = 'failed' WHERE job_id = (SELECT min(job_id) FROM jobs)")
        db.execute("DELETE FROM jobs WHERE job_id = (SELECT max(job_id) FROM jobs)")
        db.execute("UPDATE counts SET number = number + 1 WHERE what = 'done jobs'")
    (next(path for path in (folder / "kept" / "files").rglob("*") if path.is_file()).parent / "more").write_bytes(b"?")


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", KINDS)
def test_two_thousand_crops_and_twenty_kills(tmp_path: Path, kind: Kind, shared: Path) -> None:
    assert shared.is_dir()
    summary = run(tmp_path, kind, items=2000, kills=20, seed=8, say=True)
    print(json.dumps(summary, indent=1))
    assert summary["differences"] == []
    assert sum(summary["kills"].values()) == 20
