"""How the desk looks: the tokens behind both themes, the letters, and the one stylesheet made of them.

Grey until something needs a person: accent for focus and choice, amber for "needs you", red for "stopped or lost", and
never a colour alone. Three surfaces, three levels of text, one hairline, radius 6, a 4 px grid. Text has a contrast of
at least 4.5:1 on every surface it stands on, `faint` 3:1 (it never carries meaning alone).
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from string import Template

from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

FAMILY = "Inter"
BODY_PX = 13
RADIUS = 6


@dataclass(frozen=True, slots=True)
class Tokens:
    """Colours of one theme, as #rrggbb."""

    dark: bool
    ground: str
    panel: str
    raised: str
    line: str
    text: str
    dim: str
    faint: str
    accent: str
    needs_you: str
    stopped: str


DARK = Tokens(
    dark=True,
    ground="#14171a",
    panel="#1b1f23",
    raised="#23282d",
    line="#2e343a",
    text="#e6e9ec",
    dim="#98a2ab",
    faint="#7a858f",
    accent="#6aa9d8",
    needs_you="#e0a33a",
    stopped="#e8695f",
)
LIGHT = Tokens(
    dark=False,
    ground="#e9ecee",
    panel="#f6f7f8",
    raised="#ffffff",
    line="#d3d8dc",
    text="#1d2226",
    dim="#56616b",
    faint="#717b84",
    accent="#1f6fa8",
    needs_you="#8f5a00",
    stopped="#b3261e",
)

BOX = "#7fd0ff"
"""Boxes and their labels: the same in both themes, since pictures don't change with the theme."""
LABEL_GROUND = (10, 14, 18, 199)
DOUBT = "#e0a33a"

_now: Tokens = DARK
_scale = 1.0


def tokens() -> Tokens:
    """The colours in use."""
    return _now


def px(n: float) -> int:
    """`n` pixels at the text scale in use."""
    return round(n * _scale)


def font(size: float = BODY_PX, weight: int = 400) -> QFont:
    """Letters of `size` pixels (before the text scale), with figures of equal width so that they don't dance."""
    made = QFont(FAMILY)
    made.setPixelSize(px(size))
    made.setWeight(QFont.Weight(weight))
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


def load_letters() -> None:
    """Make the desk's own letters known, so that it looks alike on every system, with or without fonts of its own."""
    if FAMILY in QFontDatabase.families():
        return
    for letters in ("Inter-Regular.otf", "Inter-SemiBold.otf"):
        with as_file(files("resources") / "fonts" / letters) as path:
            QFontDatabase.addApplicationFont(str(path))


def use(app: QApplication, wanted: Tokens, scale: float = 1.0) -> None:
    """Dress the program in a theme; may be called again at any time."""
    global _now, _scale  # one look for one process
    _now, _scale = wanted, scale
    load_letters()
    if app.style().name() != "fusion":
        app.setStyle("Fusion")
    app.setFont(font())
    app.setPalette(_palette(wanted))
    app.setStyleSheet(_stylesheet(wanted))


def _palette(t: Tokens) -> QPalette:
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: t.ground,
        QPalette.ColorRole.WindowText: t.text,
        QPalette.ColorRole.Base: t.raised,
        QPalette.ColorRole.AlternateBase: t.panel,
        QPalette.ColorRole.Text: t.text,
        QPalette.ColorRole.PlaceholderText: t.faint,
        QPalette.ColorRole.Button: t.raised,
        QPalette.ColorRole.ButtonText: t.text,
        QPalette.ColorRole.ToolTipBase: t.raised,
        QPalette.ColorRole.ToolTipText: t.text,
        QPalette.ColorRole.Highlight: t.accent,
        QPalette.ColorRole.HighlightedText: t.ground if t.dark else "#ffffff",
        QPalette.ColorRole.Link: t.accent,
        QPalette.ColorRole.Light: t.line,
        QPalette.ColorRole.Mid: t.line,
        QPalette.ColorRole.Dark: t.line,
        QPalette.ColorRole.Accent: t.accent,
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(t.faint))
    return palette


def _stylesheet(t: Tokens) -> str:
    sizes = {f"px{n}": f"{px(n)}px" for n in (1, 2, 3, 4, 5, 6, 8, 10, 11, 12, 13, 15, 16, 20, 24, 28, 32)}
    colours = {name: getattr(t, name) for name in Tokens.__slots__ if name != "dark"}
    on_accent = t.ground if t.dark else "#ffffff"
    source = (files("resources") / "theme.qss").read_text(encoding="utf-8")
    icons = (Path(str(files("resources"))) / "icons").as_posix()  # a stylesheet takes files alone
    return Template(source).substitute(
        **colours,
        **sizes,
        on_accent=on_accent,
        family=FAMILY,
        icons=icons,
        tick=f"tick-{'dark' if t.dark else 'light'}",
    )
