"""What every target provides, what it is given, and how it fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from console.errors import SightdeskError
from console.privacy.stored import Stored
from console.store.outbox import Kind

Secret = Callable[[str], str]
"""From a secret's name to the secret. Raises SecretError."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message as it is handed to a target.

    Attributes:
        number: of the message in this outbox; of one site's messages about the same thing, the later has the higher.
        message_id: UUIDv7; a target takes each once, however often it comes.
        tracking_id: of what it is about.
        kind: what it is.
        camera_id: empty: of no camera.
        written_at: UTC, as the database writes times.
        body: JSON values.
        file: what it carries; None: nothing.
    """

    number: int
    message_id: str
    tracking_id: str
    kind: Kind
    camera_id: str
    written_at: str
    body: Mapping[str, Any]
    file: Stored | None = None

    def __post_init__(self) -> None:
        """Raises TypeError where a file is anything but what may leave."""
        if self.file is not None and type(self.file) is not Stored:
            raise TypeError(f"a target is given what is Stored, not {type(self.file).__name__}")

    @property
    def size(self) -> int:
        """Bytes of its file."""
        return len(self.file) if self.file is not None else 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """A target has taken a message for good.

    Attributes:
        message_id: which.
        answer: what the target said of it, JSON values; kept for tracing.
    """

    message_id: str
    answer: Mapping[str, Any] = field(default_factory=dict)


class TargetError(SightdeskError):
    """A target did not take what it was sent. Everything goes on waiting; what and hint are an operator's words.

    Attributes:
        after_s: the target wants to be left alone for so long (Retry-After); None: it did not say.
    """

    def __init__(self, what: str, hint: str = "", *, after_s: float | None = None) -> None:
        super().__init__(what, hint)
        self.after_s = after_s


class Unreachable(TargetError):
    """It can't be reached, or the way broke: refused, timed out, reset, cut off in the middle."""


class Busy(TargetError):
    """It answers, and says that it can't just now: 429, 500 to 599."""


class Full(TargetError):
    """Its room is used up (507, a bucket's quota): a person has to make some."""


class Denied(TargetError):
    """It does not let this desk in, or is not who it should be: certificates, keys, logins. A person has to look."""


class WrongAnswer(TargetError):
    """It said yes, but not in the way one who took it would; so it is not believed, and sent again.

    Attributes:
        too_large: it had more bytes than are read.
    """

    def __init__(self, what: str, hint: str = "", *, after_s: float | None = None, too_large: bool = False) -> None:
        super().__init__(what, hint, after_s=after_s)
        self.too_large = too_large


class Refused(TargetError):
    """It will never take this message as it is. Only this one is set aside, until a person decides."""


class Target(Protocol):
    """A place that reviewed data goes to. `send` may be called from several threads at once.

    Whatever happened to an earlier attempt, sending a message again changes nothing where it has arrived.

    Attributes:
        name: in the settings.
        at_once: so many parcels one `send` takes at most.
        at_once_bytes: their files together, at most; a single larger one goes alone.
    """

    name: str
    at_once: int
    at_once_bytes: int

    def send(self, parcels: Sequence[Parcel]) -> Sequence[Receipt | Refused]:
        """Hand over parcels; an answer for each, in their order: taken for good, or never to be taken.

        Raises:
            TargetError: none of them is known to have been taken; not `Refused`.
        """
        ...

    def settle(self) -> None:
        """Bring what sums up in line with what was sent: manifests, annotations, presence.

        Called when a queue ran empty, and now and then while it does not; never while `send` runs.

        Raises:
            TargetError: it could not be; it will be asked again.
        """
        ...

    def check(self) -> str:
        """Try the way there and back, and change nothing; what was found, in words: who it is, how long it took.

        Raises:
            TargetError: something is wrong.
        """
        ...

    def close(self) -> None:
        """Let go of connections; a `send` under way fails soon. Harmless when done already."""
        ...
