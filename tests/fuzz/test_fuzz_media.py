"""Two thousand damaged clips and pictures: each ends in frames or in words, none in a crash, a hang, a memory flood.

Cases run in child processes, so that one that brings the process down is seen as the failure of its own number.
SIGHTDESK_FUZZ_CASES asks for more of them, SIGHTDESK_FUZZ_FIRST for others.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytest.importorskip("resource", reason="memory is limited by setrlimit")

from tests.fuzz import media_cases
from tests.fuzz.watcher import Watcher

CASES = int(os.environ.get("SIGHTDESK_FUZZ_CASES", "2000"))
FIRST = int(os.environ.get("SIGHTDESK_FUZZ_FIRST", "0"))
WORKERS = 2


@pytest.mark.timeout(120 + CASES // 20)
def test_damaged_media_end_in_frames_or_in_words(tmp_path: Path) -> None:
    media_cases.make_originals(tmp_path)
    share = -(-CASES // WORKERS)
    begin = time.monotonic()
    watchers = [
        Watcher(
            "tests.fuzz.media_cases", tmp_path, range(start, min(start + share, FIRST + CASES)), media_cases.LIMIT_S
        )
        for start in range(FIRST, FIRST + CASES, share)
    ]
    threads = [threading.Thread(target=watcher.run) for watcher in watchers]
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
    assert 0.1 < refused / CASES < 0.9


def test_sound_media_are_read(tmp_path: Path) -> None:
    """What the cases are made from is whole: otherwise the fuzzing would prove nothing."""
    media_cases.make_originals(tmp_path)
    for name in media_cases.CLIPS:
        assert len(list(media_cases.FileSource("sound", tmp_path / name, paced=False).frames())) == 5
    assert media_cases._read_stream((tmp_path / "stream.mjpeg").read_bytes()) == "5 frames, 0 broken"
    assert len(list(media_cases.FolderSource("sound", tmp_path).frames())) == len(media_cases.PICTURES)


def test_a_case_is_always_the_same(tmp_path: Path) -> None:
    media_cases.make_originals(tmp_path)
    assert all(media_cases.damaged(tmp_path, case) == media_cases.damaged(tmp_path, case) for case in range(40))


def test_a_crash_belongs_to_its_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The watcher names the case that killed its child and goes on behind it."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "if 'tests.fuzz.media_cases' in sys.orig_argv:\n"
        "    import os, tests.fuzz.media_cases as cases\n"
        "    def main(folder, first, last):\n"
        "        for case in range(first, last):\n"
        "            print('begin', case, flush=True)\n"
        "            if case == 3: os.abort()\n"
        "            print('end', case, 0.01, '1 frames', flush=True)\n"
        "    main(sys.argv, int(sys.orig_argv[-2]), int(sys.orig_argv[-1]))\n"
        "    os._exit(0)\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{ROOT}")
    media_cases.make_originals(tmp_path)
    watcher = Watcher("tests.fuzz.media_cases", tmp_path, range(6), 10)
    watcher.run()
    assert [outcome.split()[0] for outcome in watcher.outcomes] == ["0", "1", "2", "4", "5"]
    assert len(watcher.failures) == 1
    assert watcher.failures[0].startswith("case 3 ")
