"""Logs: what is written where, in which form, and what never is."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn, Self

import pytest

from console.errors import HomeError
from console.health import logs
from console.settings.schema import LogSettings
from console.settings.scrub import SCRUBBER

log = logging.getLogger("console.pipeline.test")


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    yield
    SCRUBBER.forget_all()


class Started:
    def __init__(self, folder: Path, settings: LogSettings | None = None, words: str = "info") -> None:
        self.stream = io.StringIO()
        self.file = folder / logs.FILE
        self.logs = logs.start(settings or LogSettings(), folder, words=words, stream=self.stream)

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.file.read_text(encoding="utf-8").splitlines()]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.logs.stop()


def fail(error: Exception) -> NoReturn:
    raise error


def test_files_get_json_and_people_get_words(tmp_path: Path) -> None:
    with Started(tmp_path) as started:
        log.warning("camera %s is %s", "gate", "früh blocked", extra={"camera": "gate", "seconds": 2.5})
        (line,) = started.lines
    assert line["event"] == "camera gate is früh blocked"
    assert line["level"] == "warning"
    assert line["logger"] == "console.pipeline.test"
    assert line["thread"] == "MainThread"
    assert (line["camera"], line["seconds"]) == ("gate", 2.5)
    assert line["timestamp"].endswith("Z")
    assert started.stream.getvalue() == "warning  camera gate is früh blocked (camera=gate seconds=2.5)\n"


def test_levels_are_kept_apart(tmp_path: Path) -> None:
    with Started(tmp_path, LogSettings(level="debug"), words="error") as started:
        log.debug("fine")
        log.error("bad")
        logging.getLogger("httpx").info("GET http://u:p@host")
        logging.getLogger("httpx").warning("slow")
        assert [line["event"] for line in started.lines] == ["fine", "bad", "slow"]
        assert started.stream.getvalue() == "error    bad\n"


def test_a_traceback_is_in_the_file_and_its_last_line_is_said(tmp_path: Path) -> None:
    with Started(tmp_path) as started:
        try:
            fail(ValueError("broken rtsp://u:hunter2@h/x"))
        except ValueError:
            log.exception("it failed")
        assert "test_health_logs.py" in started.lines[0]["exception"]
        assert started.stream.getvalue() == "error    it failed [ValueError: broken rtsp://***@h/x]\n"


def test_nothing_secret_is_written(tmp_path: Path) -> None:
    SCRUBBER.remember("swordfish-known")
    secrets = ("hunter2", "swordfish-known", "dXNlcjpodW50ZXIy")
    with Started(tmp_path, LogSettings(level="debug")) as started:
        log.info("open %s", "rtsp://admin:hunter2@10.0.0.5/live")
        log.info("swordfish-known in the text")
        log.info("headers %s", {"Authorization": "Basic dXNlcjpodW50ZXIy", "x": "swordfish-known"})
        log.info(
            "fields", extra={"password": "hunter2", "nested": {"token": "hunter2"}, "url": "http://a/?pwd=hunter2"}
        )
        log.info("login password=hunter2 done", stack_info=True)
        try:
            fail(RuntimeError("swordfish-known and password: hunter2"))
        except RuntimeError as error:
            error.add_note("Authorization: Basic dXNlcjpodW50ZXIy")
            log.exception("failed", extra={"error": error})
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            logging.captureWarnings(capture=True)
            warnings.warn("swordfish-known", UserWarning, stacklevel=1)
        written = started.file.read_text() + started.stream.getvalue()
    assert len(written.splitlines()) >= 12
    for secret in secrets:
        assert secret not in written


def test_files_rotate_and_only_so_many_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_MEGABYTE", 2000)
    with Started(tmp_path, LogSettings(megabytes=1, keep=2), words="error"):
        for number in range(100):
            log.info("line %d %s", number, "x" * 100)
    files = sorted(file.name for file in tmp_path.iterdir())
    assert files == ["sightdesk.log", "sightdesk.log.1", "sightdesk.log.2"]
    assert all(file.stat().st_size <= 2000 for file in tmp_path.iterdir())


def test_an_endless_message_is_cut(tmp_path: Path) -> None:
    with Started(tmp_path, words="error") as started:
        log.info("%s", "x" * 1_000_000)
        assert len(started.file.read_text()) < 25_000


def test_a_full_disk_stops_nothing_and_is_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Started(tmp_path, words="error") as started:
        file = next(handler for handler in started.logs._handlers if isinstance(handler, logging.FileHandler))
        stream = file.stream
        file.stream = open("/dev/full", "w") if Path("/dev/full").exists() else stream  # noqa: SIM115, PTH123
        if file.stream is stream:
            pytest.skip("this system has no /dev/full")
        for _ in range(3):
            log.info("lost")
        broken, file.stream = file.stream, stream
        log.info("back")
        with pytest.raises(OSError):
            broken.close()
        assert [line["event"] for line in started.lines] == ["back"]
    assert capsys.readouterr().err.count("the log can't be written") == 1


def test_a_log_file_that_cannot_be_opened_is_said(tmp_path: Path) -> None:
    (tmp_path / logs.FILE).mkdir()
    with pytest.raises(HomeError):
        logs.start(LogSettings(), tmp_path)


def test_stopping_leaves_logging_as_it_was(tmp_path: Path) -> None:
    before = (list(logging.getLogger().handlers), logging.getLogger().level, logging.getLogger("console").level)
    with Started(tmp_path):
        assert logging.getLogger("console").level == logging.INFO
    assert (list(logging.getLogger().handlers), logging.getLogger().level, logging.getLogger("console").level) == before


def test_only_words_without_a_folder() -> None:
    stream = io.StringIO()
    started = logs.start(LogSettings(), stream=stream)
    log.info("hello")
    started.stop()
    assert stream.getvalue() == "info     hello\n"


def test_importing_is_cheap() -> None:
    rooms = "console.health.logs, console.health.crash, console.health.watchdog"
    code = f"import sys, {rooms}\nprint('structlog' in sys.modules)"
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert asked.stdout.strip() == "False"
