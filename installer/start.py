"""Where the frozen program begins: the same command line as `python -m console`."""

import os

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


if __name__ == "__main__":
    let_others_be()
    main()
