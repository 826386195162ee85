"""A camera's address and its login: kept apart in the settings, put together only in memory."""

from __future__ import annotations

import re
from urllib.parse import quote

from console.settings.scrub import SECRET_KEY

USER, PASSWORD = "{user}", "{password}"
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*://)(.*)", re.DOTALL)
# also where the password holds an unescaped slash: rtsp://admin:pa/ss@host is what people paste
_LOGIN = re.compile(r"[^@]*:[^@]*@")
_PARAMETER = re.compile(r"[?&;]([^=&;#]*)=([^&;#]*)")
# in a path, as recorders want it: /user=admin_password=xyz_channel=1; a value ends where the next NAME= begins
_IN_PATH = re.compile(r"([\w\-]{0,64})=(?=(.*?)(?:[/&;?#]|[_\-,.:][A-Za-z0-9]{1,64}=|$))", re.DOTALL)


def carries_password(source: str) -> bool:
    """Whether an address has a password in it.

    Before the host, as a parameter such as ``?pwd=...``, or in a path such as ``/user=admin_password=..._channel=1``.
    The place ``{password}`` is no password: `fill_login` fills it.
    """
    url = _URL.fullmatch(source)
    if url is None:
        return False
    if _LOGIN.match(url[2]):
        return True
    if any(SECRET_KEY.search(name) and value not in ("", USER, PASSWORD) for name, value in _PARAMETER.findall(url[2])):
        return True
    return any(
        SECRET_KEY.search(name) and value and not value.startswith((USER, PASSWORD))
        for name, value in _IN_PATH.findall(url[2])
    )


def fill_login(source: str, user: str, password: str) -> str:
    """An address with its places ``{user}`` and ``{password}`` filled: some cameras want them as parameters.

    What has no such places comes back as it is. The outcome is never shown, logged or stored.
    """
    if _URL.fullmatch(source) is None or PASSWORD not in source:
        return source
    return source.replace(USER, quote(user, safe="")).replace(PASSWORD, quote(password, safe=""))
