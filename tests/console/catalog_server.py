"""A web server that misbehaves on request, and a catalogue of one entry that points at it."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from console.catalog.entries import Book

CONTENT = random.Random(7).randbytes(600_000)
ETAG = '"v1"'

Step = Callable[[BaseHTTPRequestHandler], None]


def whole(
    content: bytes = CONTENT,
    *,
    etag: str = ETAG,
    ranges: bool = True,
    cut: int | None = None,
    length: int | None = None,
    pause_s: float = 0.0,
) -> Step:
    """Serve `content`, from the byte asked for; `cut` breaks the connection after so many bytes of the answer."""

    def step(request: BaseHTTPRequestHandler) -> None:
        asked = request.headers.get("Range", "")
        fresh = request.headers.get("If-Range", "") == etag
        start = int(asked.removeprefix("bytes=").rstrip("-")) if ranges and asked and fresh else 0
        body = content[start:]
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if etag:
            request.send_header("ETag", etag)
        if length != -1:
            request.send_header("Content-Length", str(len(body) if length is None else length))
        request.end_headers()
        body = body if cut is None else body[:cut]
        step_by = 20_000 if pause_s else len(body) or 1
        for at in range(0, len(body), step_by):
            request.wfile.write(body[at : at + step_by])
            time.sleep(pause_s)

    return step


def status(code: int) -> Step:
    """Answer with a status and nothing else."""

    def step(request: BaseHTTPRequestHandler) -> None:
        request.send_response(code)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return step


def redirect(to: str) -> Step:
    """Send the client on."""

    def step(request: BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", to)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return step


def hang(seconds: float) -> Step:
    """Say nothing for a while, then go away."""
    return lambda _request: time.sleep(seconds)


@dataclass
class Server:
    """`steps` answer one request each; the last one answers all that follow."""

    steps: list[Step] = field(default_factory=lambda: [whole()])
    asked: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""

    def next_step(self, path: str, asked_range: str) -> Step:
        self.asked.append((path, asked_range))
        return self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]

    @property
    def ranges(self) -> list[str]:
        """The Range header of every request so far."""
        return [asked for _, asked in self.asked]


@contextmanager
def serving() -> Iterator[Server]:
    """A server on this machine, for as long as the block lasts."""
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with suppress(BrokenPipeError, ConnectionResetError):  # clients that go away are what some tests are about
                server.next_step(self.path, self.headers.get("Range", ""))(self)

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = False  # so that closing waits for them

        def handle_error(self, *_: object) -> None:
            pass

    with Quiet(("127.0.0.1", 0), Handler) as http:
        server.url = f"http://127.0.0.1:{http.server_port}/weights.bin"
        thread = threading.Thread(target=http.serve_forever, args=(0.02,), name="test-server")
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()


def book(*sources: dict, content: bytes = CONTENT, name: str = "thing", more: tuple[dict, ...] = ()) -> Book:
    """A catalogue whose one model has one file with these sources (and `more` files after it)."""
    files = [file_of(f"{name}.bin", content, *sources), *more]
    entry = {"name": name, "title": "T", "good_for": "tests", "licence": "MIT", "origin": "here", "files": files}
    return Book.model_validate({"demo": {"models": [name], "clips": []}, "models": [entry], "clips": []})


def file_of(name: str, content: bytes, *sources: dict) -> dict:
    """A file as the catalogue writes it."""
    return {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest(), "sources": list(sources)}
