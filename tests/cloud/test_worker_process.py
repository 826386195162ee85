"""`sightdesk cloud worker` with real models on what desks seal: its plates are those that people marked."""

from __future__ import annotations

import sys
import urllib.request
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import pytest

from console.catalog.catalog import Catalog
from console.cloud.keeping.keeper import Keeper
from console.cloud.tasks import read_tasks
from console.cloud.working.loading import load_tasks
from console.site.finding import ModelFinder
from console.sync.wire import Received
from tests.cloud.keeping_cases import DESK
from tests.cloud.worker_cases import answers, sealed, settled, until, working
from tests.cloud.worker_process import PLATES, VEHICLES, kept, process, write_tasks

Box = tuple[float, float, float, float]


def crops(shared: Path) -> Iterator[tuple[Received, Box]]:
    """For every plate of the photos a sealed crop around it, twelve times as wide, and the plate in the photo."""
    for annotation in sorted((shared / "datasets" / "plates_mit" / "annots").iterdir()):
        root = ET.parse(annotation).getroot()
        photo = cv2.imread(str(shared / "datasets" / "plates_mit" / "images" / str(root.findtext("filename"))))
        assert photo is not None
        high, wide = photo.shape[:2]
        for box in root.iter("bndbox"):
            x0, y0, x1, y1 = (float(box.findtext(side) or 0) for side in ("xmin", "ymin", "xmax", "ymax"))
            across, down = (x1 - x0) * 6, (x1 - x0) * 4.5
            left, top = max(int(x0 - across), 0), max(int(y0 - down), 0)
            crop = np.ascontiguousarray(photo[top : min(int(y1 + down), high), left : min(int(x1 + across), wide)])
            about = {"camera_id": "gate", "x": left, "y": top, "source_width": wide, "source_height": high}
            yield sealed(np.asarray(crop, np.uint8), about=about), (x0, y0, x1, y1)


def overlap(one: Any, other: Box) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    both = max(width, 0) * max(height, 0)
    return float(both / ((one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1]) - both))


def found_in(keeper: Keeper) -> dict[str, list[dict[str, Any]]]:
    return {answer["message_id"]: answer["body"]["found"] for answer in answers(keeper)}


@pytest.mark.shared
def test_plates_of_sealed_crops_come_back_in_the_cameras_pixels(
    database_url: str, tmp_path: Path, shared: Path
) -> None:
    folder = tmp_path / "store"
    tasks = write_tasks(folder, {"model": PLATES})
    sent = list(crops(shared))
    with kept(folder, tasks, database_url) as keeper:
        with process(folder, shared, "--database", database_url, "--metrics", "0") as worker:
            said = worker.wait()
            assert said["tasks"] == ["plates"]
            assert sys.platform == "win32" or psutil.Process(worker.process.pid).nice() >= 10, "below who answers"
            assert said["models"][0] | {"version": ""} == {
                "model": PLATES, "runtime": "openvino", "version": "", "device": "CPU", "precision": "f32",
                "served": "", "batch": 1,
            }  # fmt: skip
            keeper.take(DESK, [one for one, _plate in sent])
            until(settled(keeper, len(sent)))
            with urllib.request.urlopen(said["metrics"], timeout=5) as page:
                figures = page.read().decode()
            assert f'jobs_total{{outcome="done",task="plates"}} {len(sent)}.0' in figures
            assert worker.end() == {"done": len(sent), "failed": 0, "again": 0, "given_back": 0, "dropped": 0}
        found = found_in(keeper)
        met = [
            any(box["label"] == "plate" and overlap(box["box"], plate) >= 0.5 for box in found[one.head["message_id"]])
            for one, plate in sent
        ]
        assert sum(met) >= 8, f"{sum(met)} of {len(met)}"  # the model itself misses the others


@pytest.mark.shared
def test_what_comes_together_changes_no_answer(tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Vehicles, and plates in them, alone and eight together, at the precision that comparisons are made at."""
    monkeypatch.setenv("SIGHTDESK_MODEL_PATH", str(shared))
    tasks = write_tasks(tmp_path, {"model": VEHICLES}, {"model": PLATES, "on": "vehicle", "confidence": 0.1})
    find = ModelFinder(Catalog(tmp_path / "models", tmp_path / "clips")).find
    loaded = load_tasks(read_tasks(tasks), find, None, batch=8)
    sent = list(crops(shared))[:8]
    told = []
    for batch in (1, 8):
        folder = tmp_path / str(batch)
        with kept(folder, tasks) as keeper:
            keeper.take(DESK, [one for one, _plate in sent])
            with working(keeper.repository, folder, loaded.plans, batch=batch, wait_s=1.0):
                until(settled(keeper, len(sent)))
            told.append([found_in(keeper)[str(one.head["message_id"])] for one, _plate in sent])
            assert max(answer["body"]["batch"] for answer in answers(keeper)) == batch
    loaded.close()
    alone, together = told
    boxes = [box for found in alone for box in found]
    assert {box["label"] for box in boxes} >= {"vehicle", "plate"}
    assert all(found[box["of"]]["label"] == "vehicle" for found in alone for box in found if box["of"] is not None)
    for one, other in zip(alone, together, strict=True):
        assert [(b["label"], b["stage"], b["of"]) for b in one] == [(b["label"], b["stage"], b["of"]) for b in other]
        for a, b in zip(one, other, strict=True):
            assert a["box"] == pytest.approx(b["box"], abs=0.05)
            assert a["score"] == pytest.approx(b["score"], abs=0.001)
