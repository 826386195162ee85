"""From rows of a list to cameras and passwords: the part of an import that needs no screen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from console.errors import SightdeskError
from console.settings.imports import Credentials, Row, free_id
from console.settings.order import Arranged
from console.settings.schema import CameraSettings, Settings
from console.site.preview import Facts, probe
from console.ui.cameras.draft import Draft, as_written, free_secret, judge
from models.words import _

AT_ONCE = 4
"""So many cameras are tried at the same time: more would be a burst on the network and on this machine."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One camera to be.

    Attributes:
        row: where it comes from.
        camera: None where it can't be one.
        login: as typed, its own or the shared one.
        why: why it can't be a camera, in words.
    """

    row: Row
    camera: CameraSettings | None
    login: Credentials
    why: str = ""


def plan(
    rows: Iterable[Row], settings: Settings, shared: Credentials, group: str = "", stored: Collection[str] = ()
) -> list[Planned]:
    """A camera for each row; each with an id and, where it has a login, the name of a secret.

    Args:
        rows: those that are wanted.
        settings: whose ids and secrets are taken.
        shared: login of rows that have none.
        group: of rows that have none.
        stored: names of secrets that are there already.
    """
    planned: list[Planned] = []
    ids = [camera.id for camera in settings.cameras]
    secrets: dict[Credentials, str] = {}
    for row in rows:
        login = row.login if row.login.password or row.login.user else shared
        if login.user and not login.password and login.user == shared.user:
            login = shared
        values = {"source": row.source, "name": row.name, "group": row.group or group}
        judged = judge(Draft(values, login.user, login.password), settings)
        if judged.camera is None:
            planned.append(Planned(row, None, login, next(iter(judged.errors.values()), _("This can't be a camera."))))
            continue
        camera_id = free_id(row.name or judged.camera.id, ids)
        ids.append(camera_id)
        camera = judged.camera.model_copy(update={"id": camera_id})
        if camera.login is not None:
            wanted = "shared" if login == shared else camera_id
            name = secrets.setdefault(
                login, free_secret(f"{wanted}-camera", settings, "", {*stored, *secrets.values()})
            )
            password = camera.login.password.model_copy(update={"secret": name})
            camera = camera.model_copy(update={"login": camera.login.model_copy(update={"password": password})})
        planned.append(Planned(row, camera, login))
    return planned


def passwords_of(planned: Iterable[Planned]) -> dict[str, str]:
    """The passwords to store, by the names of their secrets."""
    return {
        item.camera.login.password.secret: item.login.password
        for item in planned
        if item.camera is not None and item.camera.login is not None
    }


def change_for(planned: Iterable[Planned], settings: Settings) -> dict[str, object]:
    """The one change that adds them all at the end of the list."""
    new = [as_written(item.camera) for item in planned if item.camera is not None]
    return {"cameras": Arranged([*(camera.id for camera in settings.cameras), *new])}


def try_all(
    planned: Sequence[Planned], stop: threading.Event, told: Callable[[int, Facts | SightdeskError], None]
) -> None:
    """Look at each camera, a few at a time; `told` is called with its index and what came of it, on worker threads."""

    def one(index: int) -> None:
        item = planned[index]
        if item.camera is None or stop.is_set():
            return
        login = (item.login.user, item.login.password) if item.login.user else None
        found = probe(item.camera, (lambda: login) if login else None, stop)
        if found is not None:
            told(index, found)

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="try camera") as pool:
        for future in as_completed([pool.submit(one, index) for index in range(len(planned))]):
            future.result()
