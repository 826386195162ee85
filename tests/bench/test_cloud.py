"""`bench cloud`: a tiny one quickly, and the whole table when asked for.

Run it with: uv run pytest -m soak tests/bench/test_cloud.py -s     (on a machine with nothing else to do)
"""

from __future__ import annotations

import json
from pathlib import Path

from console.bench.cloud import Wanted, in_words, measure
from console.bench.cloud_crops import SIZE, body_of, message, messages, pictures
from console.pipeline.loader import Finder
from console.privacy.sealing import PrivateKey, unseal
from console.sync import wire

MODEL = "vehicle-license-plate-detection-barrier-0106"


def quiet(_words: str) -> None:
    pass


def find(shared: Path) -> Finder:
    from console.catalog.catalog import Catalog
    from console.site.finding import ModelFinder

    return ModelFinder(Catalog(shared / "models", shared / "media"), None).find


def test_its_crops_are_what_a_desk_sends() -> None:
    key = PrivateKey.new()
    (one,) = messages(1, key.public)
    assert one.file is not None
    opened = unseal(one.file, key)
    assert (opened.about["source_width"], opened.about["source_height"]) == SIZE
    assert 20_000 < len(one.file) < 200_000
    again = message(2, one.file)
    (read,) = wire.decode(body_of(again))
    assert read.head == again.head
    assert all((first == second).all() for first, second in zip(pictures(3), pictures(3), strict=True))


def test_a_tiny_one_says_all_its_figures(tmp_path: Path, shared: Path) -> None:
    wanted = Wanted(
        str(shared / "models" / f"{MODEL}.xml"), find(shared), crops=24, batches=(4,), workers=(1,), per_second=20,
        seconds=1, backlog=20, bare_s=0.5,
    )  # fmt: skip
    report = json.loads(json.dumps(measure(tmp_path, wanted, quiet)))
    (row,) = report["workers"]
    assert (row["batch"], row["workers"]) == (4, 1)
    assert row["per_second"] > 1
    assert row["ratio"] > 0
    api = report["api"]
    assert api["refused"] == {}
    assert 0 < api["rest_ms"]["p50"] <= api["rest_ms"]["p99"] < 5000
    assert 0 < api["busy_ms"]["p50"] <= api["busy_ms"]["p99"]
    assert "at rest" in in_words(report)
