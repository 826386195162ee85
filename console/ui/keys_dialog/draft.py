"""Keys while somebody changes them: tried out here, and settings only once he is done. No widgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.ui.entries import ENTRIES, TABLE, Entry, collide
from console.ui.keys import Keys, defaults, resolve, write_all


class Draft:
    """A preset and own keys that may become settings.

    Args:
        preset: whose keys review and drawing go by.
        own: keys by the action's name, as the settings have them.
    """

    def __init__(self, preset: str, own: Mapping[str, str]) -> None:
        self._before = preset, dict(own)
        self.preset = preset
        self.own = dict(own)
        self.keys: Keys = resolve(preset, self.own)

    @property
    def changed(self) -> bool:
        """It is other than the settings it began with."""
        return (self.preset, self.own) != self._before

    def settings(self) -> dict[str, object]:
        """What is to be written, by path."""
        return {"desk.key_preset": self.preset, "desk.keys": dict(sorted(self.own.items()))}

    def choose(self, preset: str) -> None:
        """Go by another tool's keys; own keys stay."""
        self.preset = preset
        self._resolve()

    def is_own(self, name: str) -> bool:
        """Whether its keys were given by a person."""
        return name in self.own

    def colliding(self, name: str, key: str) -> tuple[Entry, ...]:
        """Actions that would lose a key if `name` had it."""
        entry = ENTRIES[name]
        return tuple(e for e in TABLE if e.name != name and key in self.keys.of[e.name] and collide(e, entry))

    def give(self, name: str, key: str, *, more: bool = False) -> None:
        """Give an action a key, and take it from all that it collides with.

        Args:
            name: of the action.
            key: as `keys.parse` gives it.
            more: beside the keys it has; else instead of them.
        """
        for other in self.colliding(name, key):
            self._set(other.name, tuple(k for k in self.keys.of[other.name] if k != key))
        had = self.keys.of[name] if more else ()
        self._set(name, tuple(dict.fromkeys((*had, key))))
        self._resolve()

    def clear(self, name: str) -> None:
        """Leave an action without a key."""
        self._set(name, ())
        self._resolve()

    def reset(self, name: str) -> None:
        """Give an action the keys of the preset again; own keys of others keep what they took."""
        self.own.pop(name, None)
        self._resolve()

    def reset_all(self) -> None:
        """The preset's keys alone."""
        self.own.clear()
        self._resolve()

    def wanting(self, name: str) -> Sequence[tuple[str, Entry]]:
        """Keys that an action should have and another one has, with that one."""
        return [(c.key, ENTRIES[c.actions[0]]) for c in self.keys.conflicts if name in c.actions[1:]]

    def _set(self, name: str, keys: tuple[str, ...]) -> None:
        if keys == defaults(self.preset)[name]:
            self.own.pop(name, None)
        else:
            self.own[name] = write_all(keys)

    def _resolve(self) -> None:
        self.keys = resolve(self.preset, self.own)
