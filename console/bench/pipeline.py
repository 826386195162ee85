"""The whole product on a file against the runtime's own benchmark of the bare network.

What is compared: frames a second of `sightdesk run CLIP --loop` (decode, letterbox, inference, NMS, tracking, results)
to the inferences a second of OpenVINO's benchmark_app on the same model, device, precision and hint. The peer decodes
nothing and reads no answer, so the ratio says how much of the machine is left for the network.
"""

from __future__ import annotations

import json
import re
import shlex
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from console.errors import SightdeskError

# the peer reports its import over the network, unless its reporter can't be imported
_PEER = "import sys; sys.modules['openvino_telemetry'] = None; from openvino.tools.benchmark.main import main; main()"
_INSIDE = {"inference loop": ("letterbox", "submit"), "finisher": ("postprocess", "track", "publish")}
"""Costs of a thread as a whole, and the stages measured inside it."""


def compare(
    model: Path, clip: Path, *, precision: str, seconds: float, pairs: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """Run the peer and the product in turn, `pairs` times, and once more to see where the time goes.

    Args:
        model: a model file that OpenVINO reads.
        clip: a video file.
        precision: default or f32, for both.
        seconds: length of each run.
        pairs: how often.
        say: told what is run.

    Raises:
        SightdeskError: a run failed; with what it said.
    """
    if getattr(sys, "frozen", False):
        raise SightdeskError(
            "The installed program has no Python to run the peer with.", "Run this bench from a checkout."
        )
    ours = [
        *(sys.executable, "-m", "console", "run", str(clip), "--loop", "--model", str(model)),
        *("--precision", precision, "--seconds", f"{seconds:g}", "--json"),
    ]
    peer = [
        *(sys.executable, "-c", _PEER, "-m", str(model), "-d", "CPU", "-hint", "throughput", "-t", f"{seconds:.0f}"),
        *(("-infer_precision", "f32") if precision == "f32" else ()),
    ]
    say(f"product: {shlex.join(ours)}")
    say(f"peer:    {shlex.join(peer)}")
    rounds = []
    for number in range(pairs):
        bare = _peer_fps(peer)
        without, tracked = _fps(_run(ours, "--no-track")), _fps(_run(ours))
        rounds.append({"peer": bare, "without_tracking": without, "with_tracking": tracked})
        say(f"pair {number + 1}: peer {bare:.1f}, product {without:.1f} without and {tracked:.1f} with tracking")
    return {
        "commands": {"product": shlex.join(ours), "peer": shlex.join(peer)},
        "fps": rounds,
        "ratio": {
            key: round(statistics.median(r[key] / r["peer"] for r in rounds), 3)
            for key in ("without_tracking", "with_tracking")
        },
        "core_ms_per_frame": breakdown(_run(ours, "--costs")),
    }


def breakdown(run: dict[str, Any]) -> dict[str, Any]:
    """CPU milliseconds a frame by stage, their sum, the process's own total, and the share of it they explain."""
    frames = run["total"]["inferred"]
    costs = dict(run["costs_s"])
    for thread, stages in _INSIDE.items():
        costs[f"rest of the {thread}"] = costs.pop(thread, 0.0) - sum(costs.get(stage, 0.0) for stage in stages)
    by_stage = {name: round(s / frames * 1e3, 3) for name, s in sorted(costs.items(), key=lambda cost: -cost[1])}
    total = run["process"]["cpu_s"] / frames * 1e3
    explained = sum(by_stage.values())
    return {
        "stages": by_stage,
        "sum": round(explained, 3),
        "total": round(total, 3),
        "share": round(explained / total, 3),
    }


def _run(command: list[str], *more: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(_output([*command, *more]))
    return result


def _fps(run: dict[str, Any]) -> float:
    camera = next(iter(run["cameras"].values()))
    return float(camera["fps"]["inferred"])


def _peer_fps(command: list[str]) -> float:
    output = _output(command)
    found = re.search(r"Throughput:\s*([\d.]+)\s*FPS", output)
    if found is None:
        raise SightdeskError("benchmark_app printed no throughput.", output[-500:])
    return float(found[1])


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise SightdeskError(f"A run of the bench failed: {shlex.join(command)}", (done.stderr or done.stdout)[-500:])
    return done.stdout
