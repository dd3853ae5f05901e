"""Compute slices of a 1x1 convolution's channels by convolutions of their own.

A classifier's class logits are its first K channels. Cutting them out of its output costs a copy,
which takes OpenVINO longer than the classifier itself.
"""

import onnx

from training.onnx_graph.weights import (
    CHANNELS,
    Weights,
    add_weight,
    copy_of,
    is_pointwise,
    weights_of,
    with_nodes,
)


def with_sliced_layers(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the same function, each slice of a 1x1 convolution made by the slice of its rows."""
    out = copy_of(model)
    graph, weights = out.graph, weights_of(out.graph)
    makers = {each.output[0]: each for each in graph.node if is_pointwise(each, weights)}
    nodes = list[onnx.NodeProto]()
    for node in graph.node:
        rows = _rows(node, weights)
        if rows is not None and node.input[0] in makers:
            node = _sliced(makers[node.input[0]], node, rows, weights, graph)
        nodes.append(node)
    read = {name for node in nodes for name in node.input} | {each.name for each in graph.output}
    with_nodes(graph, [each for each in nodes if each.output[0] not in makers.keys() - read])
    return out


def _sliced(
    maker: onnx.NodeProto,
    node: onnx.NodeProto,
    rows: slice,
    weights: Weights,
    graph: onnx.GraphProto,
) -> onnx.NodeProto:
    """Return the convolution that computes what `node` cuts out of the output of `maker`."""
    name = node.output[0]
    own = [
        add_weight(graph, f'{name}.rows_{place}', weights[source][rows])
        for place, source in enumerate(maker.input[1:])
    ]
    sliced = onnx.helper.make_node('Conv', [maker.input[0], *own], [name], name=node.name)
    sliced.attribute.extend(maker.attribute)
    return sliced


def _rows(node: onnx.NodeProto, weights: Weights) -> slice | None:
    """Return the channels that a node takes out; None if it is no slice of channels alone."""
    if node.op_type != 'Slice' or not all(name in weights for name in node.input[1:]):
        return None
    starts, ends, *rest = (weights[name].tolist() for name in node.input[1:])
    if rest not in ([[CHANNELS]], [[CHANNELS], [1]]):
        return None
    return slice(starts[0], ends[0])
