"""What is ONNX Runtime's own; the rest is in the contract suite."""

import subprocess
import sys
from pathlib import Path

import pytest

_CODE = """
from backends import registry
assert registry.runtime("onnxruntime").devices()[0].available
import onnxruntime
"""


def test_its_import_reports_nothing_to_its_maker(tmp_path: Path) -> None:
    """Where it would, it leaves a device id and a queue of reports in the user's cache folder."""
    pytest.importorskip("onnxruntime")
    environment = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}  # none of what hints at a test
    done = subprocess.run(
        [sys.executable, "-c", _CODE], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.rglob("*")) == []
