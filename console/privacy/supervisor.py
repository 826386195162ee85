"""The supervisor: who may change what is covered, kept, sent or erased, once somebody has set a PIN.

The PIN keeps whoever sits at the desk from what is a supervisor's to decide. It does not keep out whoever may use this
account of the machine's otherwise: that one can read and write the home's files. Hence everything a supervisor does is
recorded; see `audit`.

Of the PIN only its argon2id hash is kept, where secrets are, under a name that nobody else may use. Wrong PINs are
counted across restarts, each before it is looked at, and make the next try wait longer and longer.
"""

from __future__ import annotations

import logging
import threading
import time
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

from pydantic import SecretStr

from console.errors import AuditError, NeedsSupervisor, SecretError
from console.privacy.tries import Tries
from console.settings.scrub import SCRUBBER
from console.settings.secrets import RESERVED
from models.words import _, ngettext

SECRET = f"{RESERVED}supervisor-pin"
MIN_PIN, MAX_PIN = 6, 64
_log = logging.getLogger(__name__)


class Kept(Protocol):
    """Where the hash is kept: `console.settings.secrets.Secrets`."""

    def names(self) -> dict[str, Any]:
        """See `Secrets.names`."""

    def get(self, name: str) -> SecretStr:
        """See `Secrets.get`."""

    def set(self, name: str, value: str) -> object:
        """See `Secrets.set`."""

    def remove(self, name: str) -> None:
        """See `Secrets.remove`."""


class Record(Protocol):
    """Where it is recorded: `console.privacy.audit.record.Audit.write`, with who it was."""

    def __call__(self, event: str, **details: object) -> object:
        """See `Audit.write`."""


class TooSoon(NeedsSupervisor):
    """Too many wrong PINs.

    Attributes:
        wait_s: how long until the next try.
    """

    def __init__(self, wait_s: float) -> None:
        self.wait_s = wait_s
        seconds = max(1, round(wait_s))
        super().__init__(
            ngettext(
                "Too many wrong PINs. Try again in {n} second.",
                "Too many wrong PINs. Try again in {n} seconds.",
                seconds,
            ).format(n=seconds)
        )


class Supervisor:
    """Whether a supervisor is in force at this desk. Any thread may call it.

    Setting and trying a PIN takes about a tenth of a second on purpose, and longer where the file of secrets has to be
    opened first: not for the GUI thread.

    Args:
        secrets: keeps the hash.
        folder: for the count of wrong tries; the home's `run`.
        record: told of everything.
        idle_s: so long after the last `touch` nobody is a supervisor any more.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        secrets: Kept,
        folder: Path,
        record: Record,
        *,
        idle_s: float = 300.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._secrets = secrets
        self._tries = Tries(folder)
        self._record = record
        self._clock = clock
        self._lock = threading.RLock()
        self._until: float | None = None
        self._told: list[Callable[[], object]] = []
        self.idle_s = idle_s

    def on_change(self, told: Callable[[], object]) -> None:
        """Have `told` called, on the changing thread, whenever a supervisor comes into force or goes."""
        self._told.append(told)

    @property
    def has_pin(self) -> bool:
        """Whether a PIN is set. A list of secrets that can't be read counts as set: better asked than let through."""
        try:
            return SECRET in self._secrets.names()
        except SecretError:
            return True

    @property
    def unlocked(self) -> bool:
        """Whether a supervisor is in force."""
        return self.left_s > 0

    @property
    def left_s(self) -> float:
        """How long a supervisor stays in force if nobody touches anything; 0: none is."""
        with self._lock:
            left = 0.0 if self._until is None else self._until - self._clock()
        if left <= 0 and self._until is not None:
            self.lock("idle")
        return max(left, 0.0)

    @property
    def allowed(self) -> bool:
        """Whether what is a supervisor's may be done now: one is in force, or no PIN is set."""
        return self.unlocked or not self.has_pin

    def touch(self) -> None:
        """Somebody is at work: a supervisor in force stays so."""
        with self._lock:
            if self.left_s > 0:
                self._until = self._clock() + self.idle_s

    def unlock(self, pin: str) -> bool:
        """Whether this is the PIN; then a supervisor is in force.

        Raises:
            TooSoon: after too many wrong ones.
            SecretError: the hash can't be read, or no PIN is set.
            AuditError: it can't be recorded, so nobody becomes a supervisor.
            HomeError: the tries can't be counted.
        """
        if not self._right(pin):
            return False
        self._record("supervisor unlocked")
        with self._lock:
            self._until = self._clock() + self.idle_s
        self._tell()
        return True

    def lock(self, why: str = "by hand") -> None:
        """Back to operator; harmless where it is so."""
        with self._lock:
            if self._until is None:
                return
            self._until = None
        with suppress(AuditError):  # going back is safe, recorded or not; the log has said it
            self._record("supervisor locked", why=why)
        self._tell()

    def set_pin(self, old: str, new: str) -> None:
        """Set the first PIN, or another one.

        Args:
            old: the one until now; any where there is none.
            new: at least six characters, not all alike and not counted up or down.

        Raises:
            NeedsSupervisor: the old one is wrong (`TooSoon`: and was too often), or the new one is too easy.
            SecretError, HomeError: it can't be kept.
            AuditError: it can't be recorded; the old one stays.
        """
        first = not self.has_pin
        if easy := why_easy(new):
            raise NeedsSupervisor(easy)
        if not first and not self._right(old):
            raise NeedsSupervisor(_("That is not the supervisor's PIN."))
        self._record("supervisor PIN set" if first else "supervisor PIN changed")
        from argon2 import PasswordHasher  # noqa: PLC0415  # 20 ms, and seldom needed

        self._secrets.set(SECRET, PasswordHasher().hash(_normal(new)))
        SCRUBBER.remember(new)

    def clear_pin(self, pin: str, *, forgotten: bool = False) -> None:
        """From now on no PIN is asked for.

        Args:
            pin: the one until now.
            forgotten: without it; recorded as such. For whoever may use this account of the machine's anyway.

        Raises:
            NeedsSupervisor, SecretError, AuditError: as `set_pin`.
        """
        if not forgotten and not self._right(pin):
            raise NeedsSupervisor(_("That is not the supervisor's PIN."))
        self._record("supervisor PIN cleared", forgotten=forgotten)
        self._secrets.remove(SECRET)
        self._tries.count(0)

    def wait_s(self) -> float:
        """How long until a PIN may be tried; 0: now."""
        return self._tries.wait_s()

    def _right(self, pin: str) -> bool:
        """Whether this is the PIN; a wrong one is counted, and recorded."""
        from argon2 import PasswordHasher  # noqa: PLC0415
        from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415

        with self._tries.turn():
            if wait := self.wait_s():
                raise TooSoon(wait)
            kept = self._secrets.get(SECRET).get_secret_value()
            wrong = self._tries.wrong + 1
            self._tries.count(wrong)  # before it is looked at: who pulls the plug then has had his try
            right = True
            try:
                PasswordHasher().verify(kept, _normal(pin))
            except InvalidHashError:
                raise SecretError(
                    _("What is kept of the supervisor's PIN is damaged."),
                    _("Set a new one: sightdesk supervisor clear --forgotten, then sightdesk supervisor set-pin."),
                ) from None
            except VerificationError:
                right = False
            if right:
                self._tries.count(0)
        if right:
            SCRUBBER.remember(pin)
            return True
        with suppress(AuditError):
            self._record("wrong supervisor PIN", tries=wrong)
        return False

    def _tell(self) -> None:
        for told in self._told:
            told()


def why_easy(pin: str) -> str:
    """Why a new PIN won't do, in words; empty when it will."""
    pin = _normal(pin)
    if not MIN_PIN <= len(pin) <= MAX_PIN:
        return _("Take {least} to {most} characters, digits or letters.").format(least=MIN_PIN, most=MAX_PIN)
    steps = {ord(b) - ord(a) for a, b in pairwise(pin)}
    if len(steps) == 1 and steps <= {-1, 0, 1}:
        return _("That one is guessed first: take one that is not all alike and not counted up or down.")
    return ""


def _normal(pin: str) -> str:
    """As typed on whatever keyboard."""
    return unicodedata.normalize("NFKC", pin).strip()
