"""Splits of gold sets: whatever the pictures, no track and no stretch of a camera's time stands on two sides."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from console.datasets.gold_content import SPLITS, Member, Split, frozen_labels, set_digest
from console.datasets.gold_splits import BLOCK_S, groups, split
from console.review.items import Box
from tests.console.gold_cases import START

SHARES: dict[Split, float] = {"train": 70, "val": 15, "test": 15}


def member(number: int, camera: str, minutes: float, tracks: frozenset[int] = frozenset(), boot: str = "1") -> Member:
    return Member(
        tracking_id=f"id-{number}",
        picture_id=number,
        picture=f"{number}.jpg",
        picture_sha256="0" * 64,
        stored=(64, 48),
        source=(64, 48),
        truth=(Box((0, 0, 10, 10), "car"),),
        verdict="accept",
        asked=Box((0, 0, 10, 10), "car"),
        exhaustive=False,
        split="train",
        camera_id=camera,
        boot_id=boot,
        taken_at=START + timedelta(minutes=minutes),
        tracks=tracks,
    )


_MEMBER = st.tuples(
    st.sampled_from("ab"), st.integers(0, 300), st.frozensets(st.integers(1, 12), max_size=3), st.sampled_from("12")
)
MEMBERS = st.lists(_MEMBER, min_size=1, max_size=60).map(
    lambda rows: [member(number, camera, at, tracks, boot) for number, (camera, at, tracks, boot) in enumerate(rows)]
)
PARTS = st.tuples(*[st.integers(0, 100)] * 3).filter(any).map(lambda parts: dict(zip(SPLITS, parts, strict=True)))


def together(one: Member, other: Member) -> bool:
    """Whether two may not stand on two sides, by themselves."""
    if one.camera_id != other.camera_id:
        return False
    same_block = one.taken_at.timestamp() // BLOCK_S == other.taken_at.timestamp() // BLOCK_S
    return same_block or (one.boot_id == other.boot_id and bool(one.tracks & other.tracks))


@given(MEMBERS, PARTS)
@settings(max_examples=150, deadline=None)
def test_nothing_that_belongs_together_is_parted(members: list[Member], shares: dict[Split, float]) -> None:
    placed = split(members, shares, {})
    for at, one in enumerate(members):
        for other_at, other in enumerate(members[:at]):
            assert not together(one, other) or placed[at] == placed[other_at]
    assert all(shares[where] > 0 for where in placed)


@given(MEMBERS, st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_the_order_of_rows_does_not_matter(members: list[Member], chance: object) -> None:
    placed = {one.tracking_id: where for one, where in zip(members, split(members, SHARES, {}), strict=True)}
    turned = list(members)
    chance.shuffle(turned)  # type: ignore[attr-defined]
    assert {one.tracking_id: where for one, where in zip(turned, split(turned, SHARES, {}), strict=True)} == placed
    digests = [one.digest() for one in members]
    assert set_digest(["car"], digests) == set_digest(["car"], reversed(digests))
    assert set_digest(["car"], digests) != set_digest(["car"], digests[1:])


@given(MEMBERS, MEMBERS)
@settings(max_examples=80, deadline=None)
def test_later_members_move_no_earlier_one_where_it_was_never_trained_with(
    first: list[Member], more: list[Member]
) -> None:
    """Groups that grow together may only move to train or val; alone they stay."""
    known = {one.tracking_id: where for one, where in zip(first, split(first, SHARES, {}), strict=True)}
    everyone = [*first, *(member(1000 + n, m.camera_id, *_rest(m)) for n, m in enumerate(more))]
    after = dict(zip((one.tracking_id for one in everyone), split(everyone, SHARES, known), strict=True))
    for name, was in known.items():
        assert SPLITS.index(after[name]) <= SPLITS.index(was)
    names = dict(zip((one.tracking_id for one in everyone), groups(everyone), strict=True))
    for name, was in known.items():
        if len({known[other] for other in known if names[other] == names[name]}) == 1:
            assert after[name] == was


def _rest(one: Member) -> tuple[float, frozenset[int], str]:
    return (one.taken_at - START).total_seconds() / 60, one.tracks, one.boot_id


def test_shares_are_met_as_well_as_blocks_allow() -> None:
    members = [member(number, "gate", 10 * number) for number in range(100)]
    placed = split(members, SHARES, {})
    assert [placed.count(one) for one in SPLITS] == [70, 15, 15]
    assert set(split(members[:3], SHARES, {})) == set(SPLITS)  # nothing that was asked for stays empty
    assert set(split(members[:1], SHARES, {})) == {"train"}
    assert split(members, {"train": 0, "val": 0, "test": 1}, {}) == ["test"] * 100


def test_a_parked_car_keeps_a_whole_day_together() -> None:
    parked = [member(number, "gate", 30 * number, frozenset({7})) for number in range(20)]
    passing = [member(100 + number, "gate", 2000 + 30 * number) for number in range(4)]
    assert len(set(split([*parked, *passing], SHARES, {})[:20])) == 1
    assert len(set(groups(parked))) == 1
    other_run = [member(number, "gate", 30 * number, frozenset({7}), boot=str(number)) for number in range(20)]
    assert len(set(groups(other_run))) == 20  # numbers of tracks begin anew with each run


@given(
    st.permutations([("tracking_id", "id-9"), ("picture_sha256", "1" * 64), ("source", (128, 96)), ("split", "val")]),
    st.integers(1, 4),
)
@settings(max_examples=20, deadline=None)
def test_whatever_makes_a_member_what_it_is_makes_its_digest(changes: list[tuple[str, object]], count: int) -> None:
    from dataclasses import replace

    one = member(1, "gate", 0)
    seen = {one.digest()}
    for name, value in changes[:count]:
        one = replace(one, **{name: value})  # type: ignore[arg-type]
        assert one.digest() not in seen
        seen.add(one.digest())
    moved = replace(one, truth=(Box((0, 0, 10, 10.01), "car"),))
    assert moved.digest() not in seen
    assert replace(one, exhaustive=True).digest() not in seen
    assert replace(one, asked=None).digest() not in seen
    assert replace(one, truth=(Box((0, 0, 10, 10.001), "car"),)).digest() == one.digest()  # hundredths of a pixel


def test_labels_are_appended_and_never_moved() -> None:
    assert frozen_labels((), [member(1, "gate", 0)]) == ("car",)
    assert frozen_labels(("zebra", "ant"), [member(1, "gate", 0)]) == ("zebra", "ant", "car")


def test_imported_pictures_without_a_time_are_each_a_block_and_stay_on_their_own_side() -> None:
    imported = [replace(member(number, "import-street", 0), block=f"!id-{number}") for number in range(40)]
    placed = split(imported, SHARES, {"id-0": "test", "id-1": "val"})
    assert placed[:2] == ["test", "val"]
    assert {one: placed.count(one) for one in SPLITS} == {"train": 28, "val": 6, "test": 6}
