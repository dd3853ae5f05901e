"""Take out batch norm that torch leaves in a graph: norms before a convolution, not after it."""

from collections import defaultdict
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from training.onnx_graph.weights import (
    Array,
    add_weight,
    copy_of,
    is_of_one_group,
    weights_of,
    with_nodes,
)

Weights = dict[str, npt.NDArray[Any]]


def without_batch_norm(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the same function with batch norm inside the convolutions that read it.

    Where another node reads it, or a convolution pads it with zeros, it becomes a multiplication
    and an addition, which any precision can hold.
    """
    out = copy_of(model)
    graph, weights = out.graph, weights_of(out.graph)
    readers = defaultdict[str, list[onnx.NodeProto]](list)
    for node in graph.node:
        for name in node.input:
            readers[name].append(node)
    outputs = {each.name for each in graph.output}
    kept = list[onnx.NodeProto]()
    for node in graph.node:
        if node.op_type != 'BatchNormalization' or not weights.keys() >= set(node.input[1:]):
            kept.append(node)
            continue
        scale, shift = _scale_and_shift(node, weights)
        source, normed = node.input[0], node.output[0]
        if normed not in outputs and all(_can_take(each, weights) for each in readers[normed]):
            for each in readers[normed]:
                _fold(each, scale, shift, weights, graph)
                each.input[0] = source
                readers[source].append(each)
        else:
            kept += _multiply_add(node, scale, shift, graph)
    with_nodes(graph, kept)
    return out


def _scale_and_shift(node: onnx.NodeProto, weights: Weights) -> tuple[Array, Array]:
    """Return (C,) and (C,) so that the norm of x is x * scale + shift."""
    gain, bias, mean, variance = (weights[name].astype(np.float64) for name in node.input[1:5])
    epsilon = next((each.f for each in node.attribute if each.name == 'epsilon'), 1e-5)
    scale = gain / np.sqrt(variance + epsilon)
    return scale.astype(np.float32), (bias - mean * scale).astype(np.float32)


def _can_take(node: onnx.NodeProto, weights: Weights) -> bool:
    """Whether a node is a convolution of one group without padding."""
    attributes = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
    return (
        node.op_type == 'Conv'
        and all(name in weights for name in node.input[1:])
        and is_of_one_group(node)
        and not any(attributes.get('pads', ()))
        and attributes.get('auto_pad', b'NOTSET') in (b'NOTSET', b'VALID')
    )


def _fold(
    convolution: onnx.NodeProto,
    scale: Array,
    shift: Array,
    weights: Weights,
    graph: onnx.GraphProto,
) -> None:
    weight = weights[convolution.input[1]]
    bias = weights[convolution.input[2]] if len(convolution.input) > 2 else 0
    added = np.einsum('oihw,i->o', weight.astype(np.float64), shift.astype(np.float64))
    name = f'{convolution.output[0]}.of_norm'
    del convolution.input[1:]
    convolution.input.append(
        add_weight(graph, f'{name}.weight', weight * scale[None, :, None, None])
    )
    convolution.input.append(add_weight(graph, f'{name}.bias', bias + added))


def _multiply_add(
    node: onnx.NodeProto, scale: Array, shift: Array, graph: onnx.GraphProto
) -> list[onnx.NodeProto]:
    name = node.output[0]
    make = onnx.helper.make_node
    by = add_weight(graph, f'{name}.scale', scale[:, None, None])
    plus = add_weight(graph, f'{name}.shift', shift[:, None, None])
    return [
        make('Mul', [node.input[0], by], [f'{name}.scaled'], name=f'{node.name}.scale'),
        make('Add', [f'{name}.scaled', plus], [name], name=f'{node.name}.shift'),
    ]
