"""`sightdesk gold evaluate|compare|gate`: models measured on gold sets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.gold_trials import about, below, candidate_of, give, settings_of, tell, trial_of
from console.cli.options import HomeOption, JsonOption, Stopped
from console.errors import SightdeskError, UsageError

if TYPE_CHECKING:
    from console.datasets.gold_trial import Trial

EXAMPLES = """\b
Examples:
  sightdesk gold evaluate street --model yolox_nano
  sightdesk gold evaluate street@2 --model my.onnx --backend onnxruntime --json
  sightdesk gold compare street yolox_nano my.onnx
  sightdesk gold gate my.onnx                             by the settings' inference.gate
Pictures are as they were kept, with faces and plates covered: figures of persons are
lower than in front of the camera.
"""
SetArgument = Annotated[str, typer.Argument(metavar="NAME[@V]", help="The set; without a version the latest.")]
BackendOption = Annotated[str, typer.Option("--backend", help="Runtime.  [default: the site's]")]
DeviceOption = Annotated[str, typer.Option("--device", help="Device as the runtime names it.  [default: the site's]")]
PrecisionOption = Annotated[str, typer.Option("--precision", help="default or f32.  [default: the site's]")]
SplitOption = Annotated[
    list[str] | None, typer.Option("--split", help="train, val or test; may be repeated.  [default: test]")
]
ConfidenceOption = Annotated[
    float, typer.Option("--confidence", min=0.01, max=1, help="Judged boxes that score less are not reported.")
]
OutOption = Annotated[Path | None, typer.Option("--out", metavar="FILE.json", help="Also write the figures there.")]


def evaluate(
    name: SetArgument,
    model: Annotated[str, typer.Option("--model", help="Catalogue name, model file, or a served model's URL.")],
    backend: BackendOption = "",
    device: DeviceOption = "",
    precision: PrecisionOption = "",
    split: SplitOption = None,
    confidence: ConfidenceOption = 0.3,
    out: OutOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure a model on a set: AP where all of a picture is known, shares where one box was judged."""
    from console.cli.gold_words import evaluation_lines
    from console.datasets.gold_report import evaluation

    place, settings = settings_of(home)
    candidate = candidate_of(settings, model, backend, device, precision)

    def measure(trial: Trial) -> dict[str, Any]:
        found = trial.figures([trial.run(candidate)], confidence)[0]
        return about(trial, split, confidence) | evaluation(found, trial.drawn([found])[0])

    with trial_of(place, settings, name, split, [model], out) as trial:
        report = below(measure, trial)
    give(report, evaluation_lines, out, as_json=as_json)


def compare(
    name: SetArgument,
    first: Annotated[str, typer.Argument(metavar="A", help="A model, such as the one that runs.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    backend: BackendOption = "",
    device: DeviceOption = "",
    precision: PrecisionOption = "",
    split: SplitOption = None,
    confidence: ConfidenceOption = 0.3,
    out: OutOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure two models on the same pictures: whether B is better than A, worse, or it can't be told.

    Intervals are paired: stretches of a camera's time are drawn again, 1,000 times, for both at once.
    """
    from console.cli.gold_words import comparison_lines
    from console.datasets.gold_report import comparison, evaluation, overall, why_untold

    place, settings = settings_of(home)
    candidates = [candidate_of(settings, model, backend, device, precision) for model in (first, second)]

    def measure(trial: Trial) -> dict[str, Any]:
        one, other = trial.figures([trial.run(candidate) for candidate in candidates], confidence)
        drawn = trial.drawn([one, other])
        found = comparison(one, other, drawn)
        verdict = overall(found)
        return about(trial, split, confidence) | {
            "a": evaluation(one, drawn[0]),
            "b": evaluation(other, drawn[1]),
            "differences": {difference.name: difference.as_json() for difference in found},
            "verdict": verdict,
            "why": why_untold(found, one.groups) if verdict == "can't be told" else "",
        }

    with trial_of(place, settings, name, split, [first, second], out) as trial:
        report = below(measure, trial)
    give(report, comparison_lines, out, as_json=as_json)


def gate(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Catalogue name, model file, or a served model's URL.")],
    backend: BackendOption = "",
    device: DeviceOption = "",
    precision: PrecisionOption = "",
    against: Annotated[
        str, typer.Option("--against", metavar="MODEL", help="What it would replace.  [default: the site's model]")
    ] = "",
    out: OutOption = None,
    lines: Annotated[bool, typer.Option("--lines", hidden=True, help="One JSON object a line, as they come.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Whether a model passes the gate of the settings (inference.gate), as before it is activated at the desk.

    Exit status: 0 it passes, 1 it does not or can't be measured, 2 wrong use.
    """
    from console.cli.gold_words import gate_lines
    from console.datasets.gold_gate import SPLIT, measure

    place, settings = settings_of(home)
    wanted = settings.inference.gate
    if not wanted.gold:
        raise UsageError("The settings name no gate.", "Set inference.gate.gold to a gold set's name.")
    runs = against or settings.inference.model
    new = candidate_of(settings, model, backend, device, precision)
    now = candidate_of(settings, runs, "", "", "")
    try:
        with trial_of(place, settings, wanted.gold, [SPLIT], [model], out, perhaps=runs, lines=lines) as trial:
            report = below(lambda trial: measure(wanted, trial, new, None if new == now else now).as_json(), trial)
    except SightdeskError as error:
        if lines and not isinstance(error, Stopped):
            tell({"row": {"error": {"what": error.what, "hint": error.hint}}})
        raise
    if lines:
        tell({"row": report})
    else:
        give(report, gate_lines, out, as_json=as_json)
    if not report["passed"]:
        raise typer.Exit(1)
