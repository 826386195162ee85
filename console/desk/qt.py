"""Qt, loaded without what PySide hangs on every import that follows.

PySide replaces `__import__` to see whether a module uses its snake_case or true_property: it reads the source of each
module that is imported afterwards, which nearly doubles what imports cost (PySide 6.11: .5 s of the desk's start).
Sightdesk uses neither, so the import of Python itself is put back. To be imported before the rest of the desk.
"""

from __future__ import annotations

import builtins

import PySide6.QtCore  # noqa: F401  # sets the hook

_ORIGINAL = getattr(builtins, "__orig_import__", None)
if _ORIGINAL is not None:
    builtins.__import__ = _ORIGINAL
