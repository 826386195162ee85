"""No core dump: the memory of a process that has pictures is not written to disk when it crashes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no core dumps there")

CRASH = """
import ctypes, resource, sys
from console.privacy.core_dumps import refuse_core_dumps
hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
if sys.argv[1] == "refuse":
    refuse_core_dumps()
    refuse_core_dumps()
print(*resource.getrlimit(resource.RLIMIT_CORE), flush=True)
if sys.argv[1] == "refuse":
    ctypes.string_at(0)
"""


def run(folder: Path, what: str) -> tuple[int, int]:
    """The limit on core dumps, soft and hard, -1: none."""
    ended = subprocess.run(
        [sys.executable, "-X", "faulthandler=0", "-c", CRASH, what],
        cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    soft, hard = ended.stdout.split()
    return int(soft), int(hard)


def test_a_crash_leaves_no_core_dump_and_who_wants_one_may_raise_the_limit_again(tmp_path: Path) -> None:
    before, hard = run(tmp_path, "nothing")
    assert before == hard
    soft, kept = run(tmp_path, "refuse")
    assert soft == (0 if hard == 0 else 1)
    assert kept == hard
    assert list(tmp_path.iterdir()) == []
