"""A desk that is killed while it seals a crop: no row without its file, no file without its row, its item is there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from console.privacy.writer import sweep
from console.settings.home import Home
from console.store.store import Store
from tests.console.closer_cases import files

KILLED = """
import sys, time
from pathlib import Path
from console.privacy import sealed_writer
from tests.console.review_cases import doubt, review_desk
from tests.console.closer_cases import settings

def here(*_arguments, **_more):
    print("here", flush=True)
    time.sleep(60)

if sys.argv[2] == "before":
    sealed_writer.write_whole = here
elif sys.argv[2] == "between":
    sealed_writer.SealedWriter._record = here
else:
    record = sealed_writer.SealedWriter._record
    sealed_writer.SealedWriter._record = lambda *arguments: (record(*arguments), here())
with review_desk(Path(sys.argv[1]), settings()) as desk:
    desk.show(doubt(1))
    time.sleep(60)
"""


@pytest.mark.parametrize(("when", "kept"), [("before", 0), ("between", 0), ("after", 1)])
def test_killed_around_a_crop_there_is_no_row_without_file_nor_file_without_row(
    own_home: Path, when: str, kept: int
) -> None:
    command = [sys.executable, "-c", KILLED, str(own_home), when]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path.cwd()) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "here\n"
        child.send_signal(signal.SIGKILL)
    with Home.open(own_home) as home, Store.open(home) as store:
        assert len(files(home)) == (when != "before")
        for path in files(home):
            os.utime(path, (time.time() - 600,) * 2)
        sweep(home)
        with store.read() as db:
            items = db.execute("SELECT count(*) FROM review_items WHERE picture_id IS NOT NULL").fetchone()[0]
            rows = [home.path / row[0] for row in db.execute("SELECT path FROM sealed")]
        assert (items, len(rows)) == (1, kept)
        assert rows == files(home)
