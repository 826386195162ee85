"""What MongoDB says when it refuses, in words: away and to be tried again, full, damaged, or to be looked at.

Codes: MongoDB's error_codes.yml. Of what the server says only the code's name is repeated: its texts hold values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bson.errors import BSONError
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    DuplicateKeyError,
    OperationFailure,
    PyMongoError,
    WaitQueueTimeoutError,
)

from console.cloud.database.words import away, busy, damaged
from console.cloud.errors import CloudError, Collided, DiskFull
from models.words import _

TRANSIENT, UNKNOWN = "TransientTransactionError", "UnknownTransactionCommitResult"
_DUPLICATE = 11000
_COLLIDED = (112, 251, _DUPLICATE)  # WriteConflict, NoSuchTransaction
# LockTimeout, MaxTimeMSExpired, NetworkInterfaceExceededTimeLimit, ExceededTimeLimit,
# TransactionExceededLifetimeLimitSeconds, TemporarilyUnavailable, AdmissionQueueOverflow, RateLimitExceeded
_BUSY = (24, 50, 202, 262, 290, 365, 433, 449)
# unreachable hosts, write concerns not met in time, servers that end, step down or are no primary
_AWAY = (6, 7, 64, 89, 91, 100, 133, 134, 189, 9001, 10058, 10107, 11600, 11602, 13435, 13436)
_FULL, _DAMAGED = (14031,), (39, 301)  # OutOfDiskSpace; FileStreamFailed, DataCorruptionDetected
_NOT_LET_IN = (11, 13, 18, 31, 8000)  # UserNotFound, Unauthorized, AuthenticationFailed, RoleNotFound, Atlas' own
_NO_TRANSACTIONS = 20
"""IllegalOperation: of a server that stands alone."""


def in_words(error: PyMongoError | BSONError, place: str) -> CloudError:
    """What an error means to whoever runs the cloud.

    Args:
        error: as the driver raised it.
        place: the database, without a password.
    """
    if isinstance(error, BSONError):  # before anything is sent: it is not the server that refuses
        return CloudError(
            _("This can't be kept in the database {place}: it is too long, or no plain values.").format(place=place)
        )
    code = _code(error)
    if isinstance(error, WaitQueueTimeoutError) or code in _BUSY:
        return busy(place)
    if isinstance(error, ConnectionFailure) or code in _AWAY:
        return away(place, _said(error, code))
    if collided(error):
        return Collided(busy(place).what, busy(place).hint)
    return _of_the_disk(code, place) or _other(error, code, place)


def collided(error: PyMongoError) -> bool:
    """Whether two did the same at once, and this one was taken back whole."""
    return isinstance(error, DuplicateKeyError) or _code(error) in _COLLIDED or error.has_error_label(TRANSIENT)


def _of_the_disk(code: int, place: str) -> CloudError | None:
    if code in _FULL:
        return DiskFull(
            _("The disk of the database {place} is full; this was not kept.").format(place=place), _("Make room on it.")
        )
    return damaged(place) if code in _DAMAGED else None


def _other(error: PyMongoError, code: int, place: str) -> CloudError:
    said = _said(error, code)
    if code in _NOT_LET_IN or isinstance(error, ConfigurationError):
        return CloudError(
            _("The database {place} can't be opened: {why}").format(place=place, why=said),
            _("Look whether it is there, and whether user, password and rights are well."),
        )
    if code == _NO_TRANSACTIONS:
        return CloudError(
            _("The database {place} has no transactions.").format(place=place),
            _("It must be a replica set; one member is enough."),
        )
    return CloudError(_("The database {place} refused: {why}").format(place=place, why=said))


def _code(error: PyMongoError) -> int:
    """The server's number; 0: the driver itself raised it."""
    if isinstance(error, BulkWriteError):
        errors: list[Mapping[str, Any]] = (error.details or {}).get("writeErrors") or []
        return int(errors[0].get("code") or 0) if errors else 0
    return int(error.code or 0) if isinstance(error, OperationFailure) else 0


def _said(error: PyMongoError, code: int) -> str:
    """The name of the server's code, or the first line of what the driver says: neither holds value or password."""
    if isinstance(error, OperationFailure):
        details = error.details if isinstance(error.details, dict) else {}
        return str(details.get("codeName") or code or type(error).__name__)
    text = str(error).partition(" (configured timeouts")[0].partition(", Timeout:")[0]
    lines = text.strip().splitlines() or [type(error).__name__]
    return lines[0][:300]
