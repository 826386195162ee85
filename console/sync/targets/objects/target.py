"""An object store or a folder as a target: pictures and boxes laid out for training, everything else beside them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar
from uuid import uuid4

from console.settings.sync import TargetSettings
from console.store.store import Store
from console.sync.targets.base import Denied, Parcel, Receipt, Refused, Secret, Unreachable, WrongAnswer
from console.sync.targets.objects.erasing import Standing, erase
from console.sync.targets.objects.errors import host_of
from console.sync.targets.objects.hands import Hands
from console.sync.targets.objects.layout import Layout
from console.sync.targets.objects.ledger import Changes, Ledger
from console.sync.targets.objects.lists import Lists
from console.sync.targets.objects.stores import Place
from console.sync.targets.objects.work import Answer, Work
from models.words import _

T = TypeVar("T")
AT_ONCE, AT_ONCE_BYTES = 32, 8 << 20


class ObjectsTarget:
    """S3, GCS, Azure or a folder; see `layout` for what is put where.

    What stands there is known from a ledger in the site's database, so an object is put once, however often its
    message comes, and a message that is late changes nothing that a later one has said. `settings.concurrency` objects
    are under way at once, whoever sends them.

    Args:
        settings: of the target. Under another address it needs another name: the ledger goes by the name.
        secret: gives the secret key or account key.
        store: of the home, for the ledger.
        site: the site's name; the folder below the address is called so.
    """

    def __init__(self, settings: TargetSettings, secret: Secret, store: Store, site: str) -> None:
        self.name = settings.name
        self.at_once, self.at_once_bytes = AT_ONCE, AT_ONCE_BYTES
        self._settings, self._yolo = settings, settings.layout == "yolo"
        self._place = Place(settings, secret)
        self._ledger = Ledger(store, settings.name)
        self._layout = Layout(site)
        self._lists = Lists(self._place, self._ledger, yolo=self._yolo)
        self._hands = Hands(settings.concurrency, f"objects-{settings.name}")
        self._begun = False

    def send(self, parcels: Sequence[Parcel]) -> Sequence[Receipt | Refused]:
        """Put what parcels carry; what they mean for pictures and boxes is done when this returns.

        Raises:
            TargetError: the store does not take all of it now. What was put is known, and is not put again.
        """
        self._begin()
        answers: dict[str, Answer] = {}
        for parcel in parcels:
            if parcel.kind == "erased":
                with self._hands.alone([parcel.tracking_id, *_ids(parcel)]):
                    answers[parcel.message_id] = self._done(partial(self._erased, parcel))
        by_id: dict[str, list[Parcel]] = {}
        for parcel in parcels:
            if parcel.kind != "erased":
                by_id.setdefault(parcel.tracking_id, []).append(parcel)
        if by_id:
            with self._hands.alone(by_id):
                answers |= self._taken(by_id)
        return [answers[parcel.message_id] for parcel in parcels]

    def settle(self) -> None:
        """Put the lists that are behind: data.yaml, manifests and annotations of the days that have changed.

        Raises:
            TargetError: the store does not take them; they stay behind.
        """
        self._begin()
        self._done(lambda: self._lists.renew(self._ledger.stale()))

    def check(self) -> str:
        """Put, read, list and delete a small object; what was found, in words.

        Raises:
            TargetError: one of that can't be done; says which.
        """
        return self._done(self._tried)

    def close(self) -> None:
        """Begin nothing any more; a `send` under way fails soon."""
        self._hands.close()

    def _tried(self) -> str:
        began = time.monotonic()
        folder = f"{self._layout.root}.sightdesk-probe"
        path, content = f"{folder}/{uuid4()}", uuid4().bytes
        self._place.put(path, content, "application/octet-stream")
        missing = ""
        try:
            if self._place.get(path) != content:
                raise WrongAnswer(
                    _("{host} gives back something else than was put there.").format(host=host_of(self._settings)),
                    _("Look what stands between this desk and the store."),
                )
            missing = "" if self._may(lambda: self._place.listed(folder)) else _("list")
        finally:
            if not self._may(lambda: self._place.delete([path])):
                missing = _("delete")
        if missing:
            raise Denied(
                _("This desk may write there, but not {right}: what is erased here could not be erased there.").format(
                    right=missing
                ),
                _("Give its user the right to read, write, list and delete below this address."),
            )
        self._place.delete_below(folder)
        self._mark()
        return _("{host}: written, read, listed and deleted below {folder} in {seconds:.2f} s.").format(
            host=host_of(self._settings), folder=self._layout.root, seconds=time.monotonic() - began
        )

    @staticmethod
    def _may(act: Callable[[], object]) -> bool:
        try:
            act()
        except Denied:
            return False
        return True

    def _begin(self) -> None:
        """Before anything is put: what was put before must still be there."""
        if self._place.is_folder or not self._begun:
            self._done(self._first)
            self._begun = True

    def _first(self) -> None:
        self._mark()
        self._lists.begin(self._layout)

    def _mark(self) -> None:
        """A folder without its README, where the ledger has one, is the empty place a drive is mounted to."""
        known = self._layout.readme in self._ledger.lists(self._layout.root)
        if self._place.is_folder and known and not self._place.has(self._layout.readme):
            raise Unreachable(
                _(
                    "{path} is there, but nothing of what was put there: it looks like a drive that is not mounted."
                ).format(path=host_of(self._settings)),
                _("Mount it. If it was emptied on purpose, give this target another name, and it begins anew."),
            )

    def _done(self, act: Callable[[], T]) -> T:
        """Have it done by one of the hands, so that `close` does not wait for it."""
        done: list[T] = []
        problems: list[BaseException] = []

        def job() -> None:
            try:
                done.append(act())
            except BaseException as error:  # the thread's outermost frame: it goes to whoever asked
                problems.append(error)

        self._hands.run([job])
        if problems:
            raise problems[0]
        return done[0]

    def _taken(self, by_id: Mapping[str, Sequence[Parcel]]) -> dict[str, Answer]:
        """Answers by message ID for parcels by tracking ID."""
        gone, rows = self._ledger.erased(by_id), self._ledger.of(by_id)
        answers: dict[str, Answer] = {}
        works = []
        for own, parcels in by_id.items():
            if own in gone:  # late: it is to be known no more
                answers |= {one.message_id: Receipt(one.message_id, {"erased": True}) for one in parcels}
                continue
            works.append((Work(self._place, self._layout, own, rows[own], self._numbers, yolo=self._yolo), parcels))
        problems: list[BaseException] = []

        def job(work: Work, parcels: Sequence[Parcel]) -> None:
            try:
                if not problems:  # a store that refuses one refuses the next
                    work.take(parcels)
                    answers.update(work.answers)
            except BaseException as error:  # the thread's outermost frame: it goes to whoever sends
                problems.append(error)

        self._hands.run(partial(job, *one) for one in works)
        changes = Changes()
        for work, _parcels in works:
            changes.add(work.changes)
        self._ledger.keep(changes)
        if problems:
            raise problems[0]
        return answers

    def _erased(self, parcel: Parcel) -> Receipt:
        return erase(parcel, _ids(parcel), Standing(self._place, self._ledger, self._layout, self._lists))

    def _numbers(self, labels: set[str]) -> Mapping[str, int]:
        numbers, new = self._ledger.numbers(labels)
        if new:
            self._lists.classes(self._layout)
        return numbers


def _ids(parcel: Parcel) -> list[str]:
    """The tracking IDs that an erasure names."""
    return [str(one) for one in parcel.body.get("tracking_ids", ())]
