"""Read an ONNX graph; add and drop its weights."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

Array = npt.NDArray[np.float32]
Weights = dict[str, npt.NDArray[Any]]

CHANNELS: Final = 1
"""Axis of a map (B, C, h, w)."""


def copy_of(model: onnx.ModelProto) -> onnx.ModelProto:
    out = onnx.ModelProto()
    out.CopyFrom(model)
    return out


def weights_of(graph: onnx.GraphProto) -> Weights:
    """Return every constant tensor by its name."""
    return {each.name: numpy_helper.to_array(each) for each in graph.initializer}


def add_weight(graph: onnx.GraphProto, name: str, values: npt.NDArray[Any]) -> str:
    """Add a float32 tensor and return its name."""
    values = np.ascontiguousarray(values, np.float32)
    graph.initializer.append(numpy_helper.from_array(values, name))
    return name


def with_nodes(graph: onnx.GraphProto, nodes: list[onnx.NodeProto]) -> None:
    """Replace the nodes, in place, and drop weights that none of them reads."""
    del graph.node[:]
    graph.node.extend(nodes)
    read = {name for node in nodes for name in node.input}
    kept = [each for each in graph.initializer if each.name in read]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def is_of_one_group(node: onnx.NodeProto) -> bool:
    """Whether a convolution sees all channels."""
    return [each.i for each in node.attribute if each.name == 'group'] in ([], [1])


def is_pointwise(node: onnx.NodeProto, weights: Weights) -> bool:
    """Whether a node is a convolution of one group and one pixel with weights."""
    return (
        node.op_type == 'Conv'
        and all(name in weights for name in node.input[1:])
        and weights[node.input[1]].shape[2:] == (1, 1)
        and is_of_one_group(node)
        and not _moves(node)
    )


def _moves(node: onnx.NodeProto) -> bool:
    """Whether a convolution has strides or padding."""
    values = {each.name: each.ints for each in node.attribute}
    return any(each != 1 for each in values.get('strides', ())) or any(values.get('pads', ()))


def attribute_of(node: onnx.NodeProto, name: str, default: int) -> int:
    """Return a whole number that a node has, or the one it has unless told otherwise."""
    return next((each.i for each in node.attribute if each.name == name), default)


def map_shapes(model: onnx.ModelProto) -> dict[str, tuple[int, int, int]]:
    """Return C, h and w of each map (B, C, h, w) between nodes, by its name."""
    shapes = {
        each.name: [length.dim_value for length in each.type.tensor_type.shape.dim]
        for each in onnx.shape_inference.infer_shapes(model).graph.value_info
    }
    return {
        name: (each[1], each[2], each[3])
        for name, each in shapes.items()
        if len(each) == 4 and all(each[1:])
    }
