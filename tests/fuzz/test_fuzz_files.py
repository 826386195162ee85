"""Damaged settings and model files: each ends in use or in words, none in a crash or a traceback.

SIGHTDESK_FUZZ_FILES asks for more cases, SIGHTDESK_FUZZ_FIRST for others.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

pytest.importorskip("resource", reason="the kinds of damage are shared with media cases, which limit memory")

from tests.fuzz import file_cases
from tests.fuzz.watcher import Watcher

CASES = int(os.environ.get("SIGHTDESK_FUZZ_FILES", "1000"))
FIRST = int(os.environ.get("SIGHTDESK_FUZZ_FIRST", "0"))


@pytest.mark.timeout(120 + CASES // 5)
def test_damaged_files_are_used_or_refused_in_words(tmp_path: Path) -> None:
    file_cases.make_originals(tmp_path)
    half = FIRST + CASES // 2
    watchers = [
        Watcher("tests.fuzz.file_cases", tmp_path, cases, file_cases.LIMIT_S)
        for cases in (range(FIRST, half), range(half, FIRST + CASES))
    ]
    threads = [threading.Thread(target=watcher.run) for watcher in watchers]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    failures = [failure for watcher in watchers for failure in watcher.failures]
    outcomes = [outcome for watcher in watchers for outcome in watcher.outcomes]
    refused = sum("then:" in outcome for outcome in outcomes)
    print(f"{len(outcomes)} cases in {time.monotonic() - begin:.0f} s, {refused} refused in words")
    assert not failures, f"{len(failures)} of {CASES}:\n" + "\n".join(failures[:10])
    assert len(outcomes) == CASES
    assert 0.1 < refused / CASES < 0.99


def test_the_sound_files_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the cases are made from is whole: otherwise the fuzzing would prove nothing."""
    file_cases.make_originals(tmp_path)
    monkeypatch.setattr(file_cases, "damaged", lambda folder, case: (name, (folder / name).read_bytes()))
    outcomes = {}
    for number, name in enumerate(sorted({*file_cases.NAMES, *file_cases.REAL})):
        if (tmp_path / name).is_file():
            outcomes[name] = file_cases.read_case(tmp_path, number)
    assert outcomes["settings.yaml"] == outcomes["cameras.yaml"] == "valid"
    assert outcomes.get("yolox_nano.onnx", "loaded") == "loaded"
    # readable networks of no family: read whole, refused for what they are
    assert "of no family" in outcomes["tiny.onnx"]
    assert "of no family" in outcomes["ir.xml"]
