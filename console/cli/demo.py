"""`sightdesk demo`: the main job on real input, with nothing set up."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.options import HomeOption, JsonOption, Stopped, print_json, say
from console.errors import SightdeskError, UsageError

if TYPE_CHECKING:
    from console.catalog.choice import Choice
    from console.pipeline.pipeline import Pipeline
    from console.settings.home import Home

DEFAULT_S = 12.0
EXAMPLES = """\b
Examples:
  sightdesk demo
  sightdesk demo --no-window --seconds 60 --json
  SIGHTDESK_MODEL_PATH=/mnt/mirror sightdesk demo      without any network
"""


def demo(
    seconds: Annotated[
        float | None,
        typer.Option(min=1, help="Length of the demo.  [default: until its window is closed; without a window 12]"),
    ] = None,
    window: Annotated[
        bool | None, typer.Option("--window/--no-window", help="[default: a window where there is a screen]")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Four cameras on a real street, a real model, people detected and followed.

    Opens the desk where there is a screen; without one it runs for a while, prints a summary and saves an annotated
    picture. The best model and clip that can be had are fetched the first time; what was taken, and why, is said.
    """
    from console.desk.screen import why_no_window

    why = "" if window is False else why_no_window(unseen=bool(window))
    if why is None:
        _in_a_window(seconds, home, as_json=as_json)
        return
    if window:
        raise UsageError(why, "sightdesk demo --no-window runs without one.")
    if why:
        say(f"{why} Running without a window.")
    _without_a_window(DEFAULT_S if seconds is None else seconds, home, as_json=as_json)


def _in_a_window(seconds: float | None, home: Path | None, *, as_json: bool) -> None:
    from console.cli.desk import finish
    from console.desk.start import open_desk
    from console.settings.home import find_home

    end = open_desk(find_home(home), demo=True, seconds=seconds)
    if as_json:
        model, clip = end.said or ("", "")
        print_json({**end.summary, "model": model, "clip": clip, "seconds_to": end.moments})
    finish(end)


def _without_a_window(seconds: float, home: Path | None, *, as_json: bool) -> None:
    from console.catalog.catalog import Catalog
    from console.cli.headless import Run
    from console.cli.plan import Plan
    from console.cli.progress import fetching
    from console.cli.stopping import stopped_by_signals
    from console.settings.home import Home, find_home
    from console.site.demo import CAMERAS, demo_settings

    place = Home.look(find_home(home))
    place.make()
    catalog = Catalog(place.models, place.clips)
    stop = threading.Event()
    with stopped_by_signals(stop), fetching() as announce:
        try:
            model = catalog.best_model(announce("a model"), stop)
            clip = catalog.best_clip(announce("a clip"), stop)
        except SightdeskError:
            if stop.is_set():
                raise Stopped("Stopped before the demo's model and clip were here.") from None
            raise
    if stop.is_set():
        raise Stopped("Stopped before the demo began.")
    for choice in (model, clip):
        say(choice.why)
    say(f"Running {CAMERAS} cameras for {seconds:g} s; Ctrl+C ends it sooner.")
    run = Run(Plan(demo_settings(model, clip)), home=home, seconds=seconds).until_done()
    picture = _save_picture(run.pipeline, clip, place)
    said = {"model": model.why, "clip": clip.why, "picture": str(picture) if picture else None}
    if as_json:
        print_json({**run.summary, **said})
    else:
        run.print(as_json=False)
        print(f"Annotated picture: {picture}" if picture else "No picture was saved: no frame was inferred.")  # noqa: T201
    run.raise_failures()


def _save_picture(pipeline: Pipeline, clip: Choice, home: Home) -> Path | None:
    """The latest picture of the camera that saw most, through the one writer. The clip is published footage."""
    from console.privacy.writer import PictureWriter
    from console.site.demo import published_as
    from console.store.store import Store
    from models.coverage import Findings, cover
    from models.policy import PublishedFootage
    from models.redaction import redact

    seen = [pair for camera_id in pipeline.cameras if (pair := pipeline.lane(camera_id).latest)]
    if not seen:
        return None
    frame, result = max(seen, key=lambda pair: len(pair[1].detections))
    policy = PublishedFootage(published_as=published_as(clip), purpose="to show what the demo did")
    coverage = cover(policy, frame.size, result.detections, result.labels, result.gaps, Findings.NOTHING_ASKED)
    picture = redact(frame.picture, coverage, annotate=(result.detections, result.labels))
    with Store.open(home) as store:
        writer = PictureWriter(home, store)
        return writer.write(picture, camera_id=frame.camera_id, taken_at=frame.taken_at).path
