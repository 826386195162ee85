"""`sightdesk cloud export`: models for a model server, on this site's own machines or in somebody's cloud."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.options import HomeOption, JsonOption, print_json, say
from console.cli.progress import fetching

if TYPE_CHECKING:
    from console.catalog.catalog import Catalog
    from console.cloud.exporting.models import Given
    from console.cloud.exporting.triton import Exported

EXPORT_EXAMPLES = """\b
Examples:
  sightdesk cloud export yolox_nano --to /srv/models
  sightdesk cloud export yolox_nano person-vehicle-bike-detection-2002 --to /srv/models --replace
  sightdesk cloud export plates.onnx --to /srv/models --batch 16 --delay-us 5000
  sightdesk cloud export yolox_nano --to out --for sagemaker
Then: tritonserver --model-repository=/srv/models, and on a desk the model grpcs://HOST:8001/yolox_nano.
Triton runs ONNX files by its onnxruntime backend and all else by its openvino backend; TensorFlow and
TFLite files are written anew in OpenVINO's format. A model that is there already is only replaced
with --replace. Vertex AI and Azure take the folder as it is, SageMaker an archive of each model: see
the manual. Exit status: 0 done, 1 nothing was written, 2 wrong use.
"""


class Taker(StrEnum):
    """Who is to serve the models."""

    triton = "triton"
    sagemaker = "sagemaker"
    vertex = "vertex"
    azure = "azure"


class Where(StrEnum):
    """What the models are to run on."""

    auto = "auto"
    cpu = "cpu"
    gpu = "gpu"


def export(
    models: Annotated[list[str], typer.Argument(metavar="MODEL...", help="Catalogue names, or model files.")],
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Write the model repository here.")],
    taker: Annotated[Taker, typer.Option("--for", help="Who serves them.")] = Taker.triton,
    batch: Annotated[
        int, typer.Option(min=1, max=1024, help="Pictures the server puts together, where a model takes several.")
    ] = 8,
    delay_us: Annotated[
        int, typer.Option("--delay-us", min=0, max=10_000_000, help="So long a picture waits for others, in µs.")
    ] = 2000,
    instances: Annotated[int, typer.Option(min=1, max=256, help="Of each model; on GPUs so many on each.")] = 1,
    on: Annotated[
        Where, typer.Option("--on", help="What ONNX models run on; auto: GPUs where there are any.")
    ] = Where.auto,
    replace: Annotated[bool, typer.Option("--replace", help="Replace models of these names.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write models as Triton Inference Server reads them: all of them, or nothing."""
    from console.catalog.catalog import Catalog
    from console.cloud.exporting.config import Serving
    from console.cloud.exporting.triton import export as write
    from console.settings.home import Home, find_home

    folders = Home.look(find_home(home))
    catalog = Catalog(folders.models, folders.clips)
    given = [_given(catalog, name) for name in models]
    serving = Serving(batch, delay_us, instances, on.value)
    done = write(given, to.expanduser().absolute(), serving, archives=taker is Taker.sagemaker, replace=replace)
    if as_json:
        print_json({"for": taker.value, "models": [_told(one) for one in done]})
        return
    for one in done:
        pictures = f"up to {one.batch} pictures at once" if one.batch else "one picture at a time"
        sys.stdout.write(f"{one.name}: {one.path} ({one.backend}, {pictures})\n")
        for note in one.notes:
            say(f"  {note}")


def _given(catalog: Catalog, name: str) -> Given:
    """A model by what the operator wrote; one of the catalogue is fetched where it is not here."""
    from console.catalog.entries import ModelEntry
    from console.cloud.exporting.models import Given
    from console.errors import CatalogError
    from console.site.finding import ModelFinder

    with fetching() as announce:
        path, manifest = ModelFinder(catalog, announce).find(name)
    try:
        entry = catalog.entry(path.name)
    except CatalogError:
        entry = None
    known = isinstance(entry, ModelEntry) and manifest == entry.manifest and path.stat().st_size == entry.files[0].size
    return Given(path, manifest, entry if known and isinstance(entry, ModelEntry) else None)


def _told(one: Exported) -> dict[str, Any]:
    def tensors(found: Any) -> list[dict[str, Any]]:
        return [{"name": t.name, "shape": t.shape, "dtype": t.dtype} for t in found]

    return {
        "name": one.name, "path": one.path, "backend": one.backend, "max_batch_size": one.batch,
        "inputs": tensors(one.facts.inputs), "outputs": tensors(one.facts.outputs), "notes": one.notes,
    }  # fmt: skip
