"""Folders that are whole or not there: what is written stands in OUT.partial until it is complete."""

from __future__ import annotations

import os
from pathlib import Path

from console.errors import SightdeskError, UsageError
from models.words import _


class Cancelled(SightdeskError):
    """Work on a dataset was stopped before its end; what is done is kept, and goes on when it is asked for again."""


def partial_of(out: Path) -> Path:
    """Where OUT grows."""
    return out.with_name(out.name + ".partial")


def check_free(out: Path) -> None:
    """See that a folder is not there, or empty. Raises UsageError: something is in it."""
    try:
        taken = out.exists() and (not out.is_dir() or any(out.iterdir()))
    except OSError as error:
        raise refused(out, error) from error
    if taken:
        raise UsageError(
            _("{out} holds something already, and nothing of it is replaced.").format(out=out),
            _("Name a folder that is not there yet."),
        )


def finish(partial: Path, out: Path) -> None:
    """Have everything on the disk, then give the folder its name.

    Raises:
        SightdeskError: the disk refused it.
    """
    try:
        if hasattr(os, "sync"):
            os.sync()
        if out.is_dir():
            out.rmdir()  # empty: `check_free` saw to it
        partial.replace(out)
    except OSError as error:
        raise refused(out, error) from error


def refused(path: Path, error: OSError) -> SightdeskError:
    """What it means that the disk refused a folder."""
    return SightdeskError(
        _("{path} can't be written: {reason}.").format(path=path, reason=error.strerror or error),
        _("Make room there or give this user the right to write, then ask again; or choose another folder."),
    )
