"""Where the frozen program begins: the same command line as `python -m console`."""

import faulthandler
import os
import sys

from console.cli import main


def let_others_be() -> None:
    """Give programs we start (apt-get, the file manager) the system's own libraries back.

    PyInstaller's starter puts our folder into the search path for libraries. Our own loader has read it by now, and a
    Sightdesk that we start has it set anew.
    """
    before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
    if before is None:
        os.environ.pop("LD_LIBRARY_PATH", None)
    else:
        os.environ["LD_LIBRARY_PATH"] = before
    os.environ["PYINSTALLER_RESET_ENVIRONMENT"] = "1"  # a child that is us is a program of its own, not a worker


def have_a_locale() -> None:
    """Where a service or a bare session names none, UTF-8: so does Python by itself when it is not frozen."""
    if sys.platform == "linux" and not any(map(os.environ.get, ("LC_ALL", "LC_CTYPE", "LANG"))):
        os.environ["LC_CTYPE"] = "C.UTF-8"


def say_where_it_crashed() -> None:
    """A crash of native code is said at the terminal, before and after the time that `console.health.crash` looks.

    A frozen Python does not read PYTHONFAULTHANDLER. Without a terminal (Windows, clicked on) there is no place for it.
    """
    if sys.stderr is not None:
        faulthandler.enable(sys.stderr)


if __name__ == "__main__":
    say_where_it_crashed()
    let_others_be()
    have_a_locale()
    main()
