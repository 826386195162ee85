"""`sightdesk run`: cameras through a model, without a screen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from console.cli.options import HomeOption, JsonOption

EXAMPLES = """\b
Examples:
  sightdesk run street.mp4 --out results.jsonl
  sightdesk run rtsp://10.0.0.7/live usb:0 --seconds 60 --json
  sightdesk run clips/*.mp4 --paced --model person-ssdlite
"""


def run(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SOURCE]...",
            help="Files, folders, rtsp://, http:// (MJPEG), usb:0, synthetic:SCENE. None: the cameras of the settings.",
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Catalogue name or model file.  [default: the best there is]")
    ] = None,
    backend: Annotated[str | None, typer.Option(help="openvino, onnxruntime or a plug-in.")] = None,
    device: Annotated[str | None, typer.Option(help="Device as the backend names it, such as CPU.")] = None,
    precision: Annotated[
        Literal["f32", "default"] | None, typer.Option(help="f32: exact; default: the device's fastest.")
    ] = None,
    letterbox: Annotated[Literal["fast", "exact"] | None, typer.Option(help="How pictures are scaled.")] = None,
    conf: Annotated[
        float | None, typer.Option(min=0, max=1, help="Drop boxes that score less.  [default: 0.3]")
    ] = None,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="Stop after so long.")] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write every result to FILE, one JSON line a frame.")
    ] = None,
    paced: Annotated[bool | None, typer.Option("--paced", help="Play files at their own speed, like a camera.")] = None,
    loop: Annotated[bool | None, typer.Option("--loop", help="Start files again at their end.")] = None,
    watch: Annotated[bool | None, typer.Option("--watch", help="Folders: wait for new pictures.")] = None,
    track: Annotated[
        bool | None, typer.Option("--track/--no-track", help="Follow objects from frame to frame.  [default: track]")
    ] = None,
    costs: Annotated[bool, typer.Option("--costs", help="Also measure CPU time by stage (in the JSON).")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Detect and follow objects on cameras, streams and files, and print what came of it.

    Files are read as fast as the model takes them, every frame, unless --paced. Ctrl+C stops and prints the summary.
    """
    from console.cli.headless import Run
    from console.cli.plan import Typed, plan

    typed = Typed(
        {"model": model, "backend": backend, "device": device, "precision": precision, "scaling": letterbox},
        {"conf": conf, "paced": paced, "loop": loop, "watch": watch, "track": track},
    )
    what = plan(sources or [], home=home, typed=typed)
    done = Run(what, home=home, seconds=seconds, out=out, measure_costs=costs).until_done()
    done.print(as_json=as_json)
    done.raise_failures()
