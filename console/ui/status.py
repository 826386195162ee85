"""Feeds the status strip: what a shift leader asks, in figures and words, twice a second."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject

from console.pipeline.meters import DropCause
from console.pipeline.series import LIMIT_S
from console.privacy.redactor import Redactor
from console.settings.schema import CameraSettings
from console.ui.actions import keys_in_words
from console.ui.figures import Figures, figures_of
from console.ui.live.cover_faces import cover_face
from console.ui.live.faces import face, muted, off
from console.ui.live.mutes import Mutes
from console.ui.running_models import standing_of
from console.ui.workplace import Workplace
from models.states import CameraState
from models.words import N_, _, ngettext
from widgets.figure import parts
from widgets.graphs import milliseconds
from widgets.status_strip import MARKS, Kind, StatusStrip
from widgets.tile_state import TileKind, TileState

CAUSES: dict[DropCause, str] = {
    "busy": N_("{rate} frames/s: a fresher one came first"),
    "fps cap": N_("{rate} frames/s: more than the camera's limit"),
    "error": N_("{rate} frames/s: the model failed"),
    "stopped": N_("{rate} frames/s: it was stopped"),
    "no model": N_("{rate} frames/s: no model looks at it yet"),
}
_SENTENCES = {
    TileKind.FAILED: N_("{camera} has failed"),
    TileKind.RECONNECTING: N_("{camera} is lost, reconnecting"),
    TileKind.FROZEN: N_("{camera} is frozen"),
    TileKind.REFUSED: N_("{camera}: its picture can't be covered, so none is shown"),
    TileKind.NO_BOXES: N_("{camera} has no boxes"),
    TileKind.NO_MODEL: N_("{camera} has no model"),
    TileKind.CONNECTING: N_("{camera} has not started"),
    TileKind.WEAKENED: N_("{camera}: more is covered than asked for"),
    TileKind.ASTRAY: N_("{camera}: part of its model runs on the CPU"),
}
_WORST_FIRST = tuple(_SENTENCES)
_MODELS = {TileKind.NO_BOXES, TileKind.ASTRAY, TileKind.REFUSED, TileKind.WEAKENED}


def standing(workplace: Workplace, camera: CameraSettings) -> TileState:
    """How a camera of the settings stands, as its tile shows it."""
    if not camera.enabled:
        return off()
    status, lane = workplace.site.status(camera.id), workplace.site.lane(camera.id)
    until = Mutes(workplace.state).until(camera.id)
    if until is not None and status is not None and status.state is CameraState.LIVE:
        return muted(f"{until:%H:%M}")
    models = standing_of(workplace.site, camera.id)
    cover = cover_face(lane, loading=workplace.site.busy)
    return face(status, has_model=lane is None or bool(lane.plans), models=models, cover=cover)


@dataclass(frozen=True, slots=True)
class Concern:
    """Something that is no camera's and needs a person."""

    words: str
    stopped: bool


@dataclass(frozen=True, slots=True)
class _Trouble:
    camera: CameraSettings
    kind: TileKind
    stopped: bool

    @property
    def words(self) -> str:
        return _(_SENTENCES[self.kind]).format(camera=self.camera.title)


class StatusFeed(QObject):
    """Keeps a status strip up to date.

    Args:
        workplace: where everything comes from.
        strip: shows it.
    """

    def __init__(self, workplace: Workplace, strip: StatusStrip) -> None:
        super().__init__(strip)
        self._workplace = workplace
        self._strip = strip
        self._figures: Figures = figures_of(workplace)
        self._turn = 0
        self._of_outbox: tuple[Concern, ...] = ()
        self._figures.pulled.connect(self.refresh)
        workplace.settings_changed.connect(self.refresh)
        workplace.operator_changed.connect(self.refresh)
        workplace.role_changed.connect(self.refresh)
        workplace.jobs.changed.connect(self._show_jobs)
        strip.camera_wanted.connect(self._next)
        strip.outbox_wanted.connect(self._next)
        self.refresh()

    def refresh(self) -> None:
        """Show how things stand now."""
        self._show_cameras()
        self._show_latency()
        self._show_machine()
        self._show_jobs()
        name = self._workplace.operator
        words = _("operator {name}").format(name=name) if name else _("Who sits here?")
        tip = _("Press to say who sits here; acknowledged events carry the name.")
        if role := self._workplace.supervision.words():
            words = f"{name}, {role}" if name else role
            tip = _("What is covered, kept, sent and erased may be changed now. {keys}: operator again.").format(
                keys=keys_in_words("Ctrl+Shift+O")
            )
        self._strip.show_operator(words, tip)
        self._strip.show_piece("clock", [(time.strftime("%H:%M:%S"), False)], time.strftime("%Y-%m-%d"))

    def show_outbox(self, words: str, tip: str, concerns: Sequence[Concern]) -> None:
        """Say what leaves the site, and what of it needs a person, the worst first."""
        self._of_outbox = tuple(concerns)
        self._strip.show_outbox(words, tip)
        self._show_cameras()

    def troubles(self) -> list[tuple[str, str]]:
        """Cameras that need a person, the worst first, each with its sentence."""
        return [(trouble.camera.id, trouble.words) for trouble in self._troubles()]

    def _troubles(self) -> list[_Trouble]:
        site, busy, found = self._workplace.site, self._workplace.site.busy, []
        mutes = Mutes(self._workplace.state)
        for camera in self._workplace.settings.cameras:
            if mutes.until(camera.id) is not None:  # somebody is at work on it, and knows
                continue
            state = standing(self._workplace, camera)
            # what is being started is no trouble; what stands still though nothing is being done is
            idle = not busy and (
                state.kind is TileKind.NO_MODEL
                or (state.kind is TileKind.CONNECTING and site.status(camera.id) is None)
            )
            if state.stopped or state.kind is TileKind.FROZEN or state.kind in _MODELS or idle:
                found.append(_Trouble(camera, state.kind, state.stopped))
        return sorted(found, key=lambda trouble: _WORST_FIRST.index(trouble.kind))

    def _next(self) -> None:
        """After a press the next camera in need comes up."""
        self._turn += 1
        self._show_cameras()

    def _show_cameras(self) -> None:
        cameras = self._workplace.settings.cameras
        count = len(cameras)
        template = ngettext("{n} camera", "{n} cameras", count)
        switched_off = sum(not camera.enabled for camera in cameras)
        tip = ngettext("{n} is switched off.", "{n} are switched off.", switched_off).format(n=switched_off)
        self._strip.show_piece("cameras", parts(template, {"n": str(count)}), tip if switched_off else "")
        troubles, uncovered = self._by_need(), self._uncovered()
        if not troubles:
            self._turn = 0
            if uncovered:
                words = _("What must be covered can't be looked for")
                self._strip.show_attention("needs you", words, "", "\n".join(uncovered))
            else:
                self._strip.show_attention("", "", "")
            return
        first = troubles[self._turn % len(troubles)]
        need = ngettext("{n} needs you: {what}", "{n} need you: {what}", len(troubles))
        kind: Kind = "stopped" if any(trouble.stopped for trouble in troubles) else "needs you"
        lines = [MARKS["stopped" if t.stopped else "needs you"] + t.words for t in troubles]
        tip = "\n".join([*lines, *uncovered])
        of_camera = isinstance(first, _Trouble)
        camera_id = first.camera.id if isinstance(first, _Trouble) else ""
        words = need.format(n=len(troubles), what=first.words)
        self._strip.show_attention(kind, words, camera_id, tip, outbox=not of_camera)

    def _by_need(self) -> list[_Trouble | Concern]:
        """Cameras and the outbox in one line: what has stopped comes first, and cameras before the outbox."""
        return sorted([*self._troubles(), *self._of_outbox], key=lambda trouble: not trouble.stopped)

    def _uncovered(self) -> list[str]:
        """Why faces or plates can't be looked for in pictures that are kept, and what comes of it."""
        redactor: Redactor | None = getattr(self._workplace.site, "redactor", None)
        return redactor.said() if redactor is not None else []

    def _show_latency(self) -> None:
        series = self._figures.series
        now, slowest = series.latency(), series.slowest()
        if now.p99 is None:
            self._strip.show_piece("latency", [])
            return
        late = now.p99 > LIMIT_S
        template = _("p99 {value} of {limit} ms, late") if late else _("p99 {value} of {limit} ms")
        value = milliseconds(now.p99)
        tip = [
            _("99 of 100 boxes came within {value} ms of their picture, over the last 10 s.").format(value=value),
            _("Over {limit} ms is called late: fewer cameras, a smaller model or a faster device help.").format(
                limit=milliseconds(LIMIT_S)
            ),
        ]
        if slowest is not None:
            worst = milliseconds(series.latency(slowest).p99)
            tip.append(_("Slowest: {camera}, {value} ms.").format(camera=self._title(slowest), value=worst))
        shown = parts(template, {"value": value}, limit=milliseconds(LIMIT_S))
        self._strip.show_piece("latency", shown, "\n".join(tip))

    def _show_machine(self) -> None:
        used, total = self._figures.series.used(), self._figures.series.total()
        if used is not None:
            tip = _("Sightdesk keeps {cores} processors busy and holds {mb} MB. {share} % of the memory is in use.")
            words = tip.format(
                cores=f"{used.own_cores:.1f}", mb=f"{used.own_bytes / 1e6:.0f}", share=f"{used.memory_share * 100:.0f}"
            )
            shown = parts(_("CPU {value} %"), {"value": f"{used.machine_share * 100:.0f}"})
            for one in self._figures.used[-1][1].accelerators if self._figures.used else ():
                words += f"\n{one.name}"
                if one.busy is not None:
                    shown += parts(_(", GPU {value} %"), {"value": f"{one.busy * 100:.0f}"})
            self._strip.show_piece("cpu", shown, words)
        if total.dropped_share is None:
            self._strip.show_piece("dropped", [])
            return
        tips = [_("Share of frames that were not inferred, over the last 10 s; their pictures were shown.")]
        tips += [_(CAUSES[cause]).format(rate=f"{rate:.1f}") for cause, rate in total.dropped.items()]
        share = f"{total.dropped_share * 100:.0f}"
        self._strip.show_piece("dropped", parts(_("dropped {value} %"), {"value": share}), "\n".join(tips))

    def _show_jobs(self) -> None:
        running = self._workplace.jobs.running
        if not running:
            self._strip.show_jobs("")
            return
        lines = [f"{job.title} {100 * job.done // job.of} %" if job.of else job.title for job in running]
        more = len(running) - 1
        words = ngettext("{job} and {n} more", "{job} and {n} more", more).format(job=lines[0], n=more)
        self._strip.show_jobs(words if more else lines[0], "\n".join(lines))

    def _title(self, camera_id: str) -> str:
        return next((c.title for c in self._workplace.settings.cameras if c.id == camera_id), camera_id)
