"""Who asks: the desk that its certificate names, and nobody whom a header names."""

from __future__ import annotations

import ipaddress
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request

from console.cloud.pki.identity import Identity, Revoked
from models.words import _


class Door:
    """Lets desks in.

    Args:
        revoked: whose certificate counts no more; None: nothing is revoked.
    """

    def __init__(self, revoked: Revoked | None) -> None:
        self._revoked = revoked

    def let_in(self, request: Request) -> Identity:
        """Who asks.

        Raises:
            HTTPException: 403, with the reason in words.
        """
        shown: Any = request.scope.get("extensions", {}).get("sightdesk", {})
        who = shown.get("identity")
        if not isinstance(who, Identity):
            why = shown.get("why") or _("Only a desk that shows its certificate is let in.")
            raise HTTPException(HTTPStatus.FORBIDDEN, str(why))
        if self._revoked is not None and self._revoked.is_revoked(who.serial):
            why = _("The certificate of {desk} at {site} was revoked.").format(desk=who.desk, site=who.site)
            raise HTTPException(HTTPStatus.FORBIDDEN, why)
        return who

    def let_watch(self, request: Request) -> None:
        """See that it is a program of this machine, or who may come in.

        Raises:
            HTTPException: 403.
        """
        client = request.client
        try:
            near = client is not None and ipaddress.ip_address(client.host).is_loopback
        except ValueError:
            near = False
        if not near:
            self.let_in(request)


def _identity(request: Request) -> Identity:
    door: Door = request.app.state.door
    return door.let_in(request)


async def who_asks(request: Request) -> Identity:
    """The desk that asks; see `Door.let_in`."""
    return _identity(request)


Who = Annotated[Identity, Depends(who_asks)]
