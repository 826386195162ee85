"""What goes into the installed program and what stays out; read by `sightdesk.spec` and by the tests.

Everything is found through the packages themselves, never by a path of the checkout, so that the program depends on
nothing that is not in its folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

PROGRAM = "sightdesk"
ROOMS = ("console", "widgets", "backends", "models", "resources")

LEFT_OUT = (
    *("pip", "setuptools", "wheel", "pkg_resources", "ensurepip"),  # nothing is installed into a frozen program
    *("tkinter", "turtle", "idlelib", "lib2to3", "pydoc_data", "curses", "test", "xmlrpc"),
    *("matplotlib", "IPython", "PIL", "pandas", "OpenGL", "cupy", "numba", "torch", "h5py"),  # optional, of others
    *("PyQt5", "PyQt6", "PySide2"),  # pyqtgraph tries them
    *("pytest", "_pytest", "hypothesis", "mypy", "mypyc", "faster_coco_eval", "PyInstaller"),
    *("openvino_telemetry", "openvino.torch", "openvino.tools", "openvino.frontend.pytorch", "openvino.frontend.jax"),
    *("openvino.frontend.paddle", "scipy.datasets", "pyqtgraph.opengl", "pyqtgraph.examples", "pyqtgraph.console"),
    *("onnxruntime.quantization", "onnxruntime.tools", "onnxruntime.transformers", "onnxruntime.training"),
    *("PySide6.QtQml", "PySide6.QtQuick", "PySide6.QtQuickWidgets", "PySide6.QtWebEngineCore", "PySide6.QtPdf"),
    *("PySide6.QtMultimedia", "PySide6.QtNetwork", "PySide6.QtSql", "PySide6.QtDesigner", "PySide6.Qt3DCore"),
    *("PySide6.QtCharts", "PySide6.QtDataVisualization", "PySide6.QtPrintSupport"),
)
"""Modules that analysis finds and that Sightdesk never runs."""

_UNUSED = re.compile(
    r"""
      PySide6/(Qt/)?(translations|qml|resources)/      # words of Qt's own come with a language of ours, not before
    | (lib)?Qt6(Qml|Quick|Pdf|VirtualKeyboard|WebEngine|Multimedia|Designer|ShaderTools|Labs|Positioning|Sensors)
    | plugins/(egldeviceintegrations|generic|networkinformation|tls|sqldrivers|qmltooling|virtualkeyboard|multimedia)/
    | plugins/platforminputcontexts/.*virtualkeyboard
    | plugins/imageformats/.*q(pdf|tga|tiff|wbmp|icns|webp|gif)
    | plugins/platformthemes/.*gtk3                   # a second toolkit, and it must be the system's own to work
    | ^lib(gtk-3|gdk-3|gdk_pixbuf|atk|atspi|pango|cairo|epoxy|harfbuzz|fribidi|thai|datrie|graphite2|pixman)
    | ^libX(composite|cursor|damage|i|inerama|randr|fixes|ext)\.so
    | (lib)?Qt6(Network|EglF[sS])|^lib(gssapi_krb5|krb5|krb5support|k5crypto|com_err|keyutils)\.so
    | plugins/platforms/.*q(eglfs|linuxfb|vnc|vkkhrdisplay|minimalegl|wayland-brcm)
    | openvino/libs/.*(pytorch|paddle|jax|gguf)_frontend   # formats that backends.openvino does not read
    | openvino/libs/.*(openvino_c\b|tbbmalloc_proxy|\.pc$|cache\.json)
    | \.dist-info/(RECORD|direct_url\.json|INSTALLER|REQUESTED|WHEEL|uv_.*|sboms/.*)$  # they name the build machine
    """,
    re.VERBOSE,
)


def wanted(place: str) -> bool:
    """Whether a collected file belongs into the program, by its place in it (either kind of slash)."""
    return _UNUSED.search(place.replace("\\", "/")) is None


def openvino_libraries() -> list[tuple[str, str]]:
    """(file, folder in the program) of what OpenVINO loads by itself: devices, readers, threading."""
    folder = _folder("openvino") / "libs"
    return [
        (str(file), "openvino/libs")
        for file in sorted(folder.iterdir())
        if file.is_file() and wanted(f"openvino/libs/{file.name}")
    ]


def data() -> list[tuple[str, str]]:
    """(file, folder in the program) of what is read as a file: above all `resources/`."""
    folder = _folder("resources")
    taken = [
        (str(file), str(Path("resources", file.parent.relative_to(folder))))
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.suffix not in {".py", ".pyc", ".pot", ".po"}
    ]
    # the bench's server of cameras is run by the system's own Python, as a file
    return [*taken, (str(_folder("console") / "bench" / "rtsp_script.py"), "console/bench")]


def distributions(name: str = PROGRAM) -> list[str]:
    """The packages the program is made of, itself included: what it requires, and what those require, here."""
    found: dict[str, Distribution] = {}
    todo = [name, "onnxruntime"]
    while todo:
        try:
            one = distribution(todo.pop())
        except PackageNotFoundError:  # of another system or Python, or an extra nobody asked for
            continue
        if one.name.lower() not in found and one.name.lower() not in {"pip", "openvino-telemetry"}:
            found[one.name.lower()] = one
            todo += _required(one.requires or ())
    return sorted(found)


def _required(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if "extra ==" not in line:
            yield re.split(r"[\s;<>=!~\[(]", line, maxsplit=1)[0]


def _folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"{package} is not installed here: uv sync --group installer")
    return Path(next(iter(spec.submodule_search_locations)))
