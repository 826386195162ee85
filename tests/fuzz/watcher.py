"""Watches child processes that try hostile bytes, and names the case a crash, a hang or a traceback belongs to."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
from pathlib import Path

from tests.conftest import ROOT


class Watcher:
    """Runs cases in one child at a time, started anew behind every case that brings it down.

    Args:
        module: run as ``python -m MODULE FOLDER FIRST LAST``; prints ``begin N`` and ``end N SECONDS OUTCOME``.
        folder: where the originals are; the children's stderr goes there, too.
        cases: the numbers to run.
        limit_s: a case that takes longer has failed; 5 s more, and its child is killed.

    Attributes:
        outcomes: "N OUTCOME" of every case that ended.
        failures: what broke, with the end of what the child said.
    """

    def __init__(self, module: str, folder: Path, cases: range, limit_s: float) -> None:
        self.outcomes: list[str] = []
        self.failures: list[str] = []
        self.module, self.folder, self.cases, self.limit_s = module, folder, cases, limit_s

    def run(self) -> None:
        """Run them all."""
        next_case = self.cases.start
        while next_case < self.cases.stop:
            next_case = self._run_from(next_case)

    def _run_from(self, first: int) -> int:
        """Run a child until it is through or breaks; the case to go on with."""
        errors = self.folder / f"stderr{first}"
        with errors.open("w+") as stderr:
            child = subprocess.Popen(
                [sys.executable, "-X", "faulthandler", "-m", self.module, str(self.folder), str(first),
                 str(self.cases.stop)],
                cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, text=True,
            )  # fmt: skip
            lines: queue.Queue[str] = queue.Queue()
            reader = threading.Thread(target=_pump, args=(child, lines))
            reader.start()
            case = self._watch(lines, first)
            child.kill()
            child.wait()
            reader.join()
            stderr.seek(0)
            said = stderr.read()
        if case is None:
            return self.cases.stop
        self.failures.append(f"case {case} of {self.module} broke:\n{said[-1500:]}")
        return case + 1

    def _watch(self, lines: queue.Queue[str], first: int) -> int | None:
        """The case that broke the child or took too long, or None."""
        case = first
        while True:
            try:
                word, _, rest = lines.get(timeout=self.limit_s + 5).partition(" ")
            except queue.Empty:
                return case
            if word == "begin":
                case = int(rest)
            elif word == "end":
                self._count(rest.strip())
            else:
                return case if case + 1 < self.cases.stop or not self._finished(case) else None

    def _count(self, rest: str) -> None:
        number, seconds, outcome = rest.split(" ", 2)
        self.outcomes.append(f"{number} {outcome}")
        if float(seconds) > self.limit_s:
            self.failures.append(f"case {number} took {seconds} s")

    def _finished(self, case: int) -> bool:
        return bool(self.outcomes) and self.outcomes[-1].startswith(f"{case} ")


def _pump(child: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
    assert child.stdout is not None
    for line in child.stdout:
        lines.put(line.rstrip("\n"))
    lines.put("")
    child.stdout.close()
