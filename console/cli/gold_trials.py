"""What the commands that measure models on gold sets share: a trial in good order, and its figures given."""

from __future__ import annotations

import json
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from console.cli.options import Stopped, print_json, say
from console.cli.progress import ended_by_ctrl_c, fetching, measuring
from console.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from console.datasets.gold_trial import Candidate, Trial
    from console.pipeline.loader import Finder
    from console.settings.home import Home
    from console.settings.schema import Settings


def place_of(home: Path | None) -> Home:
    """The home, without its lock."""
    from console.settings.home import Home, find_home

    return Home.look(find_home(home))


def settings_of(home: Path | None) -> tuple[Home, Settings]:
    """The home, and the settings in force; a broken file is said."""
    from console.settings.file import SettingsFile

    place = place_of(home)
    loaded = SettingsFile(place.settings_file).load(keep=False)
    if loaded.problem:
        say(str(loaded.problem))
    return place, loaded.settings


def candidate_of(settings: Settings, model: str, backend: str, device: str, precision: str) -> Candidate:
    """A model as the settings would run it, but for what was said."""
    from console.datasets.gold_trial import Candidate

    if precision not in ("", "default", "f32"):
        raise UsageError(f"There is no precision {precision}.", "There are default and f32.")
    said = {"backend": backend, "device": device, "precision": precision}
    inference = settings.inference.of(model)
    return Candidate(model, inference.model_copy(update={key: value for key, value in said.items() if value}))


@contextmanager
def stopping() -> Iterator[None]:
    """Inside, an interrupted measurement ends the command as Ctrl+C does."""
    from console.datasets.gold_verify import Interrupted

    try:
        yield
    except Interrupted:
        raise Stopped("Stopped; nothing was measured to its end.") from None


@contextmanager
def trial_of(
    place: Home,
    settings: Settings,
    name: str,
    split: list[str] | None,
    models: list[str],
    out: Path | None,
    *,
    perhaps: str = "",
    lines: bool = False,
) -> Iterator[Trial]:
    """Inside, models may be measured on a set's members.

    Args:
        place: the home.
        settings: in force.
        name: the set, as somebody names it.
        split: its splits; None: test.
        models: are here when this goes on.
        out: where figures are to be written: it is seen to that they can be.
        perhaps: one more model, of which it is said when it is wanted that it can't be had.
        lines: progress goes to a program that reads along.

    Raises:
        SightdeskError: there is no such set or model, or nothing in these splits.
        UsageError: a name is none, or `out` can't be written.
        Stopped: Ctrl+C.
    """
    from console.cli.results_file import check_out
    from console.datasets import gold
    from console.datasets.gold_trial import Trial, members_of
    from console.pipeline.loader import Surroundings
    from console.privacy.audit.record import Audit

    known, members = members_of(place, *gold.parse(name), split or ["test"])
    if out is not None:
        check_out(out, [Path(model) for model in models])
    find = _fetched(place, models, perhaps)
    stop = threading.Event()
    with measuring() as shown, ended_by_ctrl_c(stop), stopping():

        def told(done: int, of: int, words: str) -> None:
            if lines:
                tell({"done": done, "of": of, "words": words})
            else:
                shown(done, of, words)

        around = Surroundings(find, remote=settings.remote, audit=Audit(place.path), soonest=True)
        yield Trial(place, known, members, around, told, stop.is_set)


def below(work: Callable[[Trial], dict[str, Any]], trial: Trial) -> dict[str, Any]:
    """Measure below everything else here: a desk beside it has cameras to show."""
    from console.pipeline.priority import run_below

    return run_below(lambda: work(trial))


def _fetched(place: Home, models: list[str], perhaps: str) -> Finder:
    """What finds models; those named are here afterwards. Raises CatalogError, ModelError: one can't be had."""
    from console.catalog.catalog import Catalog
    from console.errors import CatalogError, ModelError
    from console.site.finding import ModelFinder

    catalog = Catalog(place.models, place.clips)
    with fetching() as announce:
        find = ModelFinder(catalog, announce).find
        for model in models:
            if "://" not in model:
                find(model)
        with suppress(CatalogError, ModelError):
            if perhaps and "://" not in perhaps:
                find(perhaps)
    return ModelFinder(catalog).find


def about(trial: Trial, split: list[str] | None, confidence: float) -> dict[str, Any]:
    """What figures are of."""
    from console.datasets.gold_report import NOTE

    return {
        "set": trial.gold.title,
        "sha256": trial.gold.sha256,
        "splits": split or ["test"],
        "members": len(trial.members),
        "confidence": confidence,
        "note": NOTE,
    }


def give(
    report: dict[str, Any], words: Callable[[dict[str, Any]], list[str]], out: Path | None, *, as_json: bool
) -> None:
    """Print figures, and write them where it was asked for."""
    if as_json:
        print_json(report)
    else:
        typer.echo("\n".join(words(report)))
    if out is not None:
        from console.settings.disk import write_whole

        try:
            write_whole(out.absolute(), json.dumps(report, indent=2, ensure_ascii=False, default=str).encode())
        except OSError as error:
            raise UsageError(f"{out} can't be written: {error.strerror}.", "Choose another file for --out.") from error


def tell(value: dict[str, Any]) -> None:
    """A line for a program that reads along."""
    sys.stdout.write(json.dumps(value, default=str) + "\n")
    sys.stdout.flush()
