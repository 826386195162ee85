"""What connections may take of the server, and what it has seen of them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limits:
    """What one connection and all of them may take.

    Attributes:
        handshake_s: for TLS.
        head_s: from a connection's or request's first sign to the end of its head.
        slowest: bytes a second of a body, while the app waits for it.
        slow_s: how long a stretch that is measured over.
        answer_s: without anything of an answer getting through; half a megabyte is on its way at once.
        linger_s: what comes of a body after the answer is read and dropped for so long, so that the answer arrives.
        keep_alive_s: without a request.
        connections: in all; each takes 300 kB.
        per_address: of one address; of IPv6 one network of 64 bits.
        stop_s: from the signal to the end.
    """

    handshake_s: float = 10.0
    head_s: float = 10.0
    slowest: float = 500.0
    slow_s: float = 15.0
    answer_s: float = 120.0
    linger_s: float = 5.0
    keep_alive_s: float = 75.0
    connections: int = 512
    per_address: int = 128
    stop_s: float = 5.0


@dataclass
class Figures:
    """What the server has seen since it began. Any thread may read it.

    Attributes:
        open: connections just now.
        refused: by kind (`refusals.WORDS`), from the start on all kinds.
    """

    open: int = 0
    refused: dict[str, int] = field(default_factory=dict)
