"""How much of the machine is used, and how much of that by this program. An answer costs well under a millisecond."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Used:
    """The machine since it was asked before.

    Attributes:
        machine_share: busy share of all processors, 0 to 1.
        own_cores: processors this program kept busy, such as 1.3.
        own_bytes: memory this program holds.
        memory_share: share of the machine's memory that is not available, 0 to 1.
    """

    machine_share: float
    own_cores: float
    own_bytes: int
    memory_share: float


class Usage:
    """Asks the system. Belongs to one thread: each answer is about the time since the one before."""

    def __init__(self) -> None:
        import psutil  # noqa: PLC0415  # 50 ms, and only a running screen asks

        self._psutil = psutil
        self._process = psutil.Process()
        self._before = self._now()

    def read(self) -> Used:
        """What was used since the last call, or since this object was made."""
        wall, busy, total, own = now = self._now()
        last_wall, last_busy, last_total, last_own = self._before
        self._before = now
        memory = self._psutil.virtual_memory()
        return Used(
            machine_share=_share(busy - last_busy, total - last_total),
            own_cores=max(own - last_own, 0.0) / max(wall - last_wall, 1e-3),
            own_bytes=int(self._process.memory_info().rss),
            memory_share=_share(memory.total - memory.available, memory.total),
        )

    def _now(self) -> tuple[float, float, float, float]:
        """Monotonic seconds; the machine's busy and whole processor seconds; this program's."""
        times = self._psutil.cpu_times()._asdict()
        # guests are counted in user and nice already; waiting for a disk is not work
        total = sum(seconds for name, seconds in times.items() if not name.startswith("guest"))
        busy = total - times["idle"] - times.get("iowait", 0.0)
        return time.monotonic(), busy, total, time.process_time()


def _share(part: float, whole: float) -> float:
    return min(max(part / whole, 0.0), 1.0) if whole > 0 else 0.0
