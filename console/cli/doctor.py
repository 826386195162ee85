"""`sightdesk doctor`: what is missing here and how to get it; a bundle for a bug report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.options import HomeOption, JsonOption, print_json, say

if TYPE_CHECKING:
    from console.health.findings import Finding
    from console.settings.home import Home

EXAMPLES = """\b
Examples:
  sightdesk doctor
  sightdesk doctor --json
  sightdesk doctor --bundle report.zip      to attach to a bug report; no secret is in it
"""


def doctor(
    bundle: Annotated[
        Path | None,
        typer.Option("--bundle", metavar="FILE.zip", help="Also write what a bug report needs; secrets are left out."),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look at this machine and home: what is missing or broken, what that means, and how to mend it.

    Nothing is changed. The exit status is 1 when something that is needed is missing or broken.
    """
    from console.cli.doctor_outbox import outbox
    from console.health.doctor import examine
    from console.settings.home import Home, find_home

    place = Home.look(find_home(home))
    findings = [*examine(place), *_audit(place), *outbox(place)]
    if bundle is not None:
        from console.health.bundle import write_bundle

        write_bundle(place, bundle, findings)
        say(f"Written: {bundle}. Secrets are left out; look through it before you send it.")
    broken = any(finding.broken for finding in findings)
    if as_json:
        print_json({"ok": not broken, "home": str(place.path), "findings": [item.as_json() for item in findings]})
    else:
        typer.echo("\n".join(line for finding in findings for line in _lines(finding)))
    if broken:
        raise typer.Exit(1)


def _audit(place: Home) -> list[Finding]:
    """Whether the record of who did what is what was written; nothing where there is none."""
    from console.errors import AuditError
    from console.health.findings import ok, problem
    from console.privacy.audit.verify import verify
    from console.settings.file import SettingsFile

    named = SettingsFile(place.settings_file).load(keep=False).settings.audit.anchor.strip()
    try:
        verdict = verify(place.path, anchor=Path(named).expanduser() if named else None)
    except AuditError as error:
        return [problem("audit", error.what, error.hint, needed=False)]
    if not verdict.sound:
        return [problem("audit", verdict.problems[0], "See: sightdesk audit verify", needed=False)]
    anchored = f"anchored up to line {verdict.anchored}" if verdict.anchored else "not anchored off this machine"
    return [ok("audit", f"sound up to line {verdict.lines}, {anchored}")] if verdict.lines else []


def _lines(finding: Finding) -> list[str]:
    state = str(finding.state) if finding.needed or finding.state == "ok" else f"({finding.state})"
    lines = [f"{state:<10} {finding.about}: {finding.what}"]
    if finding.hint:
        lines.append(f"{'':<10}   {finding.hint}")
    return lines
