"""`sightdesk bench boxes`: do boxes stay on their objects between two inferences?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli.options import JsonOption, print_json

EXAMPLES = """\b
Examples:
  sightdesk bench boxes
  sightdesk run vtest.avi --out every-frame.jsonl
  sightdesk bench boxes every-frame.jsonl --json
"""


def boxes(
    results: Annotated[
        Path | None,
        typer.Argument(
            metavar="[RESULTS]",
            help="Boxes of every frame of a street clip, as run --out writes them. None: synthetic scenes alone.",
        ),
    ] = None,
    fps: Annotated[float, typer.Option(min=1, max=240, help="Frames a second of the clip.")] = 10,
    scenes: Annotated[int, typer.Option(min=1, max=100, help="Synthetic scenes, 20 s each.")] = 4,
    as_json: JsonOption = False,
) -> None:
    """How well predicted boxes lie on objects between two inferences, beside simpler ways.

    Needs no model: synthetic scenes know the truth, and a results file holds the model's own boxes for every frame, of
    which every second or third goes in and the others are predicted.
    """
    from console.bench.boxes import measure, read_boxes

    report = measure(read_boxes(results) if results else None, fps=fps, seeds=range(1, scenes + 1))
    if as_json:
        print_json(report)
        return
    print(f"{'IoU of predicted boxes':44} {'median':>7} {'p5':>6} {'unpredicted':>12} {'unfounded':>10}")  # noqa: T201
    for row in report["synthetic"]:
        _line(f"synthetic {row['rate']}/s, {row['latency_s'] * 1e3:.0f} ms late", row)
    for row in report["street"]:
        _line(f"street {row['rate']}/s, {row['part']}", row)
    for count, ms in report["tracker_ms"].items():
        print(f"tracker, {count} boxes: {ms:.3f} ms an update")  # noqa: T201


def _line(title: str, row: dict[str, Any]) -> None:
    follower = row["follower"].replace("_", " ")
    print(  # noqa: T201
        f"{title:26} {follower:17} {row['median']:7.3f} {row['p5']:6.3f} {row['unpredicted']:12.1%} "
        f"{row['unfounded']:10.1%}"
    )
