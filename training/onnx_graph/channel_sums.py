"""Sums of exponentials over channels as convolutions with ones.

OpenVINO keeps maps with their channels side by side, where adding channels up takes it several
times as long as a convolution, which runs on the matrix unit, if there is one, and without a
change of layout. A sum counts as many channels as the unit takes at a time: where a 1x1
convolution makes nothing but the exponents, it gets channels of zeros that the sum leaves out.
"""

from typing import Final

import numpy as np
import onnx

from training.onnx_graph.weights import (
    CHANNELS,
    Array,
    Weights,
    add_weight,
    attribute_of,
    copy_of,
    is_pointwise,
    map_shapes,
    weights_of,
    with_nodes,
)

_BLOCK: Final = 32
"""Channels of bf16 that AMX takes at a time."""


def with_channel_sums(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the same function, each sum of exponentials over channels as a convolution."""
    out = copy_of(model)
    graph, weights, shapes = out.graph, weights_of(out.graph), map_shapes(out)
    makers = {name: node for node in graph.node for name in node.output}
    nodes = list[onnx.NodeProto]()
    for node in graph.node:
        if not _adds_exponentials(node, weights, makers) or node.input[0] not in shapes:
            nodes.append(node)
            continue
        count = shapes[node.input[0]][0]
        is_padded = _pad(makers[node.input[0]], -count % _BLOCK, graph, weights, makers)
        ones = np.ones(count, np.float32)
        if is_padded:
            ones = np.pad(ones, (0, -count % _BLOCK))
        nodes += _convolution(node, ones, graph)
    with_nodes(graph, nodes)
    return out


def _adds_exponentials(
    node: onnx.NodeProto, weights: Weights, makers: dict[str, onnx.NodeProto]
) -> bool:
    if node.op_type != 'ReduceSum' or len(node.input) < 2 or node.input[0] not in makers:
        return False
    axes = weights.get(node.input[1])
    is_over_channels = axes is not None and axes.tolist() == [CHANNELS]
    return is_over_channels and makers[node.input[0]].op_type == 'Exp'


def _pad(
    exponential: onnx.NodeProto,
    padding: int,
    graph: onnx.GraphProto,
    weights: Weights,
    makers: dict[str, onnx.NodeProto],
) -> bool:
    """Give the 1x1 convolution that makes the exponents more rows, of zeros, where there is one.

    Between them may be a multiplication by a number.
    """
    names = [exponential.output[0], exponential.input[0]]
    maker = makers.get(names[-1])
    if maker is not None and maker.op_type == 'Mul':
        maps = [each for each in maker.input if each not in weights or weights[each].size > 1]
        if len(maps) != 1:
            return False
        names += maps
        maker = makers.get(names[-1])
    if maker is None or not is_pointwise(maker, weights) or not _are_read_once(names, graph):
        return False
    for place, source in enumerate(maker.input[1:], start=1):
        rows = [(0, padding), *[(0, 0)] * (weights[source].ndim - 1)]
        padded = np.pad(weights[source], rows)
        maker.input[place] = add_weight(graph, f'{names[-1]}.padded_{place}', padded)
    kept = [each for each in graph.value_info if each.name not in names]
    del graph.value_info[:]
    graph.value_info.extend(kept)
    return True


def _are_read_once(names: list[str], graph: onnx.GraphProto) -> bool:
    read = [name for node in graph.node for name in node.input]
    read += [each.name for each in graph.output]
    return all(read.count(name) == 1 for name in names)


def _convolution(
    node: onnx.NodeProto, ones: Array, graph: onnx.GraphProto
) -> list[onnx.NodeProto]:
    """Return the nodes that compute the sum of `node`, by weights (C,) of its channels."""
    name, make = node.output[0], onnx.helper.make_node
    weight = add_weight(graph, f'{name}.ones', ones.reshape(1, -1, 1, 1))
    if attribute_of(node, 'keepdims', 1):
        return [make('Conv', [node.input[0], weight], [name], name=node.name)]
    return [
        make('Conv', [node.input[0], weight], [f'{name}.kept'], name=node.name),
        make('Squeeze', [f'{name}.kept', node.input[1]], [name], name=f'{node.name}.squeezed'),
    ]
