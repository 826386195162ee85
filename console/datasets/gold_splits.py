"""Train, val and test by camera and time: what is nearly the same picture never stands on two sides.

A camera's time is cut into blocks, and all of a block goes together; so does every block that a track runs through.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from console.datasets.gold_content import SPLITS, Member, Split

BLOCK_S = 600
"""Length of a block. Ten minutes: a street looks another way, and whoever stood there has gone."""


def groups(members: Sequence[Member], block_s: int = BLOCK_S) -> list[str]:
    """For each member the name of its group; two of one group share a block, a track, or a chain of both."""
    roots: dict[str, str] = {}

    def root(key: str) -> str:
        while (above := roots.setdefault(key, key)) != key:
            roots[key] = roots[above]
            key = above
        return key

    blocks = [
        f"{member.camera_id}\n{member.block or format(int(member.taken_at.timestamp() // block_s), '012d')}"
        for member in members
    ]
    for member, block in zip(members, blocks, strict=True):
        for track in member.tracks:
            one, other = root(block), root(f"{member.camera_id}\n~{member.boot_id} {track}")
            first, last = sorted((one, other))  # a block's name sorts before a track's: groups are called by a block
            roots[last] = first
    return [root(block) for block in blocks]


def split(
    members: Sequence[Member], shares: Mapping[Split, float], known: Mapping[str, Split], block_s: int = BLOCK_S
) -> list[Split]:
    """Where each member belongs, whatever order they come in.

    What was in an earlier version stays where it was, and takes its group along. The other groups go, the largest first
    and equal ones by a hash, to where most is missing. Should two groups of an earlier version have grown together,
    train wins over val and val over test: a picture somebody has trained with is never measured on.

    Args:
        members: all that are to be split.
        shares: parts of the whole, in any unit.
        known: splits of earlier versions, by tracking ID.
        block_s: length of a block in seconds.
    """
    names = groups(members, block_s)
    size: dict[str, int] = {}
    fixed: dict[str, Split] = {}
    for member, name in zip(members, names, strict=True):
        size[name] = size.get(name, 0) + 1
        if (was := known.get(member.tracking_id)) is not None:
            fixed[name] = min(was, fixed.get(name, was), key=SPLITS.index)
    placed = dict(fixed)
    whole = sum(shares.values())
    missing = {one: shares[one] / whole * len(members) for one in SPLITS}
    for name, where in fixed.items():
        missing[where] -= size[name]
    for name in sorted(set(size) - set(fixed), key=lambda one: (-size[one], _hash(one))):
        where = max((one for one in reversed(SPLITS) if shares[one] > 0), key=lambda one: missing[one])
        placed[name] = where
        missing[where] -= size[name]
    _fill(placed, set(fixed), size, shares)
    return [placed[name] for name in names]


def _fill(placed: dict[str, Split], fixed: set[str], size: Mapping[str, int], shares: Mapping[Split, float]) -> None:
    """A split that was asked for and got nothing gets the smallest group of one that has several."""
    for empty in reversed(SPLITS):
        if shares[empty] <= 0 or empty in placed.values():
            continue
        count = {one: sum(where == one for where in placed.values()) for one in SPLITS}
        spare = [name for name, where in placed.items() if name not in fixed and count[where] > 1]
        if spare:
            placed[min(spare, key=lambda one: (size[one], _hash(one)))] = empty


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
