"""Gold sets and figures on them, in lines for a terminal and in plain values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from console.datasets.gold_content import SPLITS
from console.datasets.gold_report import FIGURES
from models.words import _

if TYPE_CHECKING:
    from console.datasets.gold import GoldSet
    from console.datasets.gold_content import Member
    from console.datasets.gold_making import Made

Report = dict[str, Any]


def made_lines(made: Made) -> list[str]:
    """A version that was made."""
    lines = [
        f"{made.title}: {made.members} members, of {made.exhaustive} all is known, {_classes(made.labels)}.",
        f"{', '.join(f'{one} {made.splits[one]}' for one in SPLITS)}; sha256 {made.sha256}",
    ]
    if made.empty:
        lines.append(
            f"Nothing is in {' and '.join(made.empty)}: a track, and ten minutes of a camera, stay together, and "
            f"{made.groups[0]} of {made.members} members hang together so. Judge pictures of other days or cameras, or "
            "say --splits 0/0/100 for a set that is only measured on."
        )
    return lines


def set_row(one: GoldSet) -> Report:
    """A set as plain values."""
    return {
        "set": one.title, "name": one.name, "version": one.version, "sha256": one.sha256, "members": one.members,
        "erased": one.erased, "labels": list(one.labels), "who": one.who, "made_at": one.made_at.isoformat(),
    }  # fmt: skip


def set_line(one: GoldSet) -> str:
    """A set in a line."""
    erased = f", {one.erased} erased since" if one.erased else ""
    return (
        f"{one.title:24} {one.members:6} members{erased}, {_classes(one.labels)}, {one.sha256[:12]}, "
        f"{one.made_at.astimezone():%Y-%m-%d %H:%M} by {one.who}"
    )


def show_row(one: GoldSet, members: Sequence[Member]) -> Report:
    """What a set holds, as plain values."""
    spec = {key: value for key, value in one.spec.items() if key != "digests"}
    verdicts = Counter(member.verdict for member in members)
    return set_row(one) | {
        "spec": spec,
        "left": len(members),
        "splits": {split: sum(member.split == split for member in members) for split in SPLITS},
        "exhaustive": sum(member.exhaustive for member in members),
        "verdicts": dict(sorted(verdicts.items())),
        "cameras": dict(sorted(Counter(member.camera_id for member in members).items())),
        "boxes": {label: _boxes(members, label) for label in one.labels},
    }


def show_lines(one: GoldSet, members: Sequence[Member]) -> list[str]:
    """What a set holds, in lines."""
    row = show_row(one, members)
    asked = ", ".join(
        f"{key} {value}" for key, value in row["spec"].items() if value and key not in ("splits", "block_s")
    )
    return [
        set_line(one),
        f"sha256    {one.sha256}",
        f"made of   {asked or 'all that was reviewed'}",
        f"splits    {_counts(row['splits'])}",
        f"verdicts  {_counts(row['verdicts'])}; of {row['exhaustive']} all is known",
        f"cameras   {_counts(row['cameras'])}",
        "classes, in their order, with their boxes:",
        *(f"  {number:3} {label}: {row['boxes'][label]}" for number, label in enumerate(one.labels)),
    ]


def member_row(member: Member, sets: Sequence[tuple[str, int, str]]) -> Report:
    """A member as plain values."""
    return {
        "tracking_id": member.tracking_id,
        "sets": [{"name": name, "version": version, "split": split} for name, version, split in sets],
        "split": member.split,
        "verdict": member.verdict,
        "asked": {"box": list(member.asked.xyxy), "label": member.asked.label} if member.asked else None,
        "truth": [[*box.xyxy, box.label] for box in member.truth],
        "exhaustive": member.exhaustive,
        "camera": member.camera_id,
        "taken_at": member.taken_at.isoformat(),
        "picture": member.picture,
        "picture_sha256": member.picture_sha256,
        "digest": member.digest(),
    }


def member_lines(member: Member, sets: Sequence[tuple[str, int, str]]) -> list[str]:
    """A member in lines."""
    asked = f" of {member.asked.label or 'the picture'}" if member.asked else ""
    what = "all there is" if member.exhaustive else "one box was judged"
    return [
        f"{member.tracking_id}: camera {member.camera_id}, {member.taken_at.astimezone():%Y-%m-%d %H:%M:%S}",
        f"verdict   {member.verdict}{asked}; {what}",
        *(f"  {box.label} at {', '.join(f'{v:g}' for v in box.xyxy)}" for box in member.truth),
        f"picture   {member.picture}, sha256 {member.picture_sha256}",
        f"it is in  {', '.join(f'{name}@{version} ({split})' for name, version, split in sets)}",
    ]


def evaluation_lines(report: Report) -> list[str]:
    """One model's figures."""
    ran = report["ran"]
    return [
        f"{report['model']} on {report['set']} ({', '.join(report['splits'])}), "
        f"ran on {ran.get('runtime', '?')} {ran.get('device', '?')} {ran.get('precision', '')}".rstrip(),
        *_figures(report),
        "",
        f"{'class':24} {'AP':>6} {'AP50':>6} {'accepted found':>24} {'rejected still reported':>24}",
        *(
            f"{label:24} {_points(row['ap']):>6} {_points(row['ap50']):>6} {_share(row['found']):>24} "
            f"{_share(row['false']):>24}"
            for label, row in report["classes"].items()
        ),
        "",
        *_left(report, "the model"),
        _(report["note"]),
    ]


def comparison_lines(report: Report) -> list[str]:
    """Two models side by side."""
    one, other = report["a"], report["b"]
    lines = [
        (
            f"A {one['model']}, B {other['model']} on {report['set']} ({', '.join(report['splits'])}): "
            f"{one['exhaustive']} pictures of which all is known, {one['found']['of']} accepted and "
            f"{one['false']['of']} rejected boxes, {one['groups']} stretches of time"
        ),
        f"{'':32} {'A':>6} {'B':>6} {'B - A':>7} {'95 %':>16}",
    ]
    for name, row in report["differences"].items():
        low_high = f"{row['interval'][0]:+.3f} .. {row['interval'][1]:+.3f}" if row["interval"] else "-"
        gap = "-" if row["difference"] is None else f"{row['difference']:+.3f}"
        lines.append(
            f"{_(FIGURES[name]):32} {_points(row['before']):>6} {_points(row['after']):>6} {gap:>7} {low_high:>16}  "
            f"{row['verdict']}"
        )
    verdict = f"B is {report['verdict']}." if not report["why"] else f"Which is better can't be told. {report['why']}"
    return [*lines, "", verdict, *_left(one, "both"), _(report["note"])]


def gate_lines(report: Report) -> list[str]:
    """What a gate says."""
    title = f"{report['new']['model']} on {report['set']}"
    return [f"{title}: {'passed' if report['passed'] else 'not passed'}", *(f"  {why}" for why in report["why"])]


def _figures(report: Report) -> list[str]:
    if report["ap"] is None:
        ap = "AP: not measured; there is no picture of which all is known with a class that the model knows."
    else:
        low_high = (
            f" ({report['ap_interval'][0]:.3f} .. {report['ap_interval'][1]:.3f})" if report["ap_interval"] else ""
        )
        ap = f"AP {report['ap']:.3f}{low_high}, AP50 {report['ap50']:.3f} on {report['exhaustive']} pictures"
    return [
        ap,
        f"accepted boxes found: {_share(report['found'])}",
        f"rejected boxes still reported: {_share(report['false'])}",
    ]


def _left(report: Report, whom: str) -> list[str]:
    lines = []
    if report["unknown_classes"]:
        lines.append(f"Not known to {whom}, and not counted: {', '.join(report['unknown_classes'])}.")
    if report["left_out"]:
        ids = ", ".join(f"{one} ({why})" for one, why in report["left_out"].items())
        lines.append(f"Left out, since their pictures are not what was judged: {ids}.")
    return lines


def _boxes(members: Sequence[Member], label: str) -> int:
    return sum(box.label == label for member in members for box in member.truth)


def _classes(labels: Sequence[str]) -> str:
    return "1 class" if len(labels) == 1 else f"{len(labels)} classes"


def _counts(of: dict[str, int]) -> str:
    return ", ".join(f"{key} {value}" for key, value in of.items()) or "-"


def _points(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _share(share: Report) -> str:
    if not share["of"]:
        return "-"
    low, high = share["interval"]
    return f"{share['hits']}/{share['of']} {share['share']:.0%} ({low * 100:.0f}-{high * 100:.0f})"
