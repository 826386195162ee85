"""The second half of the camera dialog: its name, how it hangs, what looks at it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from console.catalog.book import built_in
from console.settings.inference import StageSettings
from console.settings.schema import CameraSettings, Settings
from console.site.finding import BEST
from console.ui.settings_page.fields import spec_of
from models.words import _
from widgets.form import FieldRow
from widgets.form_editors import FieldSpec
from widgets.theme import px

_PLACES: tuple[tuple[str, ...], ...] = (
    ("name", "group"),
    ("model", "confidence"),
    ("fps_cap", "priority"),
    ("track", "enabled"),
)
_MORE = ("transport", "pixel_aspect", "open_timeout_s", "read_timeout_s")
LOOK = ("rotation", "mirror")
"""Fields that stand below the picture, since it shows at once what they do."""


class Options(QWidget):
    """Everything but where the pictures come from, two fields a row; `look` are those that stand below the picture."""

    changed = Signal(str)

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stages: tuple[StageSettings, ...] = ()
        self.rows: dict[str, FieldRow] = {}
        groups = sorted({camera.group for camera in settings.cameras if camera.group})
        for name in ("name", "group", "fps_cap", "priority", "track", "enabled", *LOOK, *_MORE):
            spec = spec_of(f"cameras.{name}", CameraSettings.model_fields[name], {"cameras.group": groups}, key=name)
            if spec is not None:
                self._add(spec)
        self._add(_model_spec(settings))
        self._add(_confidence_spec())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, px(4), 0, 0)
        column.setSpacing(px(8))
        column.addLayout(self._grid(_PLACES))
        more = QLabel(_("Connection"))
        more.setProperty("role", "heading")
        column.addSpacing(px(4))
        column.addWidget(more)
        column.addLayout(self._grid((_MORE[:2], _MORE[2:])))

    def values(self) -> dict[str, Any]:
        """By the names of `CameraSettings`; a lone model and its confidence become its one stage."""
        values = {name: row.value for name, row in self.rows.items() if name not in ("model", "confidence")}
        stages = [stage.model_dump(exclude_defaults=True) for stage in self._stages]
        if not self.rows["model"].isEnabled():
            return {**values, "stages": stages}
        model, confidence = self.rows["model"].value, self.rows["confidence"].value
        before = stages[0] if stages else {}
        if model is None and confidence == self._default_confidence() and not before.get("thresholds"):
            return {**values, "stages": []}
        return {**values, "stages": [{**before, "model": model or self._site_model, "confidence": confidence}]}

    def show_camera(self, camera: CameraSettings) -> None:
        """Show a camera's values."""
        for name, row in self.rows.items():
            if hasattr(camera, name):
                row.set_value(getattr(camera, name))
        self._stages = camera.stages
        if len(camera.stages) > 1:  # an order of models is set in the file; it stays as it is
            for name in ("model", "confidence"):
                self.rows[name].setEnabled(False)
            self.rows["model"].set_value(", ".join(stage.model for stage in camera.stages))
        elif camera.stages:
            self.rows["model"].set_value(camera.stages[0].model)
            self.rows["confidence"].set_value(camera.stages[0].confidence)

    def show_errors(self, errors: dict[str, str]) -> None:
        """Say what is wrong beside its field."""
        for name, row in self.rows.items():
            row.set_error(errors.get(name, errors.get("stages", "") if name == "model" else ""))

    def _default_confidence(self) -> float:
        return float(StageSettings.model_fields["confidence"].default)

    @property
    def _site_model(self) -> str:
        return self.rows["model"].spec.placeholder

    def _add(self, spec: FieldSpec) -> None:
        row = FieldRow(spec, compact=True)
        row.edited.connect(lambda key, _value: self.changed.emit(key))
        row.typed.connect(self.changed)
        self.rows[spec.key] = row

    def _grid(self, places: Iterable[tuple[str, ...]]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(px(8))
        grid.setVerticalSpacing(px(8))
        for line, names in enumerate(places):
            for column, name in enumerate(names):
                grid.addWidget(self.rows[name], line, column, Qt.AlignmentFlag.AlignTop)
        for column in range(2):
            grid.setColumnStretch(column, 1)
        return grid


def _model_spec(settings: Settings) -> FieldSpec:
    names = tuple((name, name) for name in (BEST, *(model.name for model in built_in().models)))
    about = _("A name of the catalogue, or the path of a model file; empty: the site's model.")
    return FieldSpec(
        "model", _("Model"), about, "suggest", None, names, optional=True, placeholder=settings.inference.model
    )


def _confidence_spec() -> FieldSpec:
    field = StageSettings.model_fields["confidence"]
    about = _(field.description or "")
    return FieldSpec("confidence", _("Confidence"), about, "number", field.default, limits=_("From 0 to 1."))
