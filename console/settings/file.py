"""The settings file: read, judged, kept as last good, edited in place.

A broken file never keeps a site from starting: the copy that was last found good is in force instead, and the problem
is returned with its line, to be shown until somebody mends it.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from console.errors import HomeError, SettingsChanged, SettingsError
from console.settings.describe import commented
from console.settings.disk import in_words, write_whole
from console.settings.edit import changed
from console.settings.parse import MAX_BYTES, Misread, Problem, decode, parse
from console.settings.schema import Settings
from console.settings.words import problems
from models.words import _, ngettext

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is in force after reading the settings.

    Attributes:
        settings: valid, whatever the file says.
        problems: what is wrong with the file, in the order of its lines; empty when all is well.
        origin: where the settings come from.
        path: the file that was meant.
    """

    settings: Settings
    problems: tuple[Problem, ...]
    origin: Literal["file", "last good", "defaults"]
    path: Path

    @property
    def problem(self) -> SettingsError | None:
        """The problems as one error that names file and line and what is in force instead; None when all is well."""
        return as_error(self.path, self.problems, self.origin) if self.problems else None


def as_error(path: Path, found: tuple[Problem, ...], origin: str = "file") -> SettingsError:
    """Problems as one error, the first in full.

    Args:
        path: the settings file.
        found: at least one.
        origin: what is in force, as in `Loaded.origin`.
    """
    first = found[0]
    place = f"{path}:{first.line}" if first.line else str(path)
    what = f"{place}: {_sentence(first)}"
    if len(found) > 1:
        more = len(found) - 1
        what += " " + ngettext(
            "{count} more like it: sightdesk settings check.", "{count} more like it: sightdesk settings check.", more
        ).format(count=more)
    in_force = {"last good": _("The last good copy is in force."), "defaults": _("The defaults are in force.")}
    hint = " ".join(filter(None, (first.hint, in_force.get(origin, ""))))
    return SettingsError(what, hint)


def _sentence(problem: Problem) -> str:
    return f"{problem.key}: {problem.what}." if problem.key else f"{problem.what}."


def check(raw: bytes) -> tuple[Settings | None, tuple[Problem, ...]]:
    """Judge the content of a settings file: the settings, or what is wrong with them."""
    try:
        parsed = parse(decode(raw))
    except Misread as error:
        return None, (error.problem,)
    try:
        return Settings.model_validate(parsed.data), ()
    except ValidationError as error:
        return None, problems(error, parsed, Settings)


class SettingsFile:
    """The settings of one home.

    Attributes:
        path: the YAML file.
        good: the copy that was last found good, beside it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.good = path.with_name(f"{path.stem}.last-good{path.suffix}")
        self._seen: str | None = None

    def load(self, *, keep: bool = True) -> Loaded:
        """Read the file; never raises for what stands in it.

        Args:
            keep: write the commented file on a first start, and the copy of what was found good. Only the process
                that holds the home's lock should; False: nothing is written.

        Raises:
            HomeError: `keep`, and the first file can't be written.
        """
        try:
            raw = self._read()
        except FileNotFoundError:
            if self.good.exists():
                hint = _("Copy {good} to {file}, or delete it too to begin anew.").format(
                    good=self.good.name, file=self.path.name
                )
                return self._instead(Problem(_("the file is gone"), hint))
            if keep:
                return self._first()
            return Loaded(Settings(), (), "defaults", self.path)
        except OSError as error:
            return self._instead(Problem(_("can't be read: {reason}").format(reason=error.strerror or error)))
        settings, found = check(raw)
        if settings is None:
            return self._instead(*found)
        self._seen = _digest(raw)
        if keep:
            self._keep(raw)
        return Loaded(settings, (), "file", self.path)

    def _first(self) -> Loaded:
        self._make_folder()
        write_whole(self.path, commented().encode())
        return self.load()

    def _make_folder(self) -> None:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise in_words(error, self.path.parent) from error

    def _read(self) -> bytes:
        if self.path.exists() and not self.path.is_file():
            raise IsADirectoryError(0, _("it is not a file"))
        with self.path.open("rb") as file:
            return file.read(MAX_BYTES + 1)

    def _instead(self, *found: Problem) -> Loaded:
        self._seen = None
        try:
            settings, _found = check(self.good.read_bytes())
        except OSError:
            settings = None
        if settings is None:
            return Loaded(Settings(), found, "defaults", self.path)
        return Loaded(settings, found, "last good", self.path)

    def _keep(self, raw: bytes) -> None:
        try:
            if self.good.is_file() and self.good.read_bytes() == raw:
                return
            write_whole(self.good, raw)
        except (OSError, HomeError) as error:  # good settings must not be refused because their copy can't be kept
            _log.warning("The last good settings can't be kept: %s", error)

    def edit(self, changes: Mapping[str, object]) -> Settings:
        """Change values in the file; comments, order and everything else stay as they are.

        Args:
            changes: by path: ``{"log.level": "debug", "cameras.gate.fps_cap": None}``. A camera goes by its id, any
                list entry by its number from 1. None means the default; for a list entry: remove it. A mapping under
                a path whose entry doesn't exist, such as ``cameras.yard``, adds it.

        Returns:
            The settings as the file has them now.

        Raises:
            SettingsError: the file is broken or was changed since it was read, or the outcome would not be valid;
                nothing is written.
            HomeError: the file can't be written.
        """
        from filelock import FileLock, Timeout  # noqa: PLC0415  # 40 ms, and most runs never edit

        self._make_folder()
        try:
            with FileLock(self.path.with_name(f".{self.path.name}.lock"), timeout=5):
                return self._edit(changes)
        except Timeout:
            raise SettingsError(_("Another program is changing the settings."), _("Try again.")) from None
        except OSError as error:
            raise in_words(error, self.path) from error

    def outcome(self, work: Callable[[SettingsFile], Settings]) -> Settings:
        """What a change would make of the settings; the file stays as it is.

        Args:
            work: the change, made to a copy of the file.

        Raises:
            SettingsError, HomeError: as the change itself would.
        """
        try:
            with tempfile.TemporaryDirectory(prefix="sightdesk-") as folder:
                copy = SettingsFile(Path(folder) / self.path.name)
                for path, to in ((self.path, copy.path), (self.good, copy.good)):
                    if path.is_file():
                        to.write_bytes(path.read_bytes())
                copy._seen = self._seen
                return work(copy)
        except OSError as error:
            raise in_words(error, self.path) from error

    def content(self) -> bytes:
        """The file as it stands, byte for byte, for `put_back`.

        Raises:
            SettingsError: it can't be read.
        """
        try:
            return self._read()
        except OSError as error:
            raise SettingsError(
                _("{path} can't be read: {reason}.").format(path=self.path, reason=error.strerror or error)
            ) from error

    @property
    def changed_outside(self) -> bool:
        """Whether the file holds something else than what was read or written here last."""
        try:
            return _digest(self._read()) != self._seen
        except OSError:
            return True

    def put_back(self, raw: bytes, *, over: bytes) -> Settings:
        """Undo or redo: write an earlier content, comments and all, if the file still is what it was then.

        Args:
            raw: what to write.
            over: what the file must hold now.

        Raises:
            SettingsError: the file was changed meanwhile, or `raw` is not valid any more; nothing is written.
            HomeError: the file can't be written.
        """
        if self.content() != over:
            raise SettingsError(
                _("The settings were changed in another way meanwhile, so this can't be taken back."),
                _("Change it back by hand."),
            )
        settings, found = check(raw)
        if settings is None:
            raise SettingsError(_sentence(found[0]), found[0].hint)
        try:
            write_whole(self.path, raw, self.path.stat().st_mode & 0o777)
        except OSError as error:
            raise in_words(error, self.path) from error
        self._seen = _digest(raw)
        self._keep(raw)
        return settings

    def _edit(self, changes: Mapping[str, object]) -> Settings:
        seen = self._seen
        loaded = self.load()
        if loaded.problem is not None:
            raise SettingsError(
                _("{what} It is not changed while it is broken.").format(what=loaded.problem.what), loaded.problem.hint
            )
        if seen is not None and seen != self._seen:
            self._seen = seen
            raise SettingsChanged(
                _("{path} was changed by someone else meanwhile.").format(path=self.path),
                _("Load it again, then change it."),
            )
        raw = self._read()
        made = changed(decode(raw), changes).encode()
        if b"\r\n" in raw:
            made = made.replace(b"\n", b"\r\n")
        if raw.startswith(b"\xef\xbb\xbf"):
            made = b"\xef\xbb\xbf" + made
        settings, found = check(made)
        if settings is None:
            raise SettingsError(_sentence(found[0]), found[0].hint)
        write_whole(self.path, made, self.path.stat().st_mode & 0o777)
        self._seen = _digest(made)
        self._keep(made)
        return settings


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
