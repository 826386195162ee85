"""What a connection to a broker can do, whichever kind it is, and how one is opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from console.cloud.waking.address import Address

OPEN_S: Final = 5.0
"""So long a broker has to let somebody in."""
ANSWER_S: Final = 4.0
"""And to confirm a message."""
CLOSE_S: Final = 0.6
"""And to hear that somebody goes; after that the connection is cut."""
TOGETHER: Final = 64
"""Messages that are on their way at once."""


class Line(Protocol):
    """A connection. Of one loop: what broke is closed, and another one is made."""

    async def open(self, *, listen: bool) -> None:
        """Connect, and make the queue or topic where it is missing. Raises whatever the library does.

        Args:
            listen: messages will be waited for.
        """

    async def publish(self, messages: Sequence[bytes]) -> None:
        """Have the broker take these, all of them confirmed. Raises whatever the library does."""

    async def one(self) -> None:
        """Wait for a message and take it. What it says does not matter, nor whether it can be read."""

    async def ended(self) -> None:
        """Wait until the connection is lost."""

    async def close(self) -> None:
        """Let go of it, whatever state it is in; may take for ever where the broker hangs."""


def line_to(address: Address) -> Line:
    """The connection for a kind of broker, not open yet; to be made in its loop."""
    if address.kind == "kafka":
        from console.cloud.waking.kafka import KafkaLine  # noqa: PLC0415  # one kind is enough; each takes .5 s

        return KafkaLine(address)
    from console.cloud.waking.rabbitmq import RabbitLine  # noqa: PLC0415

    return RabbitLine(address)
