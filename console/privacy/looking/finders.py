"""Finders: the face and plate models, which look at pictures that are to be covered.

They are loaded when somebody asks for the first time, on threads of their own. Nobody is held up by them: what has no
answer in time, for whatever reason, is answered with None and the reason in words, and more is covered instead.

Faces are looked for at the size they need: in an input as large as the picture, up to `LIMIT`. Inputs come in a few
sizes, so that event pictures of all sizes share them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from console.privacy.looking.asking import Asked, Load, Loaded, NoAnswer
from console.privacy.looking.parts import Part, parts_of, whole_of
from console.privacy.looking.watchers import Watcher
from console.settings.privacy import PrivacySettings
from models.detections import Detections
from models.findings import FACES, PLATES, Findings, Kind
from models.frames import Picture
from models.words import N_, _

__all__ = ["LIMIT", "Finders", "Load", "Loaded"]

SIZES = ((320, 256), (640, 480), (960, 736), (1280, 736), (1920, 1088))
"""Inputs of the face model, width x height, multiples of 32; of a picture that stands upright they stand too."""
LIMIT = SIZES[-1]
"""Pictures that are larger are made as small as this. On a CPU, CenterFace takes about 55 ms for it."""
SCORES: Mapping[Kind, float] = {"faces": 0.2, "plates": 0.1}
"""The least a box must score. Low: covering a bush costs little, missing a face much."""
_LABELS: Mapping[Kind, frozenset[str]] = {"faces": FACES, "plates": PLATES}
MOST_SIZES, IDLE_S = 3, 60.0
"""Of more sizes of a model than that, those are let go that nobody has asked for so long."""
_LONG_S = 30.0
"""A model that has been loaded for so long is a problem worth a word."""
STUCK_S = 30.0
"""A model that has not answered so long after it should have is let go, and loaded anew."""
_JOIN_S = 2.0
_MEANS: Mapping[Kind, str] = {
    "faces": N_("Faces can't be looked for, so whole persons are covered or pictures refused: {why}."),
    "plates": N_("Plates can't be looked for, so whole vehicles are covered or pictures refused: {why}."),
}
_WAYS_ON: Mapping[Kind, str] = {
    "faces": N_(
        "It is tried again by itself; without a network, put the model's files into a folder and name the folder in "
        "SIGHTDESK_MODEL_PATH, or name another model (privacy.face_model)."
    ),
    "plates": N_(
        "It is tried again by itself; without a network, put the model's files into a folder and name the folder in "
        'SIGHTDESK_MODEL_PATH, or, where no vehicles come by, have plates not covered (privacy.plates: "no").'
    ),
}
"""What helps where a model can't be had or run at all."""


@dataclass
class _Line:
    """The watchers of one kind.

    Attributes:
        model: as the settings name it now.
        watchers: of that model, by the input that was asked for.
        former: of the model before, serving until the new one can.
    """

    model: str
    watchers: dict[tuple[int, int] | None, Watcher] = field(default_factory=dict)
    former: list[Watcher] = field(default_factory=list)

    def fixed(self) -> Watcher | None:
        """The watcher of a model whose input is not the one that was asked for: it has only one."""
        return next((one for size, one in self.watchers.items() if one.input not in {None, size}), None)


class Finders:
    """Looks for faces and plates. Any thread may call it.

    Args:
        load: loads a model.
        settings: names the models, and how long they may take.
    """

    def __init__(self, load: Load, settings: PrivacySettings) -> None:
        self._load = load
        self._within_s = settings.within_s
        self._lock = threading.Lock()
        self._lines: dict[Kind, _Line] = {"faces": _Line(settings.face_model), "plates": _Line(settings.plate_model)}
        self._leaving: list[Watcher] = []
        self._closed = False

    def look(self, picture: Picture, kinds: frozenset[Kind], within_s: float | None = None) -> Findings:
        """What of these kinds is in a picture; both models look at the same time. Never raises.

        Args:
            picture: at its own size.
            kinds: what to look for.
            within_s: how long it may take; None: as the settings say.

        Returns:
            Boxes in the picture's pixels, of class 0; None where there is no answer, with the reason.
        """
        within = self._within_s if within_s is None else within_s
        asked: dict[Kind, tuple[Watcher, list[tuple[Part, Asked]]]] = {}
        found: dict[Kind, Detections] = {}
        why: dict[str, str] = {}
        for kind in kinds:
            try:
                watcher = self._watcher(kind, (picture.width, picture.height))
                parts = parts_of(picture, kind)
                asked[kind] = watcher, [(part, watcher.ask(part.picture, within)) for part in parts]
            except NoAnswer as reason:
                why[kind] = str(reason)
            except Exception as error:  # the outermost frame of a picture: one that can't be drawn
                why[kind] = _("the picture can't be looked at ({error})").format(error=type(error).__name__)
        for kind, (watcher, parts_asked) in asked.items():
            try:
                found[kind] = whole_of([(part, watcher.answer(one)) for part, one in parts_asked])
            except NoAnswer as reason:
                why[kind] = str(reason)
        return Findings(found.get("faces"), found.get("plates"), why)

    def want(self, kinds: frozenset[Kind]) -> None:
        """Have models loaded before the first picture asks for them; returns at once."""
        for kind in kinds:
            if not self._lines[kind].watchers:
                try:
                    self._watcher(kind, SIZES[1])
                except NoAnswer:
                    return

    def problems(self) -> dict[Kind, str]:
        """Why a kind can't be looked for now, in words, of those that were asked for; empty when all is well."""
        with self._lock:
            lines = {kind: list(line.watchers.values()) for kind, line in self._lines.items()}
        said: dict[Kind, str] = {}
        for kind, watchers in lines.items():
            why = [one.problem for one in watchers if one.problem]
            slow = [one.model for one in watchers if one.loading_s > _LONG_S]
            why += [_("{model} is still being loaded").format(model=model) for model in slow]
            why += [_("{model} does not answer").format(model=one.model) for one in watchers if one.late_s > 0]
            if why:
                said[kind] = why[0]
        return said

    def said(self) -> list[str]:
        """The problems as sentences: what they mean for pictures, and the way on where it takes a person."""
        with self._lock:
            missing = {kind for kind, line in self._lines.items() if any(one.problem for one in line.watchers.values())}
        return [
            " ".join([_(_MEANS[kind]).format(why=why.rstrip(".")), *([_(_WAYS_ON[kind])] if kind in missing else [])])
            for kind, why in self.problems().items()
        ]

    def apply(self, settings: PrivacySettings) -> None:
        """Take on other settings; returns at once. The model before serves until another can."""
        with self._lock:
            self._within_s = settings.within_s
            models: dict[Kind, str] = {"faces": settings.face_model, "plates": settings.plate_model}
            for kind, model in models.items():
                line = self._lines[kind]
                if line.model != model and not self._closed:
                    sound = [one for one in line.watchers.values() if one.ready]
                    self._leave([one for one in line.watchers.values() if one not in sound])
                    sizes = list(line.watchers)
                    line.model, line.watchers, line.former = model, {}, [*sound, *line.former]
                    for size in sizes[-1:]:
                        self._begin(kind, line, size)

    def reload(self) -> None:
        """Load all models anew, as other ways of running them ask for it; the ones before serve until then."""
        with self._lock:
            for kind, line in self._lines.items():
                sizes = list(line.watchers)
                line.former = [*line.watchers.values(), *line.former]
                line.watchers = {}
                for size in sizes[-1:]:
                    self._begin(kind, line, size)

    def close(self) -> list[str]:
        """Answer nothing any more; names of threads that still load, or hang in a model, and end by themselves."""
        with self._lock:
            self._closed = True
            for line in self._lines.values():
                self._leave([*line.watchers.values(), *line.former])
                line.watchers, line.former = {}, []
            leaving = self._leaving
            for one in leaving:
                one.stop()
        deadline = time.monotonic() + _JOIN_S
        return [one.name for one in leaving if not one.join(deadline - time.monotonic())]

    def _watcher(self, kind: Kind, size: tuple[int, int]) -> Watcher:
        """The watcher for a picture of this size. Raises NoAnswer when closed."""
        with self._lock:
            if self._closed:
                raise NoAnswer(_("Sightdesk is being closed"))
            line = self._lines[kind]
            self._replace_stuck(kind, line)
            wanted = None if kind == "plates" else _input_for(size)
            best = line.fixed() or self._best(kind, line, wanted)
            if best.ready:
                self._leave(line.former, kindly=True)
                line.former = []
            elif (old := _nearest(line.former, wanted)) is not None:
                return old
            return best

    def _best(self, kind: Kind, line: _Line, wanted: tuple[int, int] | None) -> Watcher:
        """The one of this size; until it is ready, a larger one that is."""
        exact = line.watchers.get(wanted) or self._begin(kind, line, wanted)
        if exact.ready or wanted is None:
            return exact
        larger = [one for one in line.watchers.values() if one.ready and _holds(one.size, wanted)]
        return min(larger, key=lambda one: _pixels(one.size), default=exact)

    def _begin(self, kind: Kind, line: _Line, size: tuple[int, int] | None) -> Watcher:
        made = Watcher(line.model, size, _LABELS[kind], SCORES[kind], load=self._load)
        line.watchers[size] = made
        now = time.monotonic()
        idle = [size for size, one in line.watchers.items() if now - one.used > IDLE_S]
        idle.sort(key=lambda size: line.watchers[size].used)
        too_many = max(0, len(line.watchers) - MOST_SIZES)
        self._leave([line.watchers.pop(size) for size in idle[:too_many]], kindly=True)
        return made

    def _replace_stuck(self, kind: Kind, line: _Line) -> None:
        for size, one in list(line.watchers.items()):
            if one.late_s > STUCK_S:
                self._leave([line.watchers.pop(size)])
                self._begin(kind, line, size)

    def _leave(self, watchers: list[Watcher], *, kindly: bool = False) -> None:
        for one in watchers:
            if kindly:
                one.retire()
            else:
                one.stop()
        self._leaving = [one for one in [*self._leaving, *watchers] if not one.join(0)]


def _input_for(size: tuple[int, int]) -> tuple[int, int]:
    """The smallest of the face model's inputs that holds a picture as it is; the largest where none does."""
    upright = size[1] > size[0]
    inputs = [(h, w) if upright else (w, h) for w, h in SIZES]
    return next((one for one in inputs if _holds(one, size)), inputs[-1])


def _holds(outer: tuple[int, int] | None, inner: tuple[int, int]) -> bool:
    return outer is not None and outer[0] >= inner[0] and outer[1] >= inner[1]


def _pixels(size: tuple[int, int] | None) -> int:
    return 0 if size is None else size[0] * size[1]


def _nearest(watchers: list[Watcher], wanted: tuple[int, int] | None) -> Watcher | None:
    """Of those that are ready, the one whose input is nearest to what is wanted, rather larger than smaller."""
    ready = [one for one in watchers if one.ready]
    return min(
        ready,
        key=lambda one: (wanted is not None and not _holds(one.size, wanted), abs(_pixels(one.size) - _pixels(wanted))),
        default=None,
    )
