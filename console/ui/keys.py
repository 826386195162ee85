"""Which key does what: the table's defaults, the preset of another tool, and a person's own keys over both.

An action can't be had by two keys' worth of luck: Qt drops a key in silence that two actions have at the same place.
So here each key goes to one of them, and the others that wanted it are told of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QKeySequence

from console.ui.entries import TABLE, Entry, collide
from console.ui.key_presets import PRESETS
from models.words import _

BETWEEN = "; "
"""Between two keys of one action in the settings."""
_MODIFIERS = {Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr}


@dataclass(frozen=True, slots=True)
class Conflict:
    """A key that several want at the same place: the first of `actions` has it."""

    key: str
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys in force.

    Attributes:
        of: keys of each action, as Qt writes them everywhere; empty for none.
        conflicts: keys that more than one wants.
        problems: what in a person's own keys can't be, in words.
    """

    of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    conflicts: tuple[Conflict, ...] = ()
    problems: tuple[str, ...] = ()


def parse(text: str) -> str | None:
    """A key as Qt writes it everywhere, such as Ctrl+Shift+K; None: that is no key."""
    sequence = QKeySequence(text.strip(), QKeySequence.SequenceFormat.PortableText)
    if sequence.count() != 1:
        return None
    key = sequence[0].key()  # type: ignore[index]  # its stub lacks it
    if key in _MODIFIERS or key in {Qt.Key.Key_unknown, Qt.Key(0)}:
        return None
    return sequence.toString(QKeySequence.SequenceFormat.PortableText) or None


def pressed(combination: QKeyCombination) -> str | None:
    """The key that somebody pressed, as Qt writes it everywhere; None: nothing but Ctrl, Shift or the like."""
    key, how = combination.key(), combination.keyboardModifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if key == Qt.Key.Key_Backtab:
        key, how = Qt.Key.Key_Tab, how | Qt.KeyboardModifier.ShiftModifier
    letter = Qt.Key.Key_A <= key <= Qt.Key.Key_Z
    if Qt.Key.Key_Space < key <= Qt.Key.Key_AsciiTilde and not letter:
        how &= ~Qt.KeyboardModifier.ShiftModifier  # it takes Shift to write it, on some keyboards and not on others
    return parse(QKeySequence(QKeyCombination(how, key)).toString(QKeySequence.SequenceFormat.PortableText))


def parse_all(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Keys of one action from the settings, and the parts that are no keys."""
    parts = [part for part in text.split(BETWEEN) if part.strip()]
    keys = [(part, parse(part)) for part in parts]
    found = tuple(dict.fromkeys(key for _part, key in keys if key is not None))
    return found, tuple(part.strip() for part, key in keys if key is None)


def write_all(keys: Iterable[str]) -> str:
    """Keys of one action as the settings hold them."""
    return BETWEEN.join(keys)


def defaults(preset: str, table: Sequence[Entry] = TABLE) -> dict[str, tuple[str, ...]]:
    """Keys of all actions by a preset; an unknown one changes nothing."""
    changed = PRESETS.get(preset, {})
    return {entry.name: changed.get(entry.name, entry.keys) for entry in table}


def resolve(preset: str = "sightdesk", own: Mapping[str, str] | None = None, table: Sequence[Entry] = TABLE) -> Keys:
    """Keys in force.

    Args:
        preset: whose keys review and drawing go by.
        own: keys by the action's name, with `BETWEEN` between several; empty: none. They win over all others.
        table: of all actions.
    """
    wanted, problems, first = defaults(preset, table), list[str](), dict[str, int]()
    for name, text in (own or {}).items():
        if name not in wanted:
            problems.append(_("There is no action “{name}” that could have a key.").format(name=name))
            continue
        keys, wrong = parse_all(text)
        problems += [_("“{key}” is no key; see {name}.").format(key=key, name=name) for key in wrong]
        if keys or not wrong:  # nothing but mistakes: its keys stay as they were
            wanted[name] = keys
            first[name] = 0
    return _settled(wanted, first, table, problems)


def _settled(
    wanted: Mapping[str, tuple[str, ...]], first: Mapping[str, int], table: Sequence[Entry], problems: Iterable[str]
) -> Keys:
    """Each key to the one who has the best right to it at its place: own keys first, then by the table's order."""
    takers: dict[str, list[Entry]] = {}
    for entry in sorted(table, key=lambda entry: first.get(entry.name, 1)):
        for key in wanted[entry.name]:
            takers.setdefault(key, []).append(entry)
    lost: set[tuple[str, str]] = set()
    conflicts = []
    for key, entries in takers.items():
        kept: list[Entry] = []
        losers: dict[str, list[str]] = {}
        for entry in entries:
            winner = next((other for other in kept if collide(entry, other)), None)
            if winner is None:
                kept.append(entry)
            else:
                losers.setdefault(winner.name, []).append(entry.name)
                lost.add((entry.name, key))
        conflicts += [Conflict(key, (winner, *names)) for winner, names in losers.items()]
    of = {name: tuple(key for key in keys if (name, key) not in lost) for name, keys in wanted.items()}
    return Keys(of, tuple(conflicts), tuple(problems))
