"""A backend of Triton in Python: runs a repository's ONNX or OpenVINO file. See triton_repository.py."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import triton_python_backend_utils as triton  # type: ignore[import-not-found]  # there where Triton runs this


class TritonPythonModel:
    """By Triton's Python backend."""

    def initialize(self, args: dict[str, str]) -> None:
        self.config = json.loads(args["model_config"])
        folder = Path(args["model_repository"]) / args["model_version"]
        self.names = [out["name"] for out in self.config["output"]]
        self.run = _onnx(folder / "model.onnx") if (folder / "model.onnx").exists() else _openvino(folder / "model.xml")

    def execute(self, requests: list[Any]) -> list[Any]:
        answers = []
        for request in requests:
            given = {
                one["name"]: triton.get_input_tensor_by_name(request, one["name"]).as_numpy()
                for one in self.config["input"]
            }
            made = self.run(given, self.names)
            answers.append(triton.InferenceResponse([triton.Tensor(name, made[name]) for name in self.names]))
        return answers


def _onnx(path: Path) -> Any:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])

    def run(given: dict[str, Any], names: list[str]) -> dict[str, Any]:
        return dict(zip(names, session.run(names, given), strict=True))

    return run


def _openvino(path: Path) -> Any:
    sys.path.append(os.environ["SIGHTDESK_TESTS_PACKAGES"])  # last: numpy is this environment's own
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    model = openvino.Core().compile_model(str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    request = model.create_infer_request()

    def run(given: dict[str, Any], names: list[str]) -> dict[str, Any]:
        request.infer(given)
        return {name: request.get_tensor(name).data.copy() for name in names}

    return run
