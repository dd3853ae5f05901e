"""Take out batch norm that torch leaves in a graph: norms before a convolution, not after it."""

from collections import defaultdict

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

Array = npt.NDArray[np.float32]


def without_batch_norm(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the same function with batch norm inside the convolutions that read it.

    Where another node reads it, or a convolution pads it with zeros, it becomes a multiplication
    and an addition, which any precision can hold.
    """
    out = onnx.ModelProto()
    out.CopyFrom(model)
    graph = out.graph
    constants = {each.name: each for each in graph.initializer}
    readers = defaultdict[str, list[onnx.NodeProto]](list)
    for node in graph.node:
        for name in node.input:
            readers[name].append(node)
    outputs = {each.name for each in graph.output}
    kept = list[onnx.NodeProto]()
    for node in graph.node:
        if node.op_type != 'BatchNormalization' or not constants.keys() >= set(node.input[1:]):
            kept.append(node)
            continue
        scale, shift = _scale_and_shift(node, constants)
        of_it = readers[node.output[0]]
        if node.output[0] not in outputs and all(_can_take(each, constants) for each in of_it):
            for each in of_it:
                _fold(each, scale, shift, graph)
                each.input[0] = node.input[0]
                readers[node.input[0]].append(each)
        else:
            kept += _multiply_add(node, scale, shift, graph)
    del graph.node[:]
    graph.node.extend(kept)
    _drop_unused(graph)
    return out


def _scale_and_shift(
    node: onnx.NodeProto, constants: dict[str, onnx.TensorProto]
) -> tuple[Array, Array]:
    """Return (C,) and (C,) so that the norm of x is x * scale + shift."""
    gain, bias, mean, variance = (
        numpy_helper.to_array(constants[name]).astype(np.float64) for name in node.input[1:5]
    )
    epsilon = next((each.f for each in node.attribute if each.name == 'epsilon'), 1e-5)
    scale = gain / np.sqrt(variance + epsilon)
    return scale.astype(np.float32), (bias - mean * scale).astype(np.float32)


def _can_take(node: onnx.NodeProto, constants: dict[str, onnx.TensorProto]) -> bool:
    """Whether a node is a convolution of one group without padding."""
    attributes = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
    return (
        node.op_type == 'Conv'
        and node.input[1] in constants
        and all(name in constants for name in node.input[2:])
        and attributes.get('group', 1) == 1
        and not any(attributes.get('pads', ()))
        and attributes.get('auto_pad', b'NOTSET') in (b'NOTSET', b'VALID')
    )


def _fold(convolution: onnx.NodeProto, scale: Array, shift: Array, graph: onnx.GraphProto) -> None:
    constants = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    weight = constants[convolution.input[1]]
    bias = constants[convolution.input[2]] if len(convolution.input) > 2 else 0
    name = f'{convolution.output[0]}.of_norm'
    added = np.einsum('oihw,i->o', weight.astype(np.float64), shift.astype(np.float64))
    _add(graph, f'{name}.weight', weight * scale[None, :, None, None])
    _add(graph, f'{name}.bias', (bias + added).astype(np.float32))
    del convolution.input[1:]
    convolution.input.extend([f'{name}.weight', f'{name}.bias'])


def _multiply_add(
    node: onnx.NodeProto, scale: Array, shift: Array, graph: onnx.GraphProto
) -> list[onnx.NodeProto]:
    name = node.output[0]
    _add(graph, f'{name}.scale', scale[:, None, None])
    _add(graph, f'{name}.shift', shift[:, None, None])
    scaled = f'{name}.scaled'
    return [
        onnx.helper.make_node(
            'Mul', [node.input[0], f'{name}.scale'], [scaled], name=f'{node.name}.scale'
        ),
        onnx.helper.make_node('Add', [scaled, f'{name}.shift'], [name], name=f'{node.name}.shift'),
    ]


def _add(graph: onnx.GraphProto, name: str, values: Array) -> None:
    graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(values), name))


def _drop_unused(graph: onnx.GraphProto) -> None:
    used = {name for node in graph.node for name in node.input}
    kept = [each for each in graph.initializer if each.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
