"""The loop somebody would write who has one runtime, one model and nothing else: what the product is compared with."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from backends.onnxruntime_providers import asked
from models.frames import Picture
from models.manifest import PictureInput


@dataclass(frozen=True, slots=True)
class Task:
    """What a bare loop runs.

    Attributes:
        path: the model's file.
        picture: its picture input.
        device: as the runtime names it.
        draw: draws a picture into a uint8 (1, H, W, 3) buffer, as the product's letterbox does; what it gives back
            undoes it.
        read: reads the boxes of an answer, from it and what `draw` gave; None: answers are thrown away.
        pictures: without end.
        in_flight: how many run at once.
        exact: in f32.
        seconds: for so long.
    """

    path: Path
    picture: PictureInput
    device: str
    draw: Callable[[Picture, Any], Any]
    read: Callable[[Mapping[str, Any], Any], object] | None
    pictures: Iterator[Picture]
    in_flight: int
    exact: bool
    seconds: float


def openvino(task: Task) -> float:
    """Pictures a second through OpenVINO's AsyncInferQueue."""
    import openvino as ov  # noqa: PLC0415
    from openvino.preprocess import ColorFormat, PrePostProcessor  # noqa: PLC0415

    picture, core = task.picture, ov.Core()
    height, width, model = picture.height, picture.width, core.read_model(task.path)
    model.reshape({picture.name: [1, 3, height, width] if picture.layout == "NCHW" else [1, height, width, 3]})
    steps = PrePostProcessor(model)
    item = steps.input(picture.name)
    item.tensor().set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC")).set_color_format(ColorFormat.BGR)
    item.model().set_layout(ov.Layout(picture.layout))
    if picture.color == "RGB":
        item.preprocess().convert_color(ColorFormat.RGB)
    if picture.dtype == "float32":
        item.preprocess().convert_element_type(ov.Type.f32).mean(list(picture.mean)).scale(list(picture.std))
    config = {"PERFORMANCE_HINT": "THROUGHPUT"} | ({"INFERENCE_PRECISION_HINT": "f32"} if task.exact else {})
    requests = ov.AsyncInferQueue(core.compile_model(steps.build(), task.device, config), task.in_flight)
    buffers = [np.empty((1, height, width, 3), np.uint8) for _ in range(task.in_flight)]
    if (read := task.read) is not None:
        requests.set_callback(lambda done, box: read({o.any_name: array for o, array in done.results.items()}, box))
    begin, count = time.perf_counter(), 0
    while time.perf_counter() - begin < task.seconds:
        buffer = buffers[requests.get_idle_request_id()]
        box = task.draw(next(task.pictures), buffer)
        requests.start_async({picture.name: buffer}, box, share_inputs=True)
        count += 1
    requests.wait_all()
    return count / (time.perf_counter() - begin)


def onnxruntime(task: Task) -> float:
    """Pictures a second through one session of ONNX Runtime, with a thread for each picture in flight."""
    import onnxruntime as ort  # noqa: PLC0415

    options, providers = ort.SessionOptions(), dict.fromkeys([asked(task.device).kind.provider, "CPUExecutionProvider"])
    options.intra_op_num_threads = max((os.cpu_count() or 1) // task.in_flight, 1)
    session = ort.InferenceSession(task.path, options, list(providers))
    names, swap = [node.name for node in session.get_outputs()], task.picture.color == "RGB"
    lock, done = threading.Lock(), [0] * task.in_flight
    begin = time.perf_counter()

    def work(place: int) -> None:
        buffer = np.empty((1, task.picture.height, task.picture.width, 3), np.uint8)
        while time.perf_counter() - begin < task.seconds:
            with lock:
                shown = next(task.pictures)
            box = task.draw(shown, buffer)
            outputs = session.run(names, {task.picture.name: cv2.dnn.blobFromImage(buffer[0], swapRB=swap)})
            if task.read is not None:
                task.read(dict(zip(names, outputs, strict=True)), box)
            done[place] += 1

    threads = [threading.Thread(target=work, args=(place,)) for place in range(task.in_flight)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - begin)


LOOPS: dict[str, Callable[[Task], float]] = {"openvino": openvino, "onnxruntime": onnxruntime}


def fits(runtime: str, picture: PictureInput) -> bool:
    """Whether the runtime has a bare loop that feeds this input right."""
    plain = picture.layout == "NCHW" and picture.dtype == "float32"
    unscaled = not any(picture.mean) and set(picture.std) == {1.0}
    return runtime == "openvino" or (runtime == "onnxruntime" and plain and unscaled)
