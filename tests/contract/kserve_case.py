"""KServe v2 in the contract suite: every model of a test is put up on one real server, which starts with the first."""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from backends.base import ModelPlace
from tests.servers import mlserver_server, pytriton_server
from tests.servers.mlserver_server import MlServer
from tests.servers.pytriton_server import Triton


class _Server(Protocol):
    def stop(self) -> None: ...
    def url(self, model: str, scheme: str = "grpc") -> str: ...


@cache
def _running(kind: str) -> tuple[_Server, Callable[[str, Path], None], Path, set[str]]:
    """A server of this run, how it takes a model, the folder it works in, and the names of its models."""
    work = Path(tempfile.mkdtemp(prefix=f"sightdesk-{kind}-"))
    server: Any = Triton(work) if kind == "triton" else MlServer(work / "models", {})

    @atexit.register
    def end() -> None:
        server.stop()
        shutil.rmtree(work, ignore_errors=True)

    return server, server.bind if kind == "triton" else server.add, work, set()


def serving(kind: str, scheme: str) -> Callable[[Path], AbstractContextManager[ModelPlace]]:
    """Brings a file to the server and yields its URL; the same content is put up once."""

    @contextmanager
    def serve(path: Path) -> Iterator[ModelPlace]:
        server, put_up, work, known = _running(kind)
        content = path.read_bytes()
        name = f"m{hashlib.sha256(content).hexdigest()[:16]}"
        if name not in known:
            kept = work / f"{name}.onnx"
            kept.write_bytes(content)
            put_up(name, kept)
            known.add(name)
        yield server.url(name, scheme)

    return serve


def cases(make: Callable[..., Any]) -> list[Any]:
    """The cases, made by `tests.contract.runtimes.Case`, which this file can't import: it is imported there."""
    triton, mlserver = ("triton", pytriton_server), ("mlserver", mlserver_server)
    return [
        make(
            f"kserve, {kind} over {scheme}", "kserve", "REMOTE", runs_on="", precision="unknown",
            why_not=server.why_not, serving=serving(kind, scheme), reads_files=False, services=True,
            soak=scheme == "http",
        )
        for (kind, server), scheme in ((triton, "grpc"), (triton, "http"), (mlserver, "grpc"))
    ]  # fmt: skip
