"""A real tritonserver on a model repository, on loopback.

It is the one of nvidia-pytriton, which comes without the backends that run ONNX and OpenVINO files. Triton takes a
backend written in Python for any: the two here run the repository's own files with onnxruntime and OpenVINO. So the
server, its reading of layout and configuration, its batching and its protocols are NVIDIA's; NVIDIA's libraries for
the two formats are not tried.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Self

from tests.servers import environments
from tests.servers.pytriton_server import free_ports

START_S = 60.0
_BACKEND = Path(__file__).with_name("triton_backend.py")


class TritonRepository:
    """The server; ready when this returns, unless a model failed and `strict` is off.

    Args:
        work: a folder of its own.
        repository: of models.
        backends: which of them it has.

    Attributes:
        grpc, http: ports.
    """

    def __init__(self, work: Path, repository: Path, backends: tuple[str, ...] = ("onnxruntime", "openvino")) -> None:
        python = environments.python_of("pytriton")
        (package,) = python.parent.parent.glob("lib/python3*/site-packages")
        home, folder = package / "pytriton" / "tritonserver", work / "backends"
        shutil.copytree(home / "backends" / "python", folder / "python")
        shutil.copytree(home / "python_backend_stubs" / "3.11", folder / "python", dirs_exist_ok=True)
        for name in backends:
            (folder / name).mkdir()
            shutil.copyfile(_BACKEND, folder / name / "model.py")
        self.grpc, self.http = free_ports(2)
        self.log = work / "triton.log"
        libraries = [home / "external_libs", home / "lib", package / "nvidia_pytriton.libs"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    str(home / "bin" / "tritonserver"), f"--model-repository={repository}",
                    f"--backend-directory={folder}", f"--http-port={self.http}", f"--grpc-port={self.grpc}",
                    "--http-address=127.0.0.1", "--grpc-address=127.0.0.1", "--allow-metrics=false",
                    "--exit-timeout-secs=2", "--disable-auto-complete-config",
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=os.environ | {
                    "LD_LIBRARY_PATH": ":".join(map(str, libraries)), "PYTHONNOUSERSITE": "1",
                    "PATH": f"{python.parent}:{os.environ['PATH']}",
                    "SIGHTDESK_TESTS_PACKAGES": sysconfig.get_paths()["platlib"],
                },
            )  # fmt: skip

    def wait(self) -> bool:
        """Whether it became ready; False: it ended, and its log says why."""
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/v2/health/ready", timeout=5):
                    return True
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.1)
        return False

    def said(self) -> str:
        """Its log."""
        return self.log.read_text(errors="replace")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
