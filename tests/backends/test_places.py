from __future__ import annotations

import contextlib
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from backends import places, registry
from backends.base import BackendError, BackendInfo, Done, LoadOptions
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


class Answering:
    """A backend that answers a submission of `count` pictures with an output of `answers(count)` rows."""

    def __init__(self, options: LoadOptions, answers: Callable[[int], int]) -> None:
        self.info = BackendInfo("made up", "1", "CPU", "f32", 1, max_batch=options.batch)
        self.answers, self.asked, self.closed = answers, [], False

    def submit(self, inputs: dict, done: Done) -> None:
        count = len(inputs["picture"])
        self.asked.append(count)
        rows = self.answers(count)
        done({"mean": np.zeros((rows, 3))} if rows else BackendError("Out of memory."))

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("answers", [lambda _: 1, lambda count: 0 if count > 1 else 1], ids=["merges", "fails"])
def test_what_does_not_answer_each_picture_is_made_again_for_one(answers: Callable[[int], int]) -> None:
    made: list[Answering] = []

    def make(options: LoadOptions) -> Answering:
        made.append(Answering(options, answers))
        return made[-1]

    backend = places.warmed_up(make, PictureInput("picture", 32, 32, "NCHW"), LoadOptions(batch=4))
    assert backend is made[1]
    assert [one.asked for one in made] == [[4], [1]]
    assert [one.closed for one in made] == [True, False]
    assert backend.info.max_batch == 1


def test_what_answers_each_picture_is_kept_and_warm_for_both() -> None:
    backend = places.warmed_up(
        lambda options: Answering(options, lambda count: count),
        PictureInput("picture", 32, 32, "NCHW"),
        LoadOptions(batch=4),
    )
    assert (backend.asked, backend.closed, backend.info.max_batch) == ([4, 1], False, 4)


@pytest.mark.parametrize("shape", [(32, 32, 3), (1, 1, 32, 32, 3), (1, 32, 32, 4), ()])
def test_pictures_of_another_shape_are_refused_in_words(shape: tuple) -> None:
    with pytest.raises(BackendError, match=r"Expected picture \(N, 32, 32, 3\) uint8, got picture"):
        places.pixels_of({"picture": np.zeros(shape, np.uint8)}, PictureInput("picture", 32, 32, "NCHW"), 4)


@pytest.mark.parametrize("name", ["openvino", "onnxruntime"])
def test_a_runtime_that_can_t_say_what_runs_is_closed_and_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    def silent(*_args: object) -> None:
        raise RuntimeError("no such property")

    monkeypatch.setattr("backends.openvino.read_back", silent)
    monkeypatch.setattr("backends.onnxruntime_placement.ran", silent)
    path = tiny_onnx.mean_color(tmp_path / "tiny.onnx")
    before = set(threading.enumerate())
    with pytest.raises(BackendError, match="does not say what runs on CPU: no such property"):
        registry.runtime(name).load(path, PictureInput("picture", 32, 32, "NCHW"), "CPU", LoadOptions())
    assert set(threading.enumerate()) <= before
