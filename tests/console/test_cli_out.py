"""--out: where results go, and what is never destroyed for them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.cli.results_file import ResultsFile, check_out
from console.errors import UsageError
from models.detections import Detections
from models.results import Result
from models.traces import Trace
from models.tracks import Tracks


def result(seq: int) -> Result:
    found = Detections.of([[1, 2, 3.456, 4]], [0.87654], [2], [7])
    pts = None if seq else 1.5
    taken = datetime(2026, 1, 1, tzinfo=UTC)
    return Result("cam", seq, 0, 1, taken, pts, (64, 48), found, Tracks.empty(), (), (), Trace())


def test_results_are_lines_of_json_in_order(tmp_path: Path) -> None:
    check_out(tmp_path / "new folder" / "results.jsonl", ())
    out = ResultsFile(tmp_path / "new folder" / "results.jsonl")
    for seq in range(3000):
        out.put(result(seq))
    out.close()
    assert out.failure is None
    lines = [json.loads(line) for line in (tmp_path / "new folder" / "results.jsonl").read_text().splitlines()]
    assert [line["frame"] for line in lines] == list(range(3000))
    assert lines[0] == {"camera": "cam", "frame": 0, "time": 1.5, "boxes": [[1.0, 2.0, 3.46, 4.0, 0.8765, 2, 7]]}
    assert lines[1]["time"] == datetime(2026, 1, 1, tzinfo=UTC).timestamp()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_said_and_holds_up_nobody() -> None:
    out = ResultsFile(Path("/dev/full"))
    for seq in range(5000):
        out.put(result(seq))
    out.close()
    assert out.failure is not None
    assert "No space left" in out.failure


def test_a_results_file_that_cannot_be_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path in (tmp_path, tmp_path / "file" / "results.jsonl"):
        with pytest.raises(UsageError, match="can't be written"):
            check_out(path, ())


def test_what_the_run_reads_is_never_written_over(tmp_path: Path) -> None:
    clip, picture = tmp_path / "w.avi", tmp_path / "pictures" / "a.JPG"
    picture.parent.mkdir()
    for path in (clip, picture):
        path.write_bytes(b"precious")
    (tmp_path / "link.avi").symlink_to(clip)
    for out in (clip, tmp_path / "link.avi", tmp_path / "pictures" / ".." / "w.avi", picture):
        with pytest.raises(UsageError, match="destroy"):
            check_out(out, [clip, picture.parent])
    check_out(picture.parent / "results.jsonl", [clip, picture.parent])
    assert clip.read_bytes() == picture.read_bytes() == b"precious"


def test_an_earlier_file_stays_until_there_is_a_first_result(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text("earlier")
    check_out(path, ())
    ResultsFile(path).close()
    assert path.read_text() == "earlier"
    out = ResultsFile(path)
    out.put(result(0))
    out.close()
    assert json.loads(path.read_text())["frame"] == 0


def test_a_run_that_saw_nothing_leaves_an_empty_file_not_that_of_another_run(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text("earlier")
    ResultsFile(path).close(even_empty=True)
    assert path.read_text() == ""


def test_a_folder_that_went_away_meanwhile_is_said(tmp_path: Path) -> None:
    out = ResultsFile(tmp_path / "gone" / "results.jsonl")
    out.put(result(0))
    out.close()
    assert "No such file" in (out.failure or "")
