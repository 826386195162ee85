"""Keys of review and drawing as users of other tools know them; what is not named keeps the table's keys.

labelImg: the hotkeys of its README, with Ctrl+V (boxes of the picture before), Ctrl+E (name) and Ctrl+F (all of it)
of its menus. CVAT: the shortcuts of its standard workspace. Where both page and drawing use a key of theirs for one
thing, such as W for "a new box", it opens drawing on the page and begins a box there.
"""

from __future__ import annotations

from collections.abc import Mapping

from models.words import N_

PRESETS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "sightdesk": {},
    "labelimg": {
        "review.next": ("D",),
        "review.back": ("A",),
        "review.accept": ("Space", "Return", "Enter"),
        "review.reject": ("Del", "Backspace"),
        "review.edit": ("W",),
        "review.whole": ("Ctrl+S",),
        "edit.add": ("W",),
        "edit.delete": ("Del",),
        "edit.relabel": ("Ctrl+E",),
        "edit.duplicate": ("Ctrl+D",),
        "edit.copy": ("Ctrl+V",),
        "edit.zoom_in": ("Ctrl++", "Ctrl+="),
        "edit.zoom_out": ("Ctrl+-",),
        "edit.fit": ("Ctrl+F",),
        "edit.save": ("Ctrl+S", "Return", "Enter"),
    },
    "cvat": {
        "review.next": ("F",),
        "review.back": ("D",),
        "review.reject": ("Del", "Backspace"),
        "review.edit": ("N",),
        "review.whole": ("Ctrl+S",),
        "review.filter": ("Shift+F",),
        "edit.add": ("N",),
        "edit.delete": ("Del", "Shift+Del"),
        "edit.duplicate": ("Ctrl+V",),
        "edit.copy": ("Ctrl+B",),
        "edit.save": ("Ctrl+S", "Return", "Enter"),
    },
}
PRESET_WORDS: Mapping[str, str] = {"sightdesk": "Sightdesk", "labelimg": "labelImg", "cvat": "CVAT"}
PRESET_ABOUT = N_("Whose keys review and drawing go by")
