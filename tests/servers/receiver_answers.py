"""What the receiver answers about messages: numbered pages, as the cloud's, or whatever a test wants instead."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

STORE = "01a205ab-6cc6-7694-9c23-229b3a474cb3"


def body(*found: tuple[str, float, tuple[float, float, float, float]], size: tuple[int, int] = (640, 480)) -> Any:
    """A body of an answer: labels, scores and boxes in pixels of the camera's picture."""
    return {
        "space": "source",
        "size": list(size),
        "found": [
            {"box": list(box), "label": label, "score": score, "stage": 0, "of": None} for label, score, box in found
        ],
        "ran": [
            {
                "model": "plates-0106", "runtime": "openvino", "version": "2026.4", "device": "CPU", "precision": "f32",
                "served": "",
            }
        ],
        "took_s": 0.031,
        "batch": 4,
        "worker": "worker-1",
    }  # fmt: skip


PLATE = body(("plate", 0.914, (10.0, 20.0, 60.0, 40.0)), ("vehicle", 0.84, (5.5, 6.0, 300.0, 200.0)))


@dataclass
class Book:
    """Answers of one site.

    Attributes:
        store: number of its database; another one: it was made anew.
        last: the highest number it ever had.
        takes: kinds of messages whose files it looks at.
        rows: by number.
        asked: (after, most) of each question.
        instead: asked first, given after and most; what it returns is the answer: status, headers, body.
        names: common names of who asked.
    """

    store: str = STORE
    last: int = 0
    takes: tuple[str, ...] = ("picture", "sealed")
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[int, int]] = field(default_factory=list)
    instead: Callable[[int, int], tuple[int, dict[str, str], Any] | None] = lambda _after, _most: None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, message_id: str, tracking_id: str, task: str = "plates", **more: Any) -> int:
        """An answer; one that was given before to the same takes a new number. Returns it."""
        with self.lock:
            self.last += 1
            of = (message_id, task)
            self.rows = {n: row for n, row in self.rows.items() if (row["message_id"], row["task"]) != of}
            self.rows[self.last] = {
                "number": self.last, "message_id": message_id, "tracking_id": tracking_id, "camera_id": "yard",
                "task": task, "state": "done", "why": "", "at": "2026-05-04T12:00:00.000000+00:00", "body": PLATE,
            } | more  # fmt: skip
            return self.last

    def page(self, after: int, most: int) -> tuple[int, dict[str, str], Any]:
        """What is said to a question."""
        with self.lock:
            self.asked.append((after, most))
            other = self.instead(after, most)
            if other is not None:
                return other
            wanted = [row for number, row in sorted(self.rows.items()) if number > after][:most]
            return 200, {}, {"store": self.store, "last": self.last, "takes": self.takes, "answers": wanted}
