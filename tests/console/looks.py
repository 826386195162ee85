"""Everything an operator can have on the screen, one after the other, for whoever looks whether it can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from PySide6.QtWidgets import QApplication, QDialog, QInputDialog, QWidget

from console.desk.assemble import Assembled
from console.desk.start import Desk
from console.events.rows import NewEvent, acknowledge, insert
from console.site.reveal import SECONDS
from console.ui.keeping.dialog import KeepingDialog
from console.ui.operator import ask_operator
from console.ui.settings_page.page import SettingsPage
from tests import tiny_onnx
from widgets.keys_sheet import KeysSheet
from widgets.operator_picker import OperatorPicker
from widgets.palette import Palette
from widgets.pin_dialog import PinDialog
from widgets.reveal_dialog import RevealDialog

Scene = tuple[str, QWidget]
T = TypeVar("T", bound=QDialog)
Wait = Callable[[Callable[[], object]], object]

SYNTHETIC = "synthetic:street?fps=5&width=160&height=120"
_EVENT = NewEvent("c1", "Gate", "person", 7, "people", "none", 0.9, (1, 2, 90, 80), (160, 120), datetime.now(UTC))
_PASTED = """name, address, user, group
North gate of the second yard, rtsp://10.20.30.41:554/Streaming/Channels/101, viewer, Outside
Ramp, rtsp://10.20.30.42/h264, , Outside
, not an address at all,
"""


def settle(
    home: Path, *, theme: str = "dark", cameras: int = 16, clips: tuple[str, ...] = (SYNTHETIC,), model: str = ""
) -> None:
    """Write the settings of a site in whose cameras most states can be seen."""
    home.mkdir(parents=True, exist_ok=True)
    model = model or str(tiny_onnx.yolox(home / "tiny.onnx"))
    lines = [f"site: Plant 1\ninference: {{model: {model}}}\noperators: [Mira, Kim]"]
    lines.append(f"desk: {{theme: {theme}, keep_awake: false}}")
    lines.append("events: {rules: [{name: People at the gate, classes: [person], sound: ping}, {name: Anything new}]}")
    lines.append("cameras:" if cameras else "cameras: []")
    lines += [_camera(number, clips) for number in range(1, cameras + 1)]
    (home / "settings.yaml").write_text("\n".join(lines), encoding="utf-8")
    (home / "desk.json").write_text('{"operator": "Mira"}', encoding="utf-8")


def _camera(number: int, clips: tuple[str, ...]) -> str:
    clip = clips[number % len(clips)]
    looped = "" if "://" in clip or clip.startswith("synthetic") else ", loop: true"
    source, more = f"'{clip}'{looped}", ""
    if number in {2, 7}:
        source = "rtsp://127.0.0.1:9/gate"
    elif number in {3, 9}:
        more = ", enabled: false"
    elif number == 6:
        source = "'/nowhere/at all/a film that is not there.mp4'"
    elif number == 8:
        source = f"'{clip}'"
    names = ("North gate of the second yard", "Ramp", "Hall", "Corridor 2nd floor, west wing")
    group = ", group: Outside" if number % 2 else ""
    return f"  - {{id: c{number}, name: '{names[number % 4]} {number}', source: {source}{more}{group}}}"


def put_events(desk: Desk, n: int = 12) -> None:
    """Events as the recorder stores them: new ones, an alarm, acknowledged ones, with and without a picture."""
    store = _assembled(desk).workplace.store
    rows = [
        (replace(_EVENT, label=("person", "car", "bicycle")[i % 3], track=i, sound="alarm" if i == 1 else "none"), why)
        for i, why in zip(range(n), ["The picture was gone."] * n, strict=True)
    ]
    ids = store.write(lambda db: insert(db, rows, store.boot_id)).result(10)
    acknowledge(store, ids[::5], "Mira Longname-Somebody").result(10)


def scenes(desk: Desk, wait: Wait) -> Iterator[Scene]:
    """Put one thing after the other on the screen; (name, window) of each, while it is there.

    Args:
        desk: with the cameras of `settle`.
        wait: runs the program until what it is given is true.
    """
    yield from _live(desk, wait)
    yield from _pages(desk)
    yield from _dialogs(desk, wait)
    yield from _over_everything(desk)


def _live(desk: Desk, wait: Wait) -> Iterator[Scene]:
    window, live = desk.window, _assembled(desk).live
    put_events(desk)
    window.turn_to("live")
    if live.side.isHidden():
        live.toggle_panel()
    wait(lambda: len(_assembled(desk).events.list.items) >= 12)
    for size in (0, 4, 16):
        live.set_size(size)
        yield f"live-{size or 'auto'}", window
    live.set_size(4)
    for camera in ("c2", "c3"):
        live.wall.choose(camera)
        live.focus.refresh()
        yield f"live-focus-{camera}", window
    live.wall.choose("c1")
    bar = live.focus.verticalScrollBar()
    bar.setValue(bar.maximum())
    yield "live-focus-below", window
    live.mutes.begin("c1", 30)
    live.set_size(1)
    yield "live-one-muted", window
    live.mutes.end("c1")
    live.set_size(4)
    lane = _assembled(desk).workplace.site.lane("c1")
    wait(lambda: lane is not None and lane.recent is not None and len(lane.recent.held() or ()) > 5)
    live.rewind.begin("c1", lane)
    wait(lambda: live.rewind.moment() is not None)
    yield "live-rewind", window
    live.rewind.live()
    live.toggle_panel()
    yield "live-no-panel", window
    live.toggle_panel()


def _pages(desk: Desk) -> Iterator[Scene]:
    window = desk.window
    for name, page in list(window._names.items()):
        if name == "live":
            continue
        window.turn_to(name)
        yield f"page-{name}", window
        if isinstance(page, SettingsPage):
            for row in range(1, page.sections.count()):
                page.sections.setCurrentRow(row)
                yield f"page-settings-{row}", window
            page.sections.setCurrentRow(0)
            page.search.setText("zzz")
            yield "page-settings-nothing", window
            page.search.clear()
    cameras = _assembled(desk).cameras
    assert cameras is not None
    window.turn_to("cameras")
    cameras.table.choose(["c1", "c3"], "c1")
    yield "cameras-chosen", window
    window.turn_to("live")


def _dialogs(desk: Desk, wait: Wait) -> Iterator[Scene]:
    cameras = _assembled(desk).cameras
    assert cameras is not None
    add = cameras.add()
    for tab, name in enumerate(("network", "usb", "file")):
        add.where.setCurrentIndex(tab)
        yield f"add-{name}", add
    add.where.setCurrentIndex(0)
    add.where.network.maker.set_value("Hikvision")
    add.where.network._show_form()
    add.save()
    yield "add-wrong", add
    add.close()
    edit = cameras.edit("c1")
    assert edit is not None
    wait(lambda: edit.preview.picture.words != "")
    yield "edit", edit
    edit.turn_to("privacy")
    edit.preview.areas.add()
    yield "edit-privacy", edit
    edit.close()
    many = cameras.add_many()
    yield "many-empty", many
    many.text.setPlainText(_PASTED)
    many.read()
    yield "many", many
    many.close()
    copy = cameras.copy("c1")
    assert copy is not None
    yield "copy", copy
    copy.close()
    cameras.table.choose(["c1"], "c1")
    cameras.group()
    with _top(QInputDialog) as dialog:
        yield "group", dialog


def _over_everything(desk: Desk) -> Iterator[Scene]:
    window, workplace = desk.window, _assembled(desk).workplace
    act = window.actions_table.trigger
    act("desk.palette")
    with _top(Palette) as dialog:
        yield "palette", dialog
    act("desk.keys")
    with _top(KeysSheet) as dialog:
        yield "keys", dialog
    act("desk.kept")
    with _top(KeepingDialog) as dialog:
        yield "kept", dialog
    reveal = RevealDialog("North gate of the second yard", "Asha", SECONDS, window)
    reveal.open()
    yield "reveal", reveal
    reveal.close()
    ask_operator(workplace, window)
    with _top(OperatorPicker) as dialog:
        yield "operator", dialog
    workplace.supervision.ask("Erasing pictures")
    with _top(PinDialog) as dialog:
        yield "pin", dialog
    workplace.supervision.set_pin()
    with _top(PinDialog) as dialog:
        yield "pin-new", dialog
    workplace.notices.say("Removed North gate.", ("Undo", workplace.undo))
    yield "notice", window
    window.notice_bar.put_away()
    window.notice_bar.show_notice(
        "The camera North gate of the second yard can't be reached: nothing answers at 10.20.30.41, port 554.",
        "See that it has power and that its cable is plugged in; then look at its address under Change.",
        "stopped",
        details="trace",
        way="Open the settings file",
    )
    window._place_notice()
    yield "notice-stopped", window
    while window.notice_bar.words:
        window.notice_bar.put_away()


@contextmanager
def _top(kind: type[T]) -> Iterator[T]:
    dialog = next(w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible())
    yield dialog
    dialog.close()


def _assembled(desk: Desk) -> Assembled:
    assert desk.assembled is not None
    return desk.assembled
