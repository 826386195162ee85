"""What OpenVINO says of a network's inputs and outputs, and how many pictures it takes at once."""

from __future__ import annotations

from typing import Any

from models.manifest import PictureInput, TensorFacts


def name_of(port: Any) -> str:
    """The name the file gives an input or output: a tensor may have several, its node's own is the graph's."""
    given = str(port.get_node().get_friendly_name())
    return given if given in port.get_names() else str(port.get_any_name())


def facts_of(port: Any) -> TensorFacts:
    """An input or output as the file states it."""
    shape = tuple(d.get_length() if d.is_static else None for d in port.get_partial_shape())
    return TensorFacts(name_of(port), shape, port.get_element_type().get_type_name())


def shape_of(picture: PictureInput, pictures: Any) -> list[Any]:
    """The input's shape for so many pictures of its size."""
    height, width = picture.height, picture.width
    return [pictures, 3, height, width] if picture.layout == "NCHW" else [pictures, height, width, 3]


def takes_batch(model: Any, picture: PictureInput, wished: int) -> int:
    """How many of the wished pictures a model takes at once: one, unless all of its outputs follow their number.

    An SSD's one list of boxes for all pictures does not, nor does a reshape to fixed numbers inside. The model is left
    with its size fixed, and with from 1 to that many pictures.
    """
    import openvino

    if wished > 1:
        try:
            model.reshape({picture.name: openvino.PartialShape(shape_of(picture, openvino.Dimension(1, wished)))})
            first = [port.get_partial_shape()[0] for port in model.outputs]
        except (RuntimeError, IndexError):  # it can't be reshaped so, or answers with a number without dimensions
            first = []
        if first and all((of.get_min_length(), of.get_max_length()) == (1, wished) for of in first):
            return wished
    model.reshape({picture.name: shape_of(picture, 1)})
    return 1
