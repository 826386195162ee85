"""The report of `sightdesk privacy evaluate` for people."""

from __future__ import annotations

from typing import Any

_HEAD = (
    f"{'policy':24} {'faces by':10} {'keypoints covered':>21} {'faces with none bare':>24} {'plate area':>14} "
    f"{'plates':>22} {'excess':>7} {'refused':>8}"
)


def tables(report: dict[str, Any]) -> list[str]:
    """Lines of what each policy covers, of faces found by size, and of what redaction costs detection."""
    marked, models = report["marked"], report["models"]
    lines = [
        (
            f"{marked['pictures']} pictures: {marked['faces']} faces with {marked['keypoints']} visible keypoints, "
            f"{marked['plates']} plates. Objects by {models['objects']}, plates by {models['plates']}."
        ),
        "",
        _HEAD,
        *(_policy(row) for row in report["policies"]),
        "",
        *_reasons(report["policies"]),
        "Shares are of the pictures kept, with their 95 % interval; excess: covered outside of faces and plates, as a",
        "share of the picture. What is not marked is not measured.",
    ]
    if report["recall_by_size"]:
        lines += ["", *_sizes(report["recall_by_size"])]
    if report["detection"]:
        lines += ["", *_detection(report["detection"])]
    return lines


def _policy(row: dict[str, Any]) -> str:
    excess = "-" if row["excess"] is None else f"{row['excess']:.1%}"
    refused = f"{row['refused']}/{row['pictures']}"
    return (
        f"{row['name']:24} {row['face_model'] or '-':10} {_share(row['keypoints']):>21} {_share(row['faces']):>24} "
        f"{_share(row['plate_area'], counts=False):>14} {_share(row['plates']):>22} {excess:>7} {refused:>8}"
    )


def _share(share: dict[str, Any] | None, *, counts: bool = True) -> str:
    if share is None:
        return "-"
    interval = "" if share["low"] is None else f" ({share['low'] * 100:.0f}-{share['high'] * 100:.0f})"
    return f"{share['share']:.0%}{interval}" + (f" {share['covered']}/{share['of']}" if counts else "")


def _reasons(rows: list[dict[str, Any]]) -> list[str]:
    lines = []
    for row in rows:
        for kind, text in (("refused_why", "refused"), ("weakened_why", "weakened")):
            lines += [f"{row['name']}: {count} {text}: {why}" for why, count in row[kind].items()]
    return [*lines, ""] if lines else []


def _sizes(report: dict[str, Any]) -> list[str]:
    lines = [f"{'face model at input':30} {'ms':>7} {'keypoints found':>16} {'faces found':>12}"]
    for row in report["sizes"]:
        points, faces = row["keypoints"], row["faces"]
        lines.append(
            f"{row['model']:20} {row['width']:4}x{row['height']:<4} {row['ms'] or 0:7.1f} "
            f"{points['found']:>10}/{points['of']:<5} {faces['found']:>7}/{faces['of']:<4}"
        )
    lines += ["", "Faces found by the side of the head in the input, pixels, over all sizes:"]
    for model, bins in report["by_head"].items():
        parts = [
            f"{one['from']}-{one['to'] if one['to'] < 1 << 20 else ''}: {one['found']}/{one['of']}" for one in bins
        ]
        lines.append(f"{model:20} {', '.join(parts)}")
    return lines


def _detection(report: list[dict[str, Any]]) -> list[str]:
    lines = []
    for part in report:
        title = f"AP on {part['pictures']} pictures"
        lines.append(
            f"{title:24} {'before':>8} {'after':>8} {'AP50 before':>12} {'after':>8} "
            f"{'persons before':>15} {'after':>8} {'refused':>8}"
        )
        for row in part["trials"]:
            persons = row["persons"] or {"before": None, "after": None}
            lines.append(
                f"{row['name']:24} {_ap(row['before'], 'ap'):>8} {_ap(row['after'], 'ap'):>8} "
                f"{_ap(row['before'], 'ap50'):>12} {_ap(row['after'], 'ap50'):>8} {_ap(persons['before'], 'ap'):>15} "
                f"{_ap(persons['after'], 'ap'):>8} {row['refused']:>8}"
            )
    return lines


def _ap(score: dict[str, Any] | None, key: str) -> str:
    return "-" if score is None else f"{score[key] * 100:.1f}"
