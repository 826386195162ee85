"""The one table of what an operator can do, with its keys as they are by default. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

from models.words import N_

ANYWHERE = ""
SEEN = frozenset({"review", "edit", "sync"})
"""Pages whose entries are done to what is seen there: never from another page."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the table.

    Attributes:
        name: how code calls it.
        words: what it does, to be translated when shown.
        keys: default keys as Qt writes them; the first is shown.
        group: heading under F1, to be translated when shown.
        page: where it works, and where its keys are its own: "live", "review", "edit" (drawing on the review page,
            which has its keys to itself), "cameras", "models", "sync"; `ANYWHERE`: on every page.
        over: entries that work anywhere and may have a key of this one: on its page the key is this one's.
    """

    name: str
    words: str
    keys: tuple[str, ...]
    group: str
    page: str = ANYWHERE
    over: tuple[str, ...] = ()

    @property
    def anywhere(self) -> bool:
        """It works on every page; else only where its page is in front."""
        return self.page == ANYWHERE


_WALL, _TILE, _PAST, _EVENTS = N_("Wall"), N_("Chosen camera"), N_("The last 30 seconds"), N_("Events")
_REVIEW, _CLASSES, _DRAWING = N_("Review"), N_("Class of the review item"), N_("Drawing")
_CAMERAS, _MODELS, _SYNC, _DESK = N_("Cameras"), N_("Models"), N_("Sync"), N_("Desk")

TABLE: tuple[Entry, ...] = (
    Entry("wall.1", N_("One camera"), ("1",), _WALL, "live"),
    Entry("wall.4", N_("Wall of 4"), ("4",), _WALL, "live"),
    Entry("wall.9", N_("Wall of 9"), ("9",), _WALL, "live"),
    Entry("wall.16", N_("Wall of 16"), ("6",), _WALL, "live"),
    Entry("wall.auto", N_("As many as there are cameras"), ("0",), _WALL, "live"),
    Entry("wall.next", N_("Next page of the wall"), ("PgDown",), _WALL, "live"),
    Entry("wall.previous", N_("Previous page of the wall"), ("PgUp",), _WALL, "live"),
    Entry("wall.panel", N_("Show or hide the side panel"), ("P",), _WALL, "live"),
    Entry("wall.boxes", N_("Show or hide boxes on all cameras"), ("Shift+B",), _WALL, "live"),
    Entry("tile.focus", N_("Focus on the chosen camera, and back"), ("Return", "Enter"), _TILE, "live"),
    Entry("tile.freeze", N_("Freeze the picture; the job goes on"), ("Space",), _TILE, "live"),
    Entry("tile.boxes", N_("Show or hide its boxes"), ("B",), _TILE, "live"),
    Entry("tile.snapshot", N_("Save a redacted snapshot"), ("S",), _TILE, "live"),
    Entry("tile.mute", N_("Mute for maintenance"), ("M",), _TILE, "live"),
    Entry("tile.reveal", N_("Show a redacted camera as it is for a while, or redact it again"), ("V",), _TILE, "live"),
    Entry("tile.left", N_("Move it one place to the front"), ("Ctrl+Shift+Left",), _TILE, "live"),
    Entry("tile.right", N_("Move it one place to the back"), ("Ctrl+Shift+Right",), _TILE, "live"),
    Entry("tile.way", N_("Do what a failing camera offers"), ("L",), _TILE, "live"),
    Entry("tile.wrong", N_("Flag: this box is wrong"), ("W",), _TILE, "live"),
    Entry("tile.missed", N_("Flag: something was missed"), ("X",), _TILE, "live"),
    Entry("past.rewind", N_("What was that? Rewind 30 s"), ("R",), _PAST, "live"),
    Entry("past.back", N_("One picture back"), (",",), _PAST, "live"),
    Entry("past.forward", N_("One picture on"), (".",), _PAST, "live"),
    Entry("past.live", N_("Back to live"), ("Esc",), _PAST, "live"),
    Entry("event.next", N_("Next event"), ("J",), _EVENTS, "live"),
    Entry("event.previous", N_("Previous event"), ("K",), _EVENTS, "live"),
    Entry("event.acknowledge", N_("Acknowledge the chosen event"), ("A",), _EVENTS, "live"),
    Entry("event.all", N_("Acknowledge all that are listed"), ("Shift+A",), _EVENTS, "live"),
    Entry("event.trace", N_("Where is the chosen event? Its way to the targets"), ("T",), _EVENTS, "live"),
    Entry("review.accept", N_("Yes, that is right"), ("Return", "Enter"), _REVIEW, "review"),
    Entry("review.reject", N_("No, there is no such object"), ("Backspace",), _REVIEW, "review"),
    Entry("review.skip", N_("Skip: not decided"), ("S",), _REVIEW, "review"),
    Entry("review.edit", N_("Draw: put all boxes of the picture right"), ("E",), _REVIEW, "review"),
    Entry("review.whole", N_("All boxes of this picture are right"), ("A",), _REVIEW, "review"),
    Entry("review.next", N_("Next item"), ("J",), _REVIEW, "review"),
    Entry("review.back", N_("Previous item"), ("K",), _REVIEW, "review"),
    Entry("review.undo", N_("Take the last verdict back"), ("Ctrl+Z",), _REVIEW, "review", ("desk.undo",)),
    Entry("review.bulk", N_("Judge all that are listed at once"), ("B",), _REVIEW, "review"),
    Entry("review.filter", N_("Filter and sort"), ("F",), _REVIEW, "review"),
    Entry("review.closer", N_("Closer to the box in question, and back"), ("Z",), _REVIEW, "review"),
    Entry("review.cloud", N_("Show or hide what the cloud found"), ("Shift+C",), _REVIEW, "review"),
    Entry("review.trace", N_("Where is it? Its way to the targets"), ("T",), _REVIEW, "review"),
    Entry("review.other", N_("Another class, by a few letters"), ("/",), _REVIEW, "review"),
    *(
        Entry(f"review.label.{n}", words, (str(n),), _CLASSES, "review")
        for n, words in enumerate(
            (
                N_("It is the first class listed"),
                N_("It is the second class listed"),
                N_("It is the third class listed"),
                N_("It is the fourth class listed"),
                N_("It is the fifth class listed"),
                N_("It is the sixth class listed"),
                N_("It is the seventh class listed"),
                N_("It is the eighth class listed"),
                N_("It is the ninth class listed"),
            ),
            1,
        )
    ),
    Entry("edit.add", N_("Draw a box"), ("N",), _DRAWING, "edit", ("camera.add",)),
    Entry("edit.delete", N_("Delete the chosen box"), ("Del", "Backspace"), _DRAWING, "edit"),
    Entry("edit.relabel", N_("Give the chosen box another class"), ("L",), _DRAWING, "edit", ("camera.edit",)),
    Entry("edit.duplicate", N_("Duplicate the chosen box"), ("D",), _DRAWING, "edit", ("camera.disable",)),
    Entry("edit.copy", N_("Copy the boxes of a moment earlier"), ("C",), _DRAWING, "edit"),
    Entry("edit.snap", N_("Let edges catch, or not"), ("M",), _DRAWING, "edit"),
    Entry("edit.next", N_("Next box"), ("Tab",), _DRAWING, "edit"),
    Entry("edit.previous", N_("Previous box"), ("Shift+Tab",), _DRAWING, "edit"),
    Entry("edit.undo", N_("Undo the last step of drawing"), ("Ctrl+Z",), _DRAWING, "edit", ("desk.undo",)),
    Entry("edit.redo", N_("Do it again"), ("Ctrl+Shift+Z", "Ctrl+Y"), _DRAWING, "edit", ("desk.redo",)),
    Entry("edit.cloud", N_("Show or hide what the cloud found"), ("Shift+C",), _DRAWING, "edit"),
    Entry("edit.zoom_in", N_("Nearer"), ("+", "="), _DRAWING, "edit", ("desk.larger",)),
    Entry("edit.zoom_out", N_("Farther"), ("-",), _DRAWING, "edit", ("desk.smaller",)),
    Entry("edit.fit", N_("All of the picture"), ("0",), _DRAWING, "edit"),
    Entry("edit.save", N_("Done: all of this picture is right now"), ("Return", "Enter", "Ctrl+S"), _DRAWING, "edit"),
    Entry("edit.cancel", N_("Leave drawing, without the changes"), ("Esc",), _DRAWING, "edit"),
    Entry("camera.add", N_("Add a camera"), ("Ctrl+N",), _CAMERAS),
    Entry("camera.many", N_("Add many cameras"), ("Ctrl+Shift+N",), _CAMERAS),
    Entry("camera.edit", N_("Change the chosen camera"), ("Ctrl+E",), _CAMERAS),
    Entry("camera.copy", N_("Copy its settings to others"), ("Ctrl+Shift+C",), _CAMERAS),
    Entry("camera.disable", N_("Switch the chosen camera off or on"), ("Ctrl+D",), _CAMERAS),
    Entry("camera.remove", N_("Remove the chosen camera"), ("Ctrl+Backspace", "Ctrl+Del"), _CAMERAS),
    Entry("camera.group", N_("Put the chosen cameras into a group"), ("Ctrl+G",), _CAMERAS, "cameras"),
    Entry("camera.up", N_("Move them up in the list"), ("Ctrl+Shift+Up",), _CAMERAS, "cameras"),
    Entry("camera.down", N_("Move them down in the list"), ("Ctrl+Shift+Down",), _CAMERAS, "cameras"),
    Entry("model.measure", N_("Measure the chosen model on every device here"), ("Ctrl+M",), _MODELS, "models"),
    Entry("model.activate", N_("Have the chosen variant run"), ("Ctrl+Return", "Ctrl+Enter"), _MODELS, "models"),
    Entry("model.back", N_("Roll back to what ran before"), ("Ctrl+B",), _MODELS, "models"),
    Entry("model.get", N_("Get the chosen model"), ("Ctrl+L",), _MODELS, "models"),
    Entry("sync.add", N_("Add a target"), ("Ctrl+N",), _SYNC, "sync", ("camera.add",)),
    Entry("sync.edit", N_("Change the chosen target"), ("Ctrl+E",), _SYNC, "sync", ("camera.edit",)),
    Entry("sync.push", N_("Send now what waits for it"), ("Ctrl+Return", "Ctrl+Enter"), _SYNC, "sync"),
    Entry("sync.pause", N_("Pause it, or go on"), ("Ctrl+P",), _SYNC, "sync"),
    Entry("sync.test", N_("Try the way to it, and back"), ("Ctrl+Shift+T",), _SYNC, "sync"),
    Entry("sync.retry", N_("Try again what it refused"), ("Ctrl+R",), _SYNC, "sync"),
    Entry("sync.drop", N_("Drop what waits for it"), ("Ctrl+Shift+D",), _SYNC, "sync"),
    Entry(
        "sync.remove", N_("Remove the chosen target"), ("Ctrl+Backspace", "Ctrl+Del"), _SYNC, "sync", ("camera.remove",)
    ),
    Entry("sync.find", N_("Find a message by its tracking ID"), ("Ctrl+F",), _SYNC, "sync"),
    Entry("sync.copy", N_("Copy the tracking ID"), ("Ctrl+Shift+C",), _SYNC, "sync", ("camera.copy",)),
    Entry("page.live", N_("Live"), ("Ctrl+1",), _DESK),
    Entry("page.review", N_("Review"), ("Ctrl+2",), _DESK),
    Entry("page.cameras", N_("Cameras"), ("Ctrl+3",), _DESK),
    Entry("page.models", N_("Models"), ("Ctrl+4",), _DESK),
    Entry("page.sync", N_("Sync"), ("Ctrl+5",), _DESK),
    Entry("page.settings", N_("Settings"), ("Ctrl+,",), _DESK),
    Entry("desk.palette", N_("Do anything by its name"), ("Ctrl+K",), _DESK),
    Entry("desk.keys", N_("All keys"), ("F1",), _DESK),
    Entry("desk.remap", N_("Change keys"), ("Ctrl+Shift+K",), _DESK),
    Entry("desk.undo", N_("Undo the last change of settings"), ("Ctrl+Z",), _DESK),
    Entry("desk.redo", N_("Do it again"), ("Ctrl+Shift+Z", "Ctrl+Y"), _DESK),
    Entry("desk.full", N_("Full screen, and back"), ("F11",), _DESK),
    Entry("desk.theme", N_("Dark, light or as the system"), ("Ctrl+T",), _DESK),
    Entry("desk.larger", N_("Larger text"), ("Ctrl++", "Ctrl+="), _DESK),
    Entry("desk.smaller", N_("Smaller text"), ("Ctrl+-",), _DESK),
    Entry("desk.operator", N_("Who sits here?"), ("Ctrl+O",), _DESK),
    Entry("desk.supervisor", N_("Become supervisor, or operator again"), ("Ctrl+Shift+O",), _DESK),
    Entry("desk.pin", N_("Set or change the supervisor's PIN"), ("Ctrl+Shift+P",), _DESK),
    Entry("desk.kept", N_("Pictures that are kept, and erasing them"), ("Ctrl+Shift+E",), _DESK),
    Entry("desk.jobs", N_("Show work in the background"), ("Ctrl+J",), _DESK),
    Entry("desk.notice", N_("Put the notice away"), ("Ctrl+Esc",), _DESK),
    Entry("desk.quit", N_("Close the desk"), ("Ctrl+Q",), _DESK),
)

FIXED: tuple[tuple[str, str, str], ...] = (
    (N_("Move the chosen box by a pixel; by ten with Shift"), N_("Arrows"), _DRAWING),
    (N_("Move its right and lower side"), N_("Ctrl+Arrows"), _DRAWING),
    (N_("Give it the class of this number"), N_("1 to 9"), _DRAWING),
    (N_("Don't let edges catch meanwhile"), N_("Alt+drag"), _DRAWING),
    (N_("Move a picture that is seen closer"), N_("Space+drag"), _DRAWING),
    (N_("Go closer to the place under the mouse, or back"), N_("Wheel"), _DRAWING),
)
"""What the hands do on a picture by keys that are always the same: words, keys, heading; for F1."""

ENTRIES = {entry.name: entry for entry in TABLE}


def collide(one: Entry, other: Entry) -> bool:
    """Whether the two can't have the same key: they work at the same place, and none stands back for the other."""
    if one.page != other.page and not one.anywhere and not other.anywhere:
        return False
    return one.name not in other.over and other.name not in one.over
