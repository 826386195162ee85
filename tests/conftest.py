"""What every test may count on: strict skips, no thread left behind, the measuring data where it is kept."""

from __future__ import annotations

import gc
import locale
import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # tests with a screen set their own

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("SIGHTDESK_SHARED", ROOT.parent / "shared"))
with suppress(ImportError):  # not in the small environments in which other builds of a runtime are tried
    from hypothesis import settings

    # The same examples every time, so that a run tells of the change; `--hypothesis-profile default` explores.
    settings.register_profile("steady", derandomize=True, print_blob=True)
    settings.load_profile("steady")
LOCALE = locale.setlocale(locale.LC_CTYPE)
REQUIRED = set(filter(None, os.environ.get("SIGHTDESK_REQUIRE", "").split(",")))


_LONG = ("tests/e2e/", "tests/privacy/", "tests/console/test_desk", "tests/contract/", "tests/chaos/", "tests/cloud/")


def missing(what: str, why: str) -> None:
    """Skip the test, or fail it where `what` (shared, services) must be there."""
    if what in REQUIRED:
        pytest.fail(f"{what} is required here, but {why}", pytrace=False)
    pytest.skip(why)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Where everything is required, only a test marked `hardware` may skip."""
    outcome = yield
    report = outcome.get_result()
    if REQUIRED and report.skipped and not hasattr(report, "wasxfail") and item.get_closest_marker("hardware") is None:
        report.outcome = "failed"
        report.longrepr = f"skipped, though SIGHTDESK_REQUIRE={','.join(sorted(REQUIRED))}: {report.longrepr}"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two at a time in a whole run: half of it is waiting for servers. Named tests run alone, in this process."""
    named = config.args_source is not pytest.Config.ArgsSource.TESTPATHS
    return 0 if named or config.getoption("-m") or config.getoption("--last-failed") else 2


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest files first, so that no worker is left alone with one; soaks and benches only when asked by `-m`."""
    items.sort(key=lambda item: not item.nodeid.startswith(_LONG))
    if config.getoption("-m"):
        return
    soak = [item for item in items if item.get_closest_marker("soak")]
    if soak:
        config.hook.pytest_deselected(items=soak)
        items[:] = [item for item in items if not item.get_closest_marker("soak")]


@pytest.fixture
def shared() -> Path:
    """The measuring data; the test skips where it is not kept."""
    if not (SHARED / "README.md").is_file():
        missing("shared", f"the measuring data is not at {SHARED}")
    return SHARED


@pytest.fixture(autouse=True, scope="session")
def shared_stays_as_it_is() -> Iterator[None]:
    """The measuring data is read only: whatever changes it, however it got the right to, fails the run."""

    def state() -> dict[Path, tuple[int, int]]:
        return {p: (p.stat().st_size, p.stat().st_mtime_ns) for p in SHARED.rglob("*") if p.is_file()}

    before = state()
    yield
    after = state()
    changed = [str(path) for path, was in before.items() if after.get(path) != was]
    assert not changed, f"tests changed the measuring data: {', '.join(changed)}"


@pytest.fixture(autouse=True)
def the_locale_stays() -> Iterator[None]:
    """What changes how text is encoded in this process would change it for all tests after it: it is put back."""
    locale.setlocale(locale.LC_CTYPE, LOCALE)
    yield
    locale.setlocale(locale.LC_CTYPE, LOCALE)


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    """A test that leaves a thread behind fails, and is told which."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 3.0
    while left := [t for t in threading.enumerate() if t not in before and t.is_alive()]:
        if time.monotonic() > deadline:
            pytest.fail(f"threads left behind: {', '.join(t.name for t in left)}", pytrace=False)
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def qt_is_taken_away_here(request: pytest.FixtureRequest) -> Iterator[None]:
    """A Qt object in a cycle may only be taken away on the thread that made it, and Python does it on any."""
    qt = bool({"qapp", "qtbot"} & set(request.fixturenames))
    if qt:
        gc.disable()
    yield
    if qt:
        gc.collect(1)
        gc.enable()


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test has a home of its own and never touches the user's."""
    home = tmp_path / "home"
    monkeypatch.setenv("SIGHTDESK_HOME", str(home))
    return home
