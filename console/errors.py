"""The family of errors an operator may meet. Each says what happened and what to do; none carries a secret."""

from __future__ import annotations


class SightdeskError(Exception):
    """Something an operator can be told in words.

    Attributes:
        what: what happened and what it means, one or two sentences.
        hint: what to do about it; may be empty.
    """

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what} {self.hint}".strip()


class UsageError(SightdeskError):
    """The command or a setting was used wrongly (exit status 2)."""


class HomeError(SightdeskError):
    """The home folder can't be used: held by another process, not writable, full."""


class SettingsError(SightdeskError):
    """The settings can't be read or don't mean anything; names the file and the line."""


class SettingsChanged(SettingsError):
    """The settings file was changed by somebody else since it was read."""


class SecretError(SightdeskError):
    """A named secret is missing or its store can't be opened."""


class StoreError(SightdeskError):
    """The database can't be opened, migrated or written."""


class CatalogError(SightdeskError):
    """A model or clip is unknown or could not be fetched."""


class ModelError(SightdeskError):
    """A model file can't be read, recognised or run."""


class PictureError(SightdeskError):
    """A picture can't be written."""


class AuditError(SightdeskError):
    """What is done can't be recorded; where a record is owed, it is not done."""


class NeedsSupervisor(SettingsError):
    """A supervisor has to say the PIN first."""


REFUSED_RETRY_S = 60.0
"""A camera that refuses the login is asked again after so long: often enough for one that is just starting up, seldom
enough that it does not lock the account."""


class SourceLost(SightdeskError):
    """A camera, stream or file gave no more frames.

    Attributes:
        retry: True when trying again may help (network, server away), False when it can't (not a video, no such file).
        after_s: no sooner than after so many seconds.
    """

    def __init__(self, what: str, hint: str = "", *, retry: bool = True, after_s: float = 0.0) -> None:
        super().__init__(what, hint)
        self.retry = retry
        self.after_s = after_s
