"""Finding out quickly that a host does not answer.

The HTTP client's time-outs begin after the name is resolved, and resolving a name can't be timed out or cancelled: on
a desk whose name server is gone the system takes 10 to 30 seconds to say so. So a thread tries; nobody waits for it.
"""

from __future__ import annotations

import queue
import socket
import threading
import time
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from console.catalog.source import SourceFailed
from console.catalog.transfer import Transfer
from models.words import _

_PORTS = {"http": 80, "https": 443}
_TICK_S = 0.05


def reach(url: str, limit_s: float, transfer: Transfer) -> None:
    """Return when the address's host, or the proxy the system names for it, accepts a connection.

    Raises:
        SourceFailed: it does not within `limit_s`; says whether the name or the connection failed.
        Stopped: told to stop.
    """
    host, port, whose = _next_hop(url)
    answer: queue.Queue[str] = queue.Queue()
    # a daemon: it may sit in the system's resolver longer than the program wants to live, and it holds nothing
    threading.Thread(target=_connect, args=(host, port, limit_s, answer), name=f"reach-{host}", daemon=True).start()
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        transfer.check()
        try:
            reason = answer.get(timeout=_TICK_S)
        except queue.Empty:
            continue
        if reason:
            raise SourceFailed(whose + reason)
        return
    raise SourceFailed(whose + _("it did not answer within {seconds:.0f} s").format(seconds=limit_s))


def _next_hop(url: str) -> tuple[str, int, str]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    proxy = "" if proxy_bypass(host) else getproxies().get(parts.scheme, "")
    if not proxy:
        return host, parts.port or _PORTS[parts.scheme], ""
    hop = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    return (
        hop.hostname or "",
        hop.port or _PORTS.get(hop.scheme, 1080),
        _("the proxy {hostname}: ").format(hostname=hop.hostname),
    )


def _connect(host: str, port: int, limit_s: float, answer: queue.Queue[str]) -> None:
    try:
        socket.create_connection((host, port), timeout=limit_s).close()
    except socket.gaierror:
        answer.put(_("its name can't be resolved here (no network?)"))
    except OSError as error:
        answer.put(_("it can't be connected to ({reason})").format(reason=error.strerror or error))
    else:
        answer.put("")
