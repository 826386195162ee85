"""`sightdesk backends`: what can run a model here, on which device, and why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from console.cli.options import JsonOption, print_json

if TYPE_CHECKING:
    from backends.base import Device
    from console.health.runtimes import RuntimeFound

EXAMPLES = """\b
Examples:
  sightdesk backends
  sightdesk backends --json
  sightdesk bench backends yolox_nano      how fast each of them is here
"""


def backends(as_json: JsonOption = False) -> None:
    """List each runtime and device: available, or why not and what to do; plug-ins with their package.

    Nothing is loaded onto a device. The exit status is 1 when nothing here can run a model.
    """
    from console.health.runtimes import survey

    found = survey()
    usable = any(runtime.usable for runtime in found)
    if as_json:
        print_json({"ok": usable, "runtimes": [runtime.as_json() for runtime in found]})
    else:
        typer.echo("\n".join(line for runtime in found for line in _lines(runtime)))
    if not usable:
        raise typer.Exit(1)


def _lines(runtime: RuntimeFound) -> list[str]:
    package = f"{runtime.package} {runtime.version}".strip()
    kind = "plug-in, " if runtime.plug_in else ""
    about = f" ({kind}{package})" if package and (runtime.plug_in or package.split()[0] != runtime.name) else ""
    release = f" {runtime.version}" if runtime.version and not about else ""
    lines = [f"{runtime.name}{release}{about}"]
    if runtime.what:
        lines.append(f"  {'no':<4} {runtime.what}")
        lines += [f"       {runtime.hint}"] if runtime.hint else []
    return lines + [_device(device) for device in runtime.devices]


def _device(device: Device) -> str:
    words = device.description if device.available else device.why
    return f"  {'yes' if device.available else 'no':<4} {device.name:<12} {words}".rstrip()
