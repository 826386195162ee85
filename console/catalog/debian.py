"""A file inside a Debian package: fetched by apt-get as any user, unpacked here, never installed.

Format: deb(5): an ar archive whose member data.tar, compressed, holds the files. Debian compresses with xz, Ubuntu with
zstd, which Python reads only from 3.14 on: then dpkg-deb, which is wherever apt-get is, opens it.
"""

from __future__ import annotations

import gzip
import lzma
import shutil
import subprocess
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from console.catalog.client import run_client
from console.catalog.entries import DebSpec
from console.catalog.landing import CHUNK
from console.catalog.source import SourceFailed
from console.catalog.transfer import Transfer
from models.words import _

_OPTIONS = ("-q", *(f"-oAcquire::{key}" for key in ("Retries=0", "http::Timeout=4", "https::Timeout=4")))
_START_S = 6.0  # it says nothing before a server answers
_AR_MAGIC = b"!<arch>\n"
_AR_HEAD = 60


class DebianSource:
    """A member of a Debian package."""

    def __init__(self, spec: DebSpec) -> None:
        self._spec = spec
        self.words = spec.words
        self.channel = "apt-get"

    def fetch(self, transfer: Transfer) -> None:
        """Download the package, take the member. Raises as `Source.fetch` does."""
        client = shutil.which("apt-get")
        if client is None:
            raise SourceFailed(_("this system has no apt-get"))
        folder = transfer.folder()
        try:
            argv = [client, *_OPTIONS, "download", self._spec.deb]
            run_client(argv, folder, self._spec.download, transfer, start_s=_START_S)
        except SourceFailed as error:
            hint = _("; its lists may be missing: apt-get update") if "locate package" in error.what else ""
            raise SourceFailed(_("apt-get did not get it ({what}{hint})").format(what=error.what, hint=hint)) from error
        package = next(folder.glob("*.deb"), None)
        if package is None:
            raise SourceFailed(_("apt-get brought no package"))
        take_member(package, self._spec.member, transfer)


def take_member(package: Path, member: str, transfer: Transfer) -> None:
    """Copy one file of a package (or its .gz, as Debian keeps documents) into the transfer's landing place.

    Raises:
        SourceFailed: it is not a Debian package, or has no such file, or that can't be read.
    """
    landing = transfer.landing()
    try:
        with _tree(package) as tree:
            stream = _member(tree, member)
            if stream is None:
                raise SourceFailed(_("{file} has no file {member}").format(file=package.name, member=member))
            while chunk := stream.read(CHUNK):
                transfer.check()
                landing.write(chunk)
    except (tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, ValueError, OSError) as error:
        raise SourceFailed(_("{file} can't be read ({error})").format(file=package.name, error=error)) from error


def _member(tree: tarfile.TarFile, wanted: str) -> IO[bytes] | None:
    for info in tree:
        name = info.name.removeprefix("./")
        if name in {wanted, f"{wanted}.gz"} and info.isreg():
            stream = tree.extractfile(info)
            return cast("IO[bytes]", gzip.GzipFile(fileobj=stream)) if stream and name != wanted else stream
    return None


@contextmanager
def _tree(package: Path) -> Iterator[tarfile.TarFile]:
    """The package's files, as a stream that is read once."""
    with package.open("rb") as stream:
        compression = _seek_data(stream)
        if compression in {"", "xz", "gz", "bz2"}:
            with tarfile.open(fileobj=stream, mode="r|*") as tree:
                yield tree
            return
    opener = shutil.which("dpkg-deb")
    if opener is None:
        raise SourceFailed(
            _("{file} is compressed with {compression} and there is no dpkg-deb to open it").format(
                file=package.name, compression=compression
            )
        )
    with subprocess.Popen([opener, "--fsys-tarfile", package], stdout=subprocess.PIPE) as child:
        try:
            with tarfile.open(fileobj=child.stdout, mode="r|") as tree:
                yield tree
        finally:
            child.kill()  # the rest of the package is of no interest


def _seek_data(stream: BinaryIO) -> str:
    """Go to the content of data.tar; returns how it is compressed. Raises ValueError: not a Debian package."""
    if stream.read(len(_AR_MAGIC)) != _AR_MAGIC:
        raise ValueError(_("it is not a Debian package"))
    while len(head := stream.read(_AR_HEAD)) == _AR_HEAD:
        name = head[:16].decode("ascii", "replace").strip().removesuffix("/")
        if name == "data.tar" or name.startswith("data.tar."):
            return name.removeprefix("data.tar").removeprefix(".")
        size = int(head[48:58])
        stream.seek(size + size % 2, 1)
    raise ValueError(_("it has no data.tar"))
