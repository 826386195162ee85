"""A Triton Inference Server on loopback, run by Debian's own Python with nvidia-pytriton: see pytriton_server.py.

Reads one JSON object a line from standard input and answers each with one on standard output. {"bind": NAME, "path":
an ONNX file, "batch": pictures a batch may hold (0: no batching; null: 8 where the file's first dimension is free),
"delay_us": how long the batcher waits} puts a model up; {"seen": NAME} tells the sizes of the batches that the model
has been given. Ends when standard input does.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading

import numpy as np
import onnxruntime
from pytriton.decorators import batch
from pytriton.model_config import DynamicBatcher, ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig, TritonSecurityConfig

KINDS = {
    "tensor(float)": np.float32,
    "tensor(uint8)": np.uint8,
    "tensor(int64)": np.int64,
    "tensor(float16)": np.float16,
}
SEEN: dict[str, list[int]] = {}


def shape_of(node, count: int) -> tuple[int, ...]:
    """A node's shape; without its first dimension where the server forms batches."""
    return tuple(d if isinstance(d, int) and d > 0 else -1 for d in node.shape)[1 if count else 0 :]


def bind(triton: Triton, name: str, path: str, count: int | None, delay_us: int) -> None:
    """Serve an ONNX file; pictures of a batch go through it one by one where its first dimension is fixed."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    given, made = session.get_inputs(), session.get_outputs()
    fixed = given[0].shape[0] == 1
    count = (0 if fixed else 8) if count is None else count
    seen = SEEN.setdefault(name, [])
    lock = threading.Lock()

    @batch
    def infer(**inputs: np.ndarray) -> dict[str, np.ndarray]:
        pictures = inputs[given[0].name]
        with lock:
            seen.append(len(pictures))
        runs = [pictures] if not fixed else [pictures[i : i + 1] for i in range(len(pictures))]
        answers = [session.run(None, {given[0].name: run}) for run in runs]
        return {node.name: np.concatenate([a[i] for a in answers]) for i, node in enumerate(made)}

    def whole(requests):
        return [infer.__wrapped__(**request.data) for request in requests]

    config = (
        ModelConfig(max_batch_size=count, batcher=DynamicBatcher(max_queue_delay_microseconds=delay_us))
        if count
        else ModelConfig(batching=False)
    )
    triton.bind(
        model_name=name,
        infer_func=infer if count else whole,
        inputs=[Tensor(name=n.name, dtype=KINDS[n.type], shape=shape_of(n, count)) for n in given],
        outputs=[Tensor(name=n.name, dtype=KINDS[n.type], shape=shape_of(n, count)) for n in made],
        config=config,
    )


def main() -> int:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--grpc", type=int, required=True)
    parser.add_argument("--http", type=int, required=True)
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--clients", help="who vouches for clients; without it any client may ask")
    options = parser.parse_args()
    answers = sys.stdout
    sys.stdout = sys.stderr  # what the libraries print is no answer
    tls = {}
    if options.certificate:
        tls = {"grpc_use_ssl": True, "grpc_server_cert": options.certificate, "grpc_server_key": options.key}
    if options.clients:
        tls |= {"grpc_use_ssl_mutual": True, "grpc_root_cert": options.clients}
    config = TritonConfig(
        grpc_port=options.grpc, http_port=options.http, grpc_address="127.0.0.1", http_address="127.0.0.1",
        allow_metrics=False, **tls,
    )  # fmt: skip
    security = TritonSecurityConfig(restricted_endpoints=[])
    with Triton(config=config, security_config=security) as triton:
        triton.run()
        answers.write('{"ready": true}\n')
        answers.flush()
        for line in sys.stdin:
            asked = json.loads(line)
            if "bind" in asked:
                bind(triton, asked["bind"], asked["path"], asked["batch"], asked["delay_us"])
                answer = {"bound": asked["bind"]}
            else:
                answer = {"seen": list(SEEN.get(asked["seen"], []))}
            answers.write(json.dumps(answer) + "\n")
            answers.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
