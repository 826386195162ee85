"""The cloud side under fire, by one command: uv run python -m tests.chaos.cloud --stack rabbitmq --items 10000 --seed 7

A desk stores review items with sealed crops of real photos and sends them to a cloud with two workers. Server, workers,
broker and database are killed with SIGKILL, one after the other and again and again, and started anew. In the end every
item must be answered once, with what OpenVINO alone says of its crop, and the cloud must hold each message, file, job
and answer once. A summary is printed as JSON; any difference is named, and ends it with 1.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.chaos.cloud_side.comparing import compare_answers, compare_cloud
from tests.chaos.cloud_side.desk import Plan
from tests.chaos.cloud_side.stack import KINDS, Cloud, Kind, running
from tests.chaos.comparing import Differences
from tests.conftest import SHARED

_CROPS = 200


def run(
    folder: Path, kind: Kind, *, items: int, kills: int, seed: int, within_s: float = 1800.0, say: bool = False
) -> dict[str, Any]:
    """Run it in an empty folder; the summary, with `differences` in words.

    Args:
        folder: for everything.
        kind: of the cloud.
        items: review items, each with a crop.
        kills: of processes, all kinds together.
        seed: of crops and kills.
        within_s: longest that is waited for the last answer.
        say: print each kill as it is done.
    """
    begun, differences = time.monotonic(), Differences()
    with running(folder, SHARED, kind) as cloud:
        plan = Plan(
            str(folder / "home"), str(folder / "ledger"), str(SHARED), _settings(cloud), items,
            min(_CROPS, items), seed, cloud.key,
        )  # fmt: skip
        with _desk(folder, plan) as desk:
            killed = Counter(_kill_until_answered(desk, cloud, plan, kills, begun + within_s, say=say))
            if desk.wait(60):
                differences.add("the desk did not end well", str(desk.returncode))
        answered_s = time.monotonic() - begun
        figures = compare_cloud(cloud.server.kept, cloud.database, folder / "ledger", differences)
    figures |= compare_answers(folder / "home", folder / "ledger", differences)
    return {
        "stack": kind,
        "items": items,
        "seed": seed,
        "kills": dict(killed),
        **figures,
        "seconds": round(answered_s, 1),
        "differences": differences.words(),
    }


def _settings(cloud: Cloud) -> dict[str, Any]:
    target = cloud.server.target(cloud.server.desk(), sends=("sealed",)).model_dump(mode="json", exclude_defaults=True)
    return {"sync": {"targets": [target]}}


@contextmanager
def _desk(folder: Path, plan: Plan) -> Iterator[subprocess.Popen[str]]:
    file = folder / "plan.json"
    file.write_text(json.dumps(asdict(plan)))
    command = [sys.executable, "-m", "tests.chaos.cloud_side.desk", str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.stdin is not None:
                process.stdin.close()  # it ends, wherever it is
            process.wait(60)


def _kill_until_answered(
    desk: subprocess.Popen[str], cloud: Cloud, plan: Plan, kills: int, until: float, *, say: bool
) -> Iterator[str]:
    """Kill parts in turn, spread over the answers, and start each again a moment later; the name of each."""
    chance = random.Random(f"kills {plan.seed}")
    goals = [plan.items * (number + chance.uniform(0.2, 0.9)) / max(kills, 1) for number in range(kills)]
    done = 0
    assert desk.stdout is not None
    for line in desk.stdout:
        told = json.loads(line)
        assert time.monotonic() < until, f"not answered in time: {told}"
        # the middle of what was sent and what was answered: kills come while crops arrive, and while they are worked on
        while done < kills and (told["stored"] - told["waiting"] + told["answered"]) / 2 >= goals[done]:
            part = cloud.parts[done % len(cloud.parts)]
            time.sleep(chance.uniform(0, 0.2))
            part.kill()
            time.sleep(chance.uniform(0, 1.5))
            part.start()
            done += 1
            if say:
                print(json.dumps({"killed": part.name, **told}), file=sys.stderr, flush=True)
            yield part.name


def main(argv: Sequence[str] | None = None) -> int:
    """See the module."""
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    options.add_argument("--stack", action="append", choices=KINDS, help="default: all, one after the other")
    options.add_argument("--items", type=int, default=10_000)
    options.add_argument("--kills", type=int, default=30)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--folder", type=Path, help="an empty one, which is kept; default: one that is removed")
    given = options.parse_args(argv)
    failed = False
    for kind in given.stack or KINDS:
        with tempfile.TemporaryDirectory(prefix="sightdesk-chaos-") as scratch:
            folder = (given.folder or Path(scratch)) / kind
            folder.mkdir(parents=True)
            summary = run(folder.absolute(), kind, items=given.items, kills=given.kills, seed=given.seed, say=True)
        print(json.dumps(summary, indent=1, ensure_ascii=False), flush=True)
        failed |= bool(summary["differences"])
    return int(failed)


if __name__ == "__main__":
    os.environ.setdefault("SIGHTDESK_REQUIRE", "services,shared")
    sys.exit(main())
