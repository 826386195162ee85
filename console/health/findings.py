"""What an examination says: one finding for each thing it looked at."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """How a thing stands."""

    OK = "ok"
    MISSING = "missing"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        about: what it is about, in a word or two, such as database.
        state: ok, missing or problem.
        what: what was found, and what it means where it isn't well.
        hint: how to get what is missing, or to mend the problem; empty when all is well.
        needed: Sightdesk can't do its work here without; False: it does without, only less.
    """

    about: str
    state: State
    what: str
    hint: str = ""
    needed: bool = True

    @property
    def broken(self) -> bool:
        """Whether this alone makes the examination fail."""
        return self.needed and self.state is not State.OK

    def as_json(self) -> dict[str, Any]:
        """The finding as plain values."""
        return asdict(self) | {"state": str(self.state)}


def ok(about: str, what: str) -> Finding:
    """A finding that all is well."""
    return Finding(about, State.OK, what)


def missing(about: str, what: str, hint: str, *, needed: bool = True) -> Finding:
    """A finding that something is not there."""
    return Finding(about, State.MISSING, what, hint, needed)


def problem(about: str, what: str, hint: str, *, needed: bool = True) -> Finding:
    """A finding that something is wrong."""
    return Finding(about, State.PROBLEM, what, hint, needed)
