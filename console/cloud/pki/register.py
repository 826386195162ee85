"""What a CA has issued: one JSON file beside its key. Without its line here a certificate could not be revoked by name.

``{"v": 1, "crl_number": 3, "issued": [{"name", "site", "hosts", "serial" (hex), "begins", "ends", "revoked_at"}]}``
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from console.cloud.pki.crl import PkiError
from console.settings.disk import write_whole
from models.words import _

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate that was issued.

    Attributes:
        name, site, hosts: whom it is for; with hosts a server, else a desk.
        serial: its number; in the file and on screen in hex.
        begins, ends: when it counts.
        revoked_at: since when it does not; None: it does.
    """

    name: str
    site: str
    hosts: tuple[str, ...]
    serial: int
    begins: datetime
    ends: datetime
    revoked_at: datetime | None = None

    def state(self, now: datetime) -> str:
        """``valid``, ``ended`` or ``revoked``."""
        if self.revoked_at is not None:
            return "revoked"
        return "ended" if self.ends <= now else "valid"

    def plain(self) -> dict[str, Any]:
        """As it stands in the file, and in --json."""
        times = {key: at.isoformat() if at else None for key, at in self._times().items()}
        return {**asdict(self), "hosts": list(self.hosts), "serial": f"{self.serial:x}", **times}

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Self:
        """Read a line of the file. Raises KeyError, TypeError, ValueError."""
        revoked = plain["revoked_at"]
        return cls(
            plain["name"], plain["site"], tuple(plain["hosts"]), int(plain["serial"], 16),
            datetime.fromisoformat(plain["begins"]), datetime.fromisoformat(plain["ends"]),
            datetime.fromisoformat(revoked) if revoked else None,
        )  # fmt: skip

    def _times(self) -> dict[str, datetime | None]:
        return {"begins": self.begins, "ends": self.ends, "revoked_at": self.revoked_at}


@dataclass
class Register:
    """The file.

    Attributes:
        path: of it.
        crl_number: of the list of revoked ones that was written last.
        issued: oldest first.
    """

    path: Path
    crl_number: int = 0
    issued: list[Issued] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read it. Raises PkiError where it is gone or damaged."""
        try:
            whole = json.loads(path.read_bytes())
            if whole["v"] > _VERSION:
                raise PkiError(
                    _("{path} was written by a newer Sightdesk.").format(path=path), _("Bring this one up to date.")
                )
            return cls(path, int(whole["crl_number"]), [Issued.of(one) for one in whole["issued"]])
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise PkiError(
                _("The list of what this CA has issued can't be read: {path}.").format(path=path),
                _("Put back a copy of the CA's folder; without it nothing can be revoked by name."),
            ) from error

    def write(self) -> None:
        """Write it whole. Raises HomeError."""
        lines = [one.plain() for one in self.issued]
        whole = {"v": _VERSION, "crl_number": self.crl_number, "issued": lines}
        write_whole(self.path, json.dumps(whole, indent=1).encode())

    def of_name(self, name: str) -> list[Issued]:
        """What was issued to a name, oldest first. Names that differ in case alone are one: they would share a file."""
        return [one for one in self.issued if one.name.lower() == name.lower()]

    def revoke(self, these: list[Issued], now: datetime) -> None:
        """Note that they count no more."""
        gone = {one.serial for one in these if one.revoked_at is None}
        self.issued = [replace(one, revoked_at=now) if one.serial in gone else one for one in self.issued]
