"""What MLServer runs in the tests: an ONNX file through ONNX Runtime, its metadata taken from the file."""

from __future__ import annotations

import numpy as np
import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse, MetadataTensor

DATATYPES = {"tensor(float)": "FP32", "tensor(uint8)": "UINT8", "tensor(int64)": "INT64"}


class OnnxModel(MLModel):
    """A custom runtime, as MLServer calls it."""

    async def load(self) -> bool:
        """Read the file that the settings' parameters name."""
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        self._session = onnxruntime.InferenceSession(
            self.settings.parameters.uri, options, providers=["CPUExecutionProvider"]
        )
        self.inputs = [self._metadata(node) for node in self._session.get_inputs()]
        self.outputs = [self._metadata(node) for node in self._session.get_outputs()]
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """One request, as it comes."""
        given = payload.inputs[0]
        pictures = np.ascontiguousarray(NumpyCodec.decode_input(given))
        names = [node.name for node in self._session.get_outputs()]
        answers = self._session.run(names, {given.name: pictures})
        return InferenceResponse(
            model_name=self.name,
            model_version=self.version,
            outputs=[NumpyCodec.encode_output(name, answer) for name, answer in zip(names, answers, strict=True)],
        )

    @staticmethod
    def _metadata(node) -> MetadataTensor:
        shape = [d if isinstance(d, int) and d > 0 else -1 for d in node.shape]
        return MetadataTensor(name=node.name, datatype=DATATYPES[node.type], shape=shape)
