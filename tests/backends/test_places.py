from __future__ import annotations

import contextlib
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from backends import places, registry
from backends.base import BackendError, LoadOptions
from models.manifest import PictureInput
from tests import tiny_onnx

HANGS = """
import pathlib, sys, time
import numpy as np
import onnxruntime
from backends import registry
from backends.base import LoadOptions
from models.manifest import PictureInput
picture = PictureInput("picture", 32, 32, "NCHW")
backend = registry.runtime("onnxruntime").load(pathlib.Path(sys.argv[1]), picture, "CPU", LoadOptions())
onnxruntime.InferenceSession.run = lambda *_: time.sleep(30)
backend.submit({"picture": np.zeros((1, 32, 32, 3), np.uint8)}, print)
print("at the end", flush=True)
"""


def test_a_driver_that_never_answers_keeps_no_program_alive(tmp_path: Path) -> None:
    path = tiny_onnx.mean_color(tmp_path / "tiny.onnx")
    command = [sys.executable, "-c", HANGS, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "at the end\n"
        begin = time.monotonic()
        rest, errors = process.communicate(timeout=20)
        assert time.monotonic() - begin < places.EXIT_S + 1.5
        assert (process.returncode, rest, errors) == (0, "", "")


def test_a_warm_up_without_an_answer_ends_in_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import onnxruntime

    before = set(threading.enumerate())
    go_on = threading.Event()
    monkeypatch.setattr(places, "WARM_UP_S", 0.3)
    monkeypatch.setattr(onnxruntime.InferenceSession, "run", lambda *_: go_on.wait(20))
    path = tiny_onnx.mean_color(tmp_path / "tiny.onnx")
    with pytest.raises(BackendError, match=r"no answer within 0\.3 s"):
        registry.runtime("onnxruntime").load(path, PictureInput("picture", 32, 32, "NCHW"), "CPU", LoadOptions())
    go_on.set()
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
        assert not thread.is_alive()


def test_whatever_is_raised_while_waiting_becomes_an_answer() -> None:
    answers: queue.SimpleQueue = queue.SimpleQueue()

    def answer() -> dict:
        raise MemoryError("no room for the outputs")

    several = places.Places("test", [1])
    several.submit(lambda _tool: answer, answers.put)
    assert answers.get(timeout=5).what == "The inference failed: no room for the outputs"
    several.submit(lambda tool: lambda: {"tool": np.array(tool)}, answers.put)
    assert answers.get(timeout=5)["tool"] == 1
    several.close()


def test_closing_while_others_submit_leaves_no_submission_unanswered() -> None:
    for _ in range(50):
        several = places.Places("test", list(range(3)))
        accepted, answered = [], []

        def submit(several: places.Places = several, accepted: list = accepted, answered: list = answered) -> None:
            with contextlib.suppress(BackendError):
                while True:
                    several.submit(lambda _tool: dict, answered.append)
                    accepted.append(1)

        submitting = threading.Thread(target=submit)
        submitting.start()
        time.sleep(0.002)
        several.close()
        submitting.join(5)
        assert not submitting.is_alive()
        assert len(accepted) == len(answered)
