"""The lists at an object store: README, data.yaml, manifests and annotations, made anew of the ledger."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from console.sync.targets.objects.coco import day_file
from console.sync.targets.objects.layout import README, TRAINING, Layout
from console.sync.targets.objects.ledger import Changes, Ledger, Row
from console.sync.targets.objects.stores import Place
from console.sync.targets.objects.work import JSON_TYPE, TEXT_TYPE
from console.sync.targets.objects.yolo import data_yaml
from models.words import _

_LINES_TYPE = "application/jsonl"


class Lists:
    """Of one target. Any thread may call it; one at a time makes lists.

    Every method raises a `TargetError` where the store or the database refuses; then the shards stay stale.
    """

    def __init__(self, place: Place, ledger: Ledger, *, yolo: bool) -> None:
        self._place, self._ledger, self._yolo = place, ledger, yolo
        self._one = threading.Lock()

    def begin(self, layout: Layout) -> None:
        """Put the words for whoever finds the folder, where they are not there."""
        with self._one:
            self._grown({layout.readme: _(README).encode()}, layout)

    def classes(self, layout: Layout) -> None:
        """Name all classes that have a number; before the first boxes of a new one."""
        if self._yolo:
            with self._one:
                numbers = self._ledger.labels()
                self._grown({layout.data_yaml(spot): data_yaml(numbers, spot) for spot in TRAINING}, layout)

    def renew(self, shards: Iterable[str]) -> None:
        """Make lists of the ledger anew, those of these shards and what sums them up."""
        wanted = sorted(set(shards))
        for shard in wanted:
            if not shard.endswith("/"):
                with self._one, self._ledger.still:
                    self._shard(shard)
        for root in sorted({shard.rpartition("/")[0] for shard in wanted}):
            with self._one, self._ledger.still:
                self._index(Layout(root))
                self._ledger.fresh(f"{root}/")

    def _shard(self, shard: str) -> None:
        layout, day = Layout.of_shard(shard)
        rows, numbers = self._ledger.of_shard(shard), self._ledger.labels()
        wanted: dict[str, bytes | None] = {}
        if not self._yolo:
            for spot in TRAINING:
                wanted[layout.annotations(spot, day)] = day_file(rows, numbers, spot, layout.root.strip("/"))
        elif numbers:
            self._grown({layout.data_yaml(spot): data_yaml(numbers, spot) for spot in TRAINING}, layout)
        named = [_line(row) for row in rows]
        wanted[layout.manifest(day)] = "".join(named).encode() if named else None
        self._have(wanted)
        self._ledger.fresh(shard)

    def _index(self, layout: Layout) -> None:
        there = sorted(self._ledger.lists(layout.root).values(), key=lambda row: row.path)
        self._have({layout.index: "".join(_line(row) for row in there if row.path != layout.index).encode()})

    def _grown(self, wanted: Mapping[str, bytes], layout: Layout) -> None:
        """Have lists there that never go back to what they were, so that those the ledger has are there."""
        there = self._ledger.lists(layout.root)
        shas = {path: hashlib.sha256(content).hexdigest() for path, content in wanted.items()}
        self._have({path: wanted[path] for path in wanted if path not in there or there[path].sha256 != shas[path]})

    def _have(self, wanted: Mapping[str, bytes | None]) -> None:
        """Have these lists there, with this content; None: not there at all.

        Also where the ledger says so already: an attempt that broke off may have put another.
        """
        changes = Changes()
        for path, content in wanted.items():
            if content is None:
                self._place.delete([path])
                changes.gone.add(path)
            else:
                self._place.put(path, content, _type(path))
                sha256 = hashlib.sha256(content).hexdigest()
                changes.put[path] = Row(path, "", 0, sha256, len(content), {"kind": "list"})
        self._ledger.keep(changes)


def _line(row: Row) -> str:
    """An object's line in a manifest; its path is told from the site's folder."""
    line: dict[str, Any] = {
        "path": row.path.partition("/")[2],
        "sha256": row.sha256,
        "bytes": row.bytes,
        "kind": row.kind,
    }
    if row.tracking_id:
        line |= {"tracking_id": row.tracking_id, "number": row.number}
    if "message" in row.about:
        line["message"] = row.about["message"]
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"


def _type(path: str) -> str:
    return JSON_TYPE if path.endswith(".json") else _LINES_TYPE if path.endswith(".jsonl") else TEXT_TYPE
