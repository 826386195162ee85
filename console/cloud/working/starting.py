"""What a worker needs before it can begin, each thing looked for at once, so that what is missing is said at once."""

from __future__ import annotations

import os
import re
import secrets
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from console.cloud.database.base import Repository
from console.cloud.errors import CloudError
from console.cloud.keeping.home import see_paired
from console.cloud.tasks import CloudTasks
from console.cloud.waking.waker import Waker
from console.cloud.working.manner import Source
from console.cloud.working.opening import Keys
from console.sync.wire import MOST_NAME
from models.words import _

_MOST_HOST = 150


def make_source(folder: Path, repository: Repository, waker: Waker, tasks: CloudTasks, keys: Keys) -> Source:
    """Where jobs and files are, with the keys that open them.

    Args:
        folder: of `cloud serve`; it is only read.
        repository: open.
        waker: says that there may be jobs.
        tasks: the file.
        keys: see `read_keys`.

    Raises:
        CloudError: folder and database don't belong together.
    """
    see_paired(folder, repository)
    attempts = {task.name: task.attempts for task in tasks.tasks}
    return Source(repository, waker, folder / "files", keys, attempts)


def read_keys(tasks: CloudTasks, environ: Mapping[str, str]) -> Keys:
    """The keys of the tasks.

    Args:
        tasks: the file.
        environ: in which their passphrases stand.

    Raises:
        CloudError: one can't be read, or there is none though there are sealed crops to open.
    """
    keys = Keys.read(tasks.keys, environ)
    sealed = next((task for task in tasks.tasks if task.takes == "sealed"), None)
    if sealed is not None and not len(keys):
        raise CloudError(
            _("The task {task} takes sealed crops, and no key opens them.").format(task=sealed.name),
            _("Name the private key's file under keys in the tasks: it is made by sightdesk privacy keygen."),
        )
    return keys


def check_name(name: str) -> None:
    """See that databases can keep a worker's name and desks can read it.

    Raises:
        CloudError: they can't.
    """
    if len(name) > MOST_NAME or not name.isprintable():
        raise CloudError(
            _("The worker's name is longer than {n} letters, or has some that can't be shown.").format(n=MOST_NAME),
            _("Choose another one, or leave --name out."),
        )


def default_name() -> str:
    """A name no other worker has: host, process, and chance, for containers all have process 1."""
    host = "worker"
    with suppress(OSError):
        host = re.sub(r"[^0-9A-Za-z._-]", "-", socket.gethostname())[:_MOST_HOST] or host
    return f"{host}-{os.getpid()}-{secrets.token_hex(3)}"
