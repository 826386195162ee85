from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from backends import registry
from backends.base import BackendError


@pytest.fixture(autouse=True)
def fresh_registry():
    registry.runtime.cache_clear()
    yield
    registry.runtime.cache_clear()


def plug_in(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    points = (EntryPoint(name, value, registry.GROUP),)
    monkeypatch.setattr(registry, "entry_points", lambda group: points if group == registry.GROUP else ())


class OldRuntime:
    name = "old"
    api_version = 0


def old_runtime() -> OldRuntime:
    return OldRuntime()


def test_built_ins_are_known_without_importing_them() -> None:
    assert registry.names()[:3] == ["openvino", "onnxruntime", "kserve"]


def test_an_unknown_backend_names_the_known_ones() -> None:
    with pytest.raises(BackendError) as caught:
        registry.runtime("tpu")
    assert "tpu" in caught.value.what
    assert "openvino, onnxruntime" in caught.value.hint


def test_a_plug_in_of_another_api_version_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(monkeypatch, "old", f"{__name__}:old_runtime")
    assert "old" in registry.names()
    with pytest.raises(BackendError, match="version 0 of the plug-in API; this is 1"):
        registry.runtime("old")


def test_a_plug_in_that_cannot_be_imported_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(monkeypatch, "broken", "no_such_module_at_all:runtime")
    with pytest.raises(BackendError, match="no_such_module_at_all"):
        registry.runtime("broken")


def raising_factory() -> None:
    raise ZeroDivisionError("the licence has run out")


def factory_in_words() -> None:
    raise BackendError("No dongle.", "Plug it in.")


@pytest.mark.parametrize(
    ("factory", "what"),
    [
        ("raising_factory", "backend broken can't be loaded: the licence has run out"),
        ("factory_in_words", "^No dongle"),
        ("GROUP_OF_NONE", "backend broken can't be loaded"),
        ("__name__", "backend broken can't be loaded: .*not callable"),
        ("dict", "backend broken can't be loaded: .*api_version"),
    ],
)
def test_a_plug_in_whose_factory_fails_says_why(monkeypatch: pytest.MonkeyPatch, factory: str, what: str) -> None:
    plug_in(monkeypatch, "broken", "builtins:dict" if factory == "dict" else f"{__name__}:{factory}")
    with pytest.raises(BackendError, match=what):
        registry.runtime("broken")


@pytest.mark.parametrize("source", ["1 / 0", "raise OSError('libdriver.so.3: no such file')", "def ("])
def test_a_plug_in_that_fails_while_it_is_imported_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str
) -> None:
    (tmp_path / "plug_in_that_fails.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    plug_in(monkeypatch, "broken", "plug_in_that_fails:runtime")
    with pytest.raises(BackendError, match="backend broken can't be loaded: "):
        registry.runtime("broken")


def test_a_file_nobody_reads_says_why_for_each(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    with pytest.raises(BackendError) as caught:
        registry.inspect(path)
    assert "openvino:" in caught.value.hint
    assert "onnxruntime:" in caught.value.hint


def test_a_missing_library_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(b"x")
    for name in ("openvino", "onnxruntime"):
        monkeypatch.setitem(sys.modules, name, None)  # what an import of an absent package meets
        with pytest.raises(BackendError, match="can't be imported"):
            registry.runtime(name).inspect(path)


class Raising:
    name = "raising"
    api_version = 1

    def devices(self) -> list:
        raise ZeroDivisionError("the dongle")


def raising_devices() -> Raising:
    return Raising()


@pytest.mark.parametrize(
    ("factory", "why"),
    [
        ("old_runtime", "version 0 of the plug-in API"),
        ("raising_factory", "licence has run out"),
        ("factory_in_words", "No dongle. Plug it in."),
        ("raising_devices", "can't say its devices: ZeroDivisionError('the dongle')"),
    ],
)
def test_whatever_a_plug_in_does_the_others_devices_are_listed(
    monkeypatch: pytest.MonkeyPatch, factory: str, why: str
) -> None:
    plug_in(monkeypatch, "broken", f"{__name__}:{factory}")
    found = registry.available()
    assert any(name == "openvino" and device.available for name, device in found)
    [broken] = [device for name, device in found if name == "broken"]
    assert not broken.available
    assert why in broken.why


def test_what_is_absent_is_said_without_being_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    found = [device for name, device in registry.available() if name in {"openvino", "onnxruntime"}]
    assert [device.available for device in found] == [False, False]
    assert all("not installed" in device.why for device in found)


def test_a_plug_in_without_a_package_has_none_to_name(monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(monkeypatch, "loose", f"{__name__}:old_runtime")
    assert registry.package("loose") == registry.package("openvino") == registry.package("nothing") == ""


def test_a_plug_in_can_t_take_a_built_ins_name(monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(monkeypatch, "openvino", f"{__name__}:old_runtime")
    assert registry.names() == [*registry.BUILT_IN]
    assert registry.runtime("openvino").api_version == 1
