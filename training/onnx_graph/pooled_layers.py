"""Compute means over cells of a 1x1 convolution's output by a convolution of the cell's size.

The mean is linear, so the weights can take it: one layer less, on the matrix unit, and of as many
pixels as there are cells.
"""

import numpy as np
import onnx

from training.onnx_graph.weights import (
    add_weight,
    copy_of,
    is_pointwise,
    weights_of,
    with_nodes,
)


def with_pooled_layers(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the same function, each average pooling of a 1x1 convolution as a convolution."""
    out = copy_of(model)
    graph, weights = out.graph, weights_of(out.graph)
    makers = {each.output[0]: each for each in graph.node if is_pointwise(each, weights)}
    nodes = list[onnx.NodeProto]()
    for node in graph.node:
        cell = _cell(node)
        if cell is not None and node.input[0] in makers:
            maker, name = makers[node.input[0]], node.output[0]
            mean = np.full((1, 1, *cell), 1 / (cell[0] * cell[1]))
            weight = add_weight(graph, f'{name}.of_cell', weights[maker.input[1]] * mean)
            inputs = [maker.input[0], weight, *maker.input[2:]]
            node = onnx.helper.make_node('Conv', inputs, [name], name=node.name, strides=cell)
        nodes.append(node)
    read = {name for node in nodes for name in node.input} | {each.name for each in graph.output}
    with_nodes(graph, [each for each in nodes if each.output[0] not in makers.keys() - read])
    return out


def _cell(node: onnx.NodeProto) -> list[int] | None:
    """Return height and width of the cells that a node takes the means of; None: no such node."""
    attributes = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
    cell = attributes.get('kernel_shape')
    if node.op_type != 'AveragePool' or attributes.get('strides') != cell:
        return None
    return None if any(attributes.get('pads', ())) or attributes.get('ceil_mode') else cell
