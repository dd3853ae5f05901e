"""Read, add and drop the weights of an ONNX graph."""

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

Array = npt.NDArray[np.float32]


def copy_of(model: onnx.ModelProto) -> onnx.ModelProto:
    out = onnx.ModelProto()
    out.CopyFrom(model)
    return out


def weights_of(graph: onnx.GraphProto) -> dict[str, npt.NDArray[Any]]:
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
