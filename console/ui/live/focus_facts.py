"""What the focus panel says about a camera in words: what really runs, and what comes of its pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backends import registry
from console.pipeline.lane import Lane
from console.pipeline.series import Current
from console.pipeline.tally import ClassCount
from console.privacy.policies import is_live_covered, policy_for
from console.settings.privacy import PrivacySettings
from console.settings.schema import CameraSettings
from console.ui.privacy_words import covered_parts, in_a_sentence
from console.ui.status import CAUSES
from models.policy import PublishedFootage
from models.words import N_, _, ngettext
from widgets.facts import Fact

STAGES: tuple[tuple[str, str, str], ...] = (
    ("end to end", N_("Capture to boxes"), N_("From the picture's capture until its boxes are known.")),
    ("decode", N_("Decode"), N_("The decoder's work on a frame.")),
    ("wait", N_("Wait for a turn"), N_("A frame waits until the model is free for this camera.")),
    ("letterbox", N_("Scale"), N_("The picture is scaled into the model's input.")),
    ("infer", N_("Inference"), N_("From handing the picture to the runtime until its answer.")),
    ("handover", N_("Handover"), N_("The answer waits to be read.")),
    ("postprocess", N_("Read boxes"), N_("The answer is turned into boxes.")),
    ("join", N_("Wait for others"), N_("Waiting for earlier frames and further models of the same camera.")),
    ("track", N_("Track and publish"), N_("Boxes are followed, and handed out.")),
)
"""Stages of a frame, with their words and an explanation, to be translated when shown."""


def running_facts(ran: list[dict[str, Any]]) -> list[Fact]:
    """What really runs, read back from the runtime; see `Pipeline.ran`."""
    if not ran:
        return [Fact(_("Running on"), _("nothing yet"), strong=True)]
    places = dict.fromkeys(f"{_runtime(stage)}, {stage['device']}" for stage in ran)
    precisions = dict.fromkeys(_precision(stage) for stage in ran)
    nodes = "\n".join(f"{stage['model']}: {_nodes(stage['precisions'])}" for stage in ran if stage["precisions"])
    facts = [
        Fact(_("Running on"), "\n".join(places), strong=True),
        Fact(_("Precision"), "\n".join(precisions), tip=nodes),
        Fact(_("Model"), "\n".join(dict.fromkeys(str(stage["model"]) for stage in ran))),
    ]
    return facts + alarms(ran)


def alarms(ran: Sequence[Mapping[str, Any]]) -> list[Fact]:
    """What is not as it was asked for: nodes on the CPU, another device than the chosen one."""
    facts = []
    fell_back = dict.fromkeys(f"▲ {stage['fell_back']}" for stage in ran if stage.get("fell_back"))
    if fell_back:
        facts.append(Fact(_("Fell back"), "\n".join(fell_back), strong=True))
    for stage in ran:
        if stage.get("astray"):
            template = ngettext(
                "▲ {n} node on CPU, asked for {asked}", "▲ {n} nodes on CPU, asked for {asked}", stage["astray"]
            )
            words = template.format(n=stage["astray"], asked=stage["asked"])
            facts.append(Fact(_("Astray"), words, strong=True, tip="\n".join(stage["astray_nodes"])))
    return facts


def _runtime(stage: Mapping[str, Any]) -> str:
    return f"{registry.title(stage['runtime'])} {stage['version']}"


def _precision(stage: Mapping[str, Any]) -> str:
    """The precision of the heavy layers, and where the nodes run: a provider that took only some must be seen."""
    nodes: Mapping[str, int] = stage["nodes"]
    if len(nodes) > 1:
        where = ", ".join(f"{count} {name.removesuffix('ExecutionProvider')}" for name, count in nodes.items())
        return _("{precision}, nodes: {where}").format(precision=stage["precision"], where=where)
    total = sum(nodes.values()) or sum(stage["precisions"].values())
    if total:
        template = _("{precision}, all {n} nodes on {device}")
        return template.format(precision=stage["precision"], n=total, device=stage["device"])
    return str(stage["precision"])


def _nodes(nodes: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(nodes.items(), key=lambda entry: -entry[1]))


def privacy_fact(camera: CameraSettings, privacy: PrivacySettings, labels: Sequence[str]) -> Fact:
    """What is covered before a picture of the camera is kept. `labels`: what its models find; none: not known."""
    policy = policy_for(camera, privacy)
    if isinstance(policy, PublishedFootage):
        return Fact(_("Privacy"), _("published footage: {what}").format(what=policy.published_as))
    unknown = [label for label in policy.classes if label not in labels] if labels else []
    if unknown:
        template = _("no pictures are kept: the model can't find {what}, which is to be covered")
        return Fact(_("Privacy"), template.format(what=", ".join(unknown)))
    live = is_live_covered(camera, privacy)
    parts = covered_parts(policy)
    template = _("{what}: covered, live too") if live else _("{what}: covered, or no picture is kept")
    words = template.format(what=", ".join(parts)) if parts else _("nothing is covered")
    tip = _("A picture in which it can't be known what to cover is not kept.")
    return Fact(_("Privacy"), words, tip=f"{in_a_sentence(policy, live=live)} {tip}")


def picture_facts(lane: Lane | None, now: Current, counts: list[ClassCount], *, followed: bool) -> list[Fact]:
    """What comes of the camera's pictures."""
    facts: list[Fact] = []
    if lane is None:
        return facts
    latest = lane.latest
    if latest is not None:
        width, height = latest[0].size
        facts.append(Fact(_("Picture"), _("{width} x {height}").format(width=width, height=height)))
    if followed and lane.meter.tracks:
        template = _("{now} now, {total} since the start")
        total = sum(row.now for row in counts)
        facts.append(Fact(_("Tracks"), template.format(now=total, total=lane.meter.tracks)))
    if now.dropped:
        causes = [_(CAUSES[cause]).format(rate=f"{rate:.1f}") for cause, rate in now.dropped.items()]
        facts.append(Fact(_("Not inferred"), "\n".join(causes)))
    errors = lane.meter.errors.most_common(2)
    if errors:
        facts.append(Fact(_("Errors"), "\n".join(_("{n} times: {what}").format(n=n, what=what) for what, n in errors)))
    return facts
