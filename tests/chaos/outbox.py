"""The outbox under fire, by one command: uv run python -m tests.chaos.outbox --items 10000 --seed 7

A desk that produces and sends is killed with SIGKILL again and again, behind a proxy that breaks, delays, doubles and
reorders what goes to the cloud's end; then one desk lives until its outbox is empty by itself. What the cloud has must
be what the database knows and what was confirmed outside of it, by ID and SHA-256, each once. A summary is printed as
JSON; any difference is named, and ends it with 1.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.chaos.comparing import Differences, compare_cloud, compare_database, compare_ledger
from tests.chaos.folders import compare_folder
from tests.chaos.plan import Plan
from tests.servers.authority import Authority
from tests.servers.fault_proxy import FAULTS, FaultProxy
from tests.servers.receiver_ledger import Looking

RATE = 0.25
"""The share of requests that meets a fault."""
READ_S = 4.0
"""How long the desk waits for an answer here; in the product it is longer."""
_ALL = ["events", "verdicts", "items", "pictures"]


def settings_of(folder: Path, proxy: str, authority: Authority, targets: Sequence[str]) -> dict[str, Any]:
    """The desk's settings, as JSON values: everything to the cloud, and not quite all of it into a folder."""
    certificate, key = authority.client()
    cloud = {
        "name": "cloud", "kind": "cloud", "url": proxy, "sends": _ALL, "ca": str(authority.ca),
        "certificate": str(certificate), "key": str(key), "concurrency": 4,
    }  # fmt: skip
    objects = {
        "name": "objects", "kind": "objects", "url": (folder / "objects").as_uri(), "sends": _ALL,
        "by_camera": {"gate": ["verdicts", "pictures"]}, "concurrency": 2,
    }  # fmt: skip
    known = {"cloud": cloud, "objects": objects}
    return {"sync": {"targets": [known[name] for name in targets]}}


def run(
    folder: Path,
    *,
    items: int,
    kills: int,
    seed: int,
    targets: Sequence[str],
    rate: float = RATE,
    beyond: float = 0.2,
    within_s: float = 1800.0,
    say: bool = False,
) -> dict[str, Any]:
    """Run it in an empty folder; the summary, with `differences` in words.

    Args:
        folder: for everything.
        items: events and review items.
        kills: desks that are killed.
        seed: of what is produced, of faults and of kills.
        targets: names out of cloud and objects; the cloud is always among them.
        rate: the share of requests that meets a fault.
        beyond: the share of delays that is longer than the desk waits.
        within_s: how long is waited for the last desk's outbox to be empty, and for anything else.
        say: print each life as it ends.
    """
    begun = time.monotonic()
    (folder / "objects").mkdir()
    authority, differences = Authority(folder / "certificates"), Differences()
    with receiver(folder / "cloud", authority) as peer:
        rates = dict.fromkeys(FAULTS, rate / len(FAULTS))
        towards = _towards(authority)
        with FaultProxy(
            peer,
            seed=seed,
            rates=rates,
            server=authority.server_context(),
            towards=towards,
            beyond_s=READ_S + 0.2,
            beyond=beyond,
        ) as proxy:
            values = settings_of(folder, proxy.url, authority, targets)
            plan = Plan(str(folder / "home"), str(folder / "ledgers"), items, kills, seed, values, READ_S, within_s)
            lives = list(_lives(folder, plan, say))
        faults = dict(sorted(proxy.done.items()))
    if not lives or lives[-1].get("status") != 0:
        problems = {name: problem for name, _state, problem in _targets(folder / "home")}
        differences.add("what targets said", json.dumps(problems))
        differences.add("the last desk did not end well", json.dumps(lives[-1] if lives else "none"))
    sent = compare_database(folder / "home", differences)
    compare_cloud(folder / "home", folder / "cloud", "cloud", differences)
    if "objects" in targets:
        compare_folder(folder / "home", folder / "objects", "objects", differences)
    confirmed = compare_ledger(folder / "home", folder / "ledgers", folder / "cloud", differences)
    killed = [life for life in lives if "committing" in life]
    return {
        "items": items,
        "seed": seed,
        "targets": list(targets),
        "kills": len(killed),
        "kills_inside_commits": sum(life["committing"] for life in killed),
        "kills_with_something_taken_but_not_recorded": sum(bool(life["unrecorded"]) for life in killed),
        "taken_but_not_recorded": sum(life["unrecorded"] for life in killed),
        "kills_by_moment": dict(Counter(life["moment"] for life in killed)),
        "confirmed": confirmed,
        "sent": sent,
        "faults": faults,
        "repeats_seen_by_the_cloud": Looking(folder / "cloud").figures()["repeats"],
        "seconds": round(time.monotonic() - begun, 1),
        "differences": differences.words(),
    }


def _targets(home: Path) -> list[tuple[str, str, str]]:
    with closing(sqlite3.connect(home / "sightdesk.db")) as db:
        return db.execute("SELECT name, state, problem FROM outbox_targets").fetchall()


def _lives(folder: Path, plan: Plan, say: bool) -> Iterator[dict[str, Any]]:
    """Have desks live and be killed; a line about each."""
    file = folder / "plan.json"
    file.write_text(json.dumps(asdict(plan)))
    command = [sys.executable, "-m", "tests.chaos.killing", str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if say:
                print(line, end="", file=sys.stderr, flush=True)
            yield json.loads(line)


@contextmanager
def receiver(folder: Path, authority: Authority) -> Iterator[tuple[str, int]]:
    """The cloud's end as a process of its own, which nobody kills; (host, port)."""
    certificate, key = authority.server()
    command = [
        sys.executable, "-m", "tests.servers.receiver", "--folder", str(folder), "--tls", str(certificate), str(key),
        str(authority.ca),
    ]  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            parts = urlsplit(json.loads(process.stdout.readline())["url"])
            yield "127.0.0.1", int(parts.port or 0)
        finally:
            process.stdin.close()
            process.wait(20)


def _towards(authority: Authority) -> Any:
    import ssl

    context = ssl.create_default_context(cafile=str(authority.ca))
    context.load_cert_chain(*authority.client("proxy.test"))
    return context


def main(argv: Sequence[str] | None = None) -> int:
    """See the module."""
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    options.add_argument("--items", type=int, default=10_000)
    options.add_argument("--kills", type=int, default=30)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--target", action="append", choices=("cloud", "objects"), help="beside cloud; default: both")
    options.add_argument("--rate", type=float, default=RATE, help="share of requests that meets a fault")
    options.add_argument("--folder", type=Path, help="an empty one, which is kept; default: one that is removed")
    given = options.parse_args(argv)
    targets = ["cloud", *(name for name in given.target or ["objects"] if name != "cloud")]
    with tempfile.TemporaryDirectory(prefix="sightdesk-chaos-") as scratch:
        folder = given.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        summary = run(
            folder.absolute(), items=given.items, kills=given.kills, seed=given.seed, targets=targets, rate=given.rate,
            say=True,
        )  # fmt: skip
    print(json.dumps(summary, indent=1, ensure_ascii=False))
    return 1 if summary["differences"] else 0


if __name__ == "__main__":
    sys.exit(main())
