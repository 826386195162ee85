"""Which language the desk speaks."""

from __future__ import annotations

import gettext
import locale
import os
from importlib.resources import as_file, files

from models.words import Pseudo, install

VARIABLE = "SIGHTDESK_LANGUAGE"


def speak(wanted: str = "") -> None:
    """Speak `wanted` from now on, or the system's language, as far as there is a catalogue for it; else English.

    Args:
        wanted: a language code such as de, "pseudo" to see what is not translated, or empty for the system's.
            The environment's SIGHTDESK_LANGUAGE comes first.
    """
    language = os.environ.get(VARIABLE) or wanted or (locale.getlocale()[0] or "en")
    if language == "pseudo":
        install(Pseudo())
        return
    with as_file(files("resources") / "locale") as folder:
        install(gettext.translation("sightdesk", folder, [language], fallback=True))
