"""The words an operator reads, in his language: gettext, with nothing but English until a catalogue is installed.

It stands in this room because every room speaks to the operator, errors below the screen too. It reads no file: whoever
starts the program loads a catalogue and hands it over, once, before anything is said.

How to use it::

    from models.words import _, ngettext
    _("No picture from {camera}.").format(camera=name)     # never an f-string inside _()
    ngettext("{n} camera", "{n} cameras", n).format(n=n)

A constant that is made before the language is known is marked with `N_` and translated with `_` when it is shown.
"""

from __future__ import annotations

from gettext import NullTranslations

_now = NullTranslations()


def install(translations: NullTranslations) -> None:
    """Speak this language from now on."""
    global _now  # noqa: PLW0603  # one language for one process, as gettext itself has it
    _now = translations


def _(text: str) -> str:
    """`text` in the operator's language."""
    return _now.gettext(text) if text else ""


def ngettext(one: str, many: str, n: int) -> str:
    """The form of a text that fits a number."""
    return _now.ngettext(one, many, n)


def N_(text: str) -> str:  # noqa: N802  # the name every gettext tool looks for
    """Mark a text for translation and leave it as it is."""
    return text


class Pseudo(NullTranslations):
    """English that looks foreign: accented, a third longer, in brackets. Shows what is untranslated or clipped."""

    _LETTERS = str.maketrans("aceinosuyzACEINOSUYZ", "àçéîñöšüýžÀÇÉÎÑÖŠÜÝŽ")

    def gettext(self, message: str) -> str:
        """See the class."""
        parts, place = [], False
        for piece in message.replace("{", "\0{").replace("}", "}\0").split("\0"):
            place = piece.startswith("{")
            parts.append(piece if place else piece.translate(self._LETTERS))
        more = "~" * max(len(message) // 3, 1)
        words = " ".join(more[at : at + 8] for at in range(0, len(more), 8))  # a long line breaks in its tail, too
        return f"[{''.join(parts)}{words}]"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """See the class."""
        return self.gettext(msgid1 if n == 1 else msgid2)
