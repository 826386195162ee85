"""Secrets by name: in the system's keyring where there is a usable one, else in the home's encrypted file.

Settings hold names, never secrets. A value leaves this room only as a `SecretStr`, and every value that leaves is first
made known to the scrubber, so that no log, crash report or bundle of this process can carry it.
"""

from __future__ import annotations

import json
import re
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from pydantic import SecretStr

from console.errors import SecretError
from console.settings.disk import in_words, write_whole
from console.settings.home import Home
from console.settings.scrub import SCRUBBER
from console.settings.section import SECRET_NAME
from console.settings.vault import Ask, Vault
from models.words import _

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

Place = Literal["keyring", "file"]
RESERVED = "sightdesk."
"""Names that begin so are the program's own: no camera's password, and nothing to set or remove by hand."""
MAX_LENGTH = 1024  # what Windows' Credential Manager takes
_RECOMMENDED = 1  # keyring's own line: below it are the failing, the forgetting and the plain-text backends


class Secrets:
    """The secrets of one home. Safe to use from several threads and processes at once.

    Keep one object where several secrets are read: opening the encrypted file takes half a second once per object.

    Args:
        home: needs no lock: a command may store a password while the desk runs.
        ask: how to ask a person for the encrypted file's passphrase; None: only SIGHTDESK_PASSPHRASE counts.
    """

    def __init__(self, home: Home, ask: Ask | None = None) -> None:
        self._home = home
        self._vault = Vault(home.path / "secrets.bin", ask)
        self._index_file = home.path / "secrets.json"
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        return f"Secrets({str(self._home.path)!r})"

    def names(self) -> dict[str, Place]:
        """The names of all secrets and where each is kept; needs no passphrase.

        Raises:
            SecretError: the list of names is damaged.
        """
        return dict(sorted(self._index()["names"].items()))

    def get(self, name: str) -> SecretStr:
        """One secret.

        Raises:
            SecretError: there is none of that name, or its keyring or file can't be opened; in words.
        """
        index = self._index()
        place = index["names"].get(name)
        if place == "keyring":
            value = _call(_keyring(name), "get_password", _service(index), name)
        else:  # also a name the list has lost
            with self._lock:
                value = self._vault.read().get(name) if place or self._vault.path.exists() else None
        if not value:
            raise SecretError(
                _("There is no secret named {name}.").format(name=name),
                _("Store it with: sightdesk secrets set {name}").format(name=name),
            )
        SCRUBBER.remember(value)
        return SecretStr(value)

    def set(self, name: str, value: str, place: Place | None = None) -> Place:
        """Store a secret, or replace it.

        Args:
            name: letters, digits, dot, dash, underscore.
            value: 1 to 1024 characters.
            place: where to keep it; None: where it is, else the keyring if there is a usable one, else the file.

        Returns:
            Where it is kept now.

        Raises:
            SecretError: the name or value can't be, or the place can't be opened.
            HomeError: the home can't be written.
        """
        SCRUBBER.remember(value)
        if not re.fullmatch(SECRET_NAME, name):
            raise SecretError(
                _("That name won't do."), _("Take letters, digits, dot, dash and underscore, such as gate-camera.")
            )
        if not value or len(value) > MAX_LENGTH or "\0" in value:
            raise SecretError(
                _("That value won't do."),
                _("A secret is text of 1 to {max_length} characters.").format(max_length=MAX_LENGTH),
            )
        self._home.make()
        with self._locked():
            index = self._index()
            before = index["names"].get(name)
            place = place or before or ("keyring" if usable_keyring() else "file")
            if place == "keyring":
                _call(_keyring(name), "set_password", _service(index), name, value)
            else:
                self._vault.write(self._vault.read() | {name: value})
            index["names"][name] = place
            self._write_index(index)
            if before and before != place:
                self._drop(index, name, before)
        return place

    def remove(self, name: str) -> None:
        """Forget a secret.

        Raises:
            SecretError: there is none of that name, or its place can't be opened.
        """
        if name not in self._index()["names"]:
            raise SecretError(_("There is no secret named {name}.").format(name=name), _("See: sightdesk secrets list"))
        with self._locked():
            index = self._index()
            place = index["names"].pop(name)
            self._drop(index, name, place)
            self._write_index(index)

    def _drop(self, index: dict[str, Any], name: str, place: Place) -> None:
        if place == "keyring":
            backend = _keyring(name)
            if _call(backend, "get_password", _service(index), name) is not None:
                _call(backend, "delete_password", _service(index), name)
        else:
            self._vault.write({known: value for known, value in self._vault.read().items() if known != name})

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Between reading and writing nobody else may write."""
        from filelock import FileLock, Timeout  # noqa: PLC0415  # 40 ms; most runs only read

        lock = FileLock(self._home.run / "secrets.lock", timeout=10)
        try:
            lock.acquire()
        except Timeout:
            raise SecretError(_("Another program is changing the secrets."), _("Try again.")) from None
        except OSError as error:
            raise in_words(error, self._home.run) from error
        try:
            with self._lock:
                yield
        finally:
            lock.release()

    def _index(self) -> dict[str, Any]:
        try:
            index = json.loads(self._index_file.read_bytes())
            names = {str(name): place for name, place in index["names"].items() if place in ("keyring", "file")}
            return {"site": str(index["site"]), "names": names}
        except FileNotFoundError:
            return {"site": uuid.uuid4().hex[:12], "names": {}}
        except OSError as error:
            raise in_words(error, self._index_file) from error
        except (ValueError, KeyError, TypeError, AttributeError):
            raise SecretError(
                _("The list of secrets {index_file} is damaged.").format(index_file=self._index_file),
                _("Delete it and store the secrets again."),
            ) from None

    def _write_index(self, index: dict[str, Any]) -> None:
        write_whole(self._index_file, json.dumps(index, indent=1).encode())


def _service(index: dict[str, Any]) -> str:
    """The name the keyring shows; two sites on one machine may use the same name for different secrets."""
    return f"Sightdesk {index['site']}"


def usable_keyring() -> KeyringBackend | None:
    """The system's keyring if it keeps secrets safely here; None where there is none, or only a stand-in."""
    try:
        import keyring  # noqa: PLC0415  # 120 ms, more where it asks the session bus
    except (ImportError, AttributeError, RuntimeError, ValueError):  # a configured backend that can't be loaded
        return None
    backend: Any = keyring.get_keyring()
    chained = getattr(backend, "backends", None)  # a chain is as good as the first link, which takes what is stored
    first = next(iter(chained), None) if chained is not None else backend
    try:
        good = first is not None and first.priority >= _RECOMMENDED
    except RuntimeError:
        return None
    return backend if good else None


def _keyring(name: str) -> Any:
    backend = usable_keyring()
    if backend is None:
        raise SecretError(
            _("The secret {name} belongs in the system's keyring, and there is none in this session.").format(
                name=name
            ),
            _("Log in to a desktop session, or keep it in a file: sightdesk secrets set {name} --file").format(
                name=name
            ),
        )
    return backend


def _call(backend: Any, method: str, *arguments: str) -> str | None:
    """Ask the keyring; whatever its backend raises says nothing of the value."""
    try:
        answer: str | None = getattr(backend, method)(*arguments)
    except _keyring_errors() as error:
        raise SecretError(
            _("The system's keyring refused ({error}).").format(error=type(error).__name__),
            _("Unlock it, or keep the secret in a file: sightdesk secrets set NAME --file"),
        ) from None
    return answer


def _keyring_errors() -> tuple[type[Exception], ...]:
    """Keyring's own errors, and those its backends let through; only of modules that are loaded."""
    from keyring.errors import KeyringError  # noqa: PLC0415

    found: list[type[Exception]] = [KeyringError, OSError, RuntimeError]
    for module, name in (
        ("jeepney.wrappers", "DBusErrorResponse"),
        ("secretstorage.exceptions", "SecretStorageException"),
        ("win32ctypes.pywin32.pywintypes", "error"),
    ):
        if module in sys.modules:
            found.append(getattr(sys.modules[module], name))
    return tuple(found)
