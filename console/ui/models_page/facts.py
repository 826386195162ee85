"""What the page says about a model in words: what really runs, what is astray, which devices there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backends import registry
from backends.base import Device
from console.health.hardware import HardwareUse
from console.health.runtimes import RuntimeFound
from console.ui.models_page.listing import ModelLine
from models.words import _, ngettext
from widgets.facts import Fact

Ran = Mapping[str, Any]

NAMED = 4
"""Cameras that are named one by one, where there are more."""


def model_facts(line: ModelLine) -> list[Fact]:
    """What a model is."""
    size = _("{mb} MB").format(mb=f"{line.size / 1e6:.1f}") if line.size is not None else ""
    here = _("on a server") if line.served else _("here") if line.here else _("not here yet")
    facts = [Fact(_("Model"), ", ".join(filter(None, [here, size, line.licence])))]
    everyone = ", ".join(line.cameras)
    if len(line.cameras) > NAMED:
        used = _("{names} and {n} more").format(names=", ".join(line.cameras[:NAMED]), n=len(line.cameras) - NAMED)
        return [*facts, Fact(_("Used by"), used, tip=everyone)]
    return [*facts, Fact(_("Used by"), everyone or _("no camera"))]


def running_facts(ran: Sequence[Ran]) -> list[Fact]:
    """Where it really runs, as its runtime says; empty where it does not run."""
    facts: list[Fact] = []
    for stage in ran:
        name = registry.title(str(stage["runtime"]))
        facts.append(Fact(_("Runs on"), f"{name} {stage['version']}, {stage['device']}", strong=True))
        facts.append(Fact(_("Precision"), _counted(stage["precision"], stage["precisions"])))
        nodes: Mapping[str, int] = stage["nodes"]
        if nodes:
            where = ", ".join(f"{count} {place.removesuffix('ExecutionProvider')}" for place, count in nodes.items())
            facts.append(Fact(_("Nodes"), where))
        template = _("{n} in flight, batches of {batch} at most")
        facts.append(Fact(_("At once"), template.format(n=stage["max_in_flight"], batch=stage["max_batch"])))
        if stage["asked"] and str(stage["asked"]).upper() != str(stage["device"]).upper():
            facts.append(Fact(_("Asked for"), str(stage["asked"])))
    return facts


def _counted(precision: str, nodes: Mapping[str, int]) -> str:
    total = sum(nodes.values())
    if not total or set(nodes) == {precision}:
        return precision
    parts = ", ".join(f"{count} {name}" for name, count in sorted(nodes.items(), key=lambda pair: -pair[1]))
    return _("{precision}; nodes: {parts}").format(precision=precision, parts=parts)


def alarm(ran: Sequence[Ran], trouble: str) -> tuple[str, str, str]:
    """(heading, sentence, details) of what needs a person; empty words where nothing does."""
    if trouble:
        return _("No boxes now"), trouble, trouble
    for stage in ran:
        if stage.get("fell_back"):
            words = str(stage["fell_back"])
            return _("It runs elsewhere than it should"), words, words
        if stage["astray"]:
            n = stage["astray"]
            head = ngettext("{n} node runs on the CPU", "{n} nodes run on the CPU", n).format(n=n)
            names = [str(name) for name in stage["astray_nodes"]]
            more = n - len(names)
            sentence = _("{asked} was asked for and does not take them: {names}").format(
                asked=stage["asked"], names=", ".join(names[:6]) + (" ..." if n > 6 else "")
            )
            rest = [_("and {n} more").format(n=more)] if more else []
            return f"{head}", sentence, "\n".join([head, sentence, *names, *rest])
    return "", "", ""


def device_facts(found: Sequence[RuntimeFound]) -> list[Fact]:
    """Each runtime with its devices, or why not and what to do."""
    facts = []
    for runtime in found:
        lines = [f"● {_device(device)}" for device in runtime.devices if device.available]
        lines += [f"○ {names}: {why}" for names, why in _not_available(runtime.devices)]
        if runtime.what:
            lines = [f"○ {runtime.what} {runtime.hint}".strip()]
        name = registry.title(runtime.name)
        about = f"{runtime.package} {runtime.version}".strip() or _("not installed")
        facts.append(
            Fact(name, "\n".join(lines), tip=_("plug-in: {about}").format(about=about) if runtime.plug_in else about)
        )
    return facts


def _device(device: Device) -> str:
    """A device with its maker's name; a provider's own name says nothing more."""
    said = device.description.removesuffix("ExecutionProvider").upper() != device.name.upper()
    return f"{device.name}  {device.description}".rstrip() if said else device.name


def _not_available(devices: Sequence[Device]) -> list[tuple[str, str]]:
    """Names and reason of devices that can't be used; those that lack the same stand together."""
    reasons: dict[str, list[Device]] = {}
    for device in devices:
        if not device.available:
            reasons.setdefault(device.why.replace(device.name, ""), []).append(device)
    return [(", ".join(device.name for device in same), same[0].why) for same in reasons.values()]


def hardware_words(use: HardwareUse) -> list[Fact]:
    """The machine's use in words."""
    gb = f"{use.whole_bytes / 1e9:.0f}"
    facts = [
        Fact(_("CPU"), f"{use.cpu * 100:.0f} %"),
        Fact(_("Memory"), _("{share} % of {gb} GB").format(share=f"{use.memory * 100:.0f}", gb=gb)),
    ]
    for one in use.accelerators:
        parts = [] if one.busy is None else [f"{one.busy * 100:.0f} %"]
        if one.used_bytes is not None and one.whole_bytes:
            used, whole = f"{one.used_bytes / 1e9:.1f}", f"{one.whole_bytes / 1e9:.0f}"
            parts.append(_("{used} of {whole} GB").format(used=used, whole=whole))
        parts += [f"{one.celsius} °C"] if one.celsius is not None else []
        parts += [f"{one.mhz} MHz"] if one.mhz is not None else []
        facts.append(Fact(one.name, ", ".join(parts) or _("can't be read")))
    return facts
