"""`sightdesk cloud worker` as its own process."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Self

START_S = 60.0


class CloudWorker:
    """The process, which may be ended in any way and started again.

    Args:
        folder: of the server it works for.
        tasks: the tasks file.
        more: further arguments.

    Attributes:
        ready: what it said of itself when it was.
        words: what it said on standard error.
        counted: what it said at its end; empty: it was killed.
    """

    def __init__(self, folder: Path, tasks: Path, *more: str, env: dict[str, str] | None = None) -> None:
        self._command = [
            sys.executable, "-m", "console", "cloud", "worker", "--json", "--folder", str(folder), "--tasks",
            str(tasks), *more,
        ]  # fmt: skip
        self._env = env
        self._process: subprocess.Popen[str] | None = None
        self._reading: threading.Thread | None = None
        self.ready: dict[str, Any] = {}
        self.counted: dict[str, Any] = {}
        self.words: list[str] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Work, and wait until it says so."""
        self.begin()
        self.wait()

    def begin(self) -> None:
        """Start it; `wait` waits until it works."""
        process = subprocess.Popen(
            self._command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=self._env,
        )  # fmt: skip
        self._process = process
        self._reading = threading.Thread(target=lambda: self.words.extend(process.stderr or ()), daemon=True)
        self._reading.start()

    def wait(self) -> None:
        """Until it works.

        Raises:
            RuntimeError: it ended instead; what it said.
        """
        process = self._process
        assert process is not None
        assert process.stdout is not None
        late = threading.Timer(START_S, process.kill)
        late.start()
        line = process.stdout.readline()
        late.cancel()
        if not line:
            self._end()
            raise RuntimeError("".join(self.words))
        self.ready = json.loads(line)

    def stop(self) -> int:
        """End it by TERM; its exit status."""
        if self._process is None:
            return 0
        self._process.terminate()
        return self._end()

    def kill(self) -> None:
        """End it by KILL, in the middle of whatever it does."""
        assert self._process is not None
        self._process.kill()
        self._end()

    def _end(self) -> int:
        process, self._process = self._process, None
        assert process is not None
        assert process.stdout is not None
        try:
            code = process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
            raise
        finally:
            last = process.stdout.read().strip().splitlines() if process.poll() is not None else []
            if self._reading is not None:
                self._reading.join(5)
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()
        self.counted = json.loads(last[-1]) if last and code == 0 else {}
        return code
