"""Fold the normalisation of the image into the first convolution, but for the mean.

(x / 255 - mean) / deviation becomes x - 255 mean, and the convolution's weights are divided by
255 deviation. The mean stays, so that a convolution's padding still stands for the mean colour.
It is subtracted, a row of pixels at a time, before the channels are moved to the front: OpenVINO,
which keeps channels side by side, has nothing to move then.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto

from training.onnx_graph.weights import (
    add_weight,
    copy_of,
    is_of_one_group,
    weights_of,
    with_nodes,
)

Weights = dict[str, npt.NDArray[Any]]
Affine = tuple[Any, Any]
"""Scale and shift, float64 (1, 3, 1, 1)."""

_EFFECTS: Final[Mapping[str, Callable[[Any, Any, Any], Affine]]] = MappingProxyType(
    {
        'Mul': lambda scale, shift, by: (scale * by, shift * by),
        'Div': lambda scale, shift, by: (scale / by, shift / by),
        'Add': lambda scale, shift, by: (scale, shift + by),
        'Sub': lambda scale, shift, by: (scale, shift - by),
    }
)
"""What an operator makes of x * scale + shift."""
_BEFORE: Final = ('Transpose', 'Cast')


def with_folded_normalisation(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the same function, folded where convolutions alone read the normalised image."""
    out = copy_of(model)
    graph, weights = out.graph, weights_of(out.graph)
    before, chain = _nodes_up_to_the_network(graph, weights)
    if not chain or sorted(each.op_type for each in before) != ['Cast', 'Transpose']:
        return out
    normalised = chain[-1].output[0]
    readers = [each for each in graph.node if normalised in each.input]
    if not all(_can_take(each, weights) for each in readers):
        return out
    scale, shift = _scale_and_shift(chain, weights)
    for index, each in enumerate(readers):
        weight = weights[each.input[1]] * scale
        each.input[1] = add_weight(graph, f'{normalised}.weight_{index}', weight)
    replaced = [*before, *chain]
    first = _centred(graph, before, normalised, -shift / scale)
    kept = [each for each in graph.node if each not in replaced]
    with_nodes(graph, [*first, *kept])
    return out


def _centred(
    graph: onnx.GraphProto, before: list[onnx.NodeProto], name: str, mean: npt.NDArray[np.float64]
) -> list[onnx.NodeProto]:
    """Return the nodes from the image to `name`, its planes less their mean (1, 3, 1, 1)."""
    image, make = graph.input[0], onnx.helper.make_node
    width = image.type.tensor_type.shape.dim[2].dim_value
    row = add_weight(graph, f'{name}.mean', np.tile(mean.reshape(1, 1, 1, 3), (1, 1, width, 1)))
    names = {each.op_type: each.name for each in before}
    return [
        make('Cast', [image.name], [f'{name}.floats'], name=names['Cast'], to=TensorProto.FLOAT),
        make('Sub', [f'{name}.floats', row], [f'{name}.centred'], name=f'{name}.centre'),
        make('Transpose', [f'{name}.centred'], [name], name=names['Transpose'], perm=[0, 3, 1, 2]),
    ]


def _nodes_up_to_the_network(
    graph: onnx.GraphProto, weights: Weights
) -> tuple[list[onnx.NodeProto], list[onnx.NodeProto]]:
    """Return what brings the image to floats and planes, and what scales or shifts channels."""
    before, chain = list[onnx.NodeProto](), list[onnx.NodeProto]()
    tensor = graph.input[0].name
    while True:
        readers = [each for each in graph.node if tensor in each.input and each.op_type != 'Shape']
        if len(readers) != 1:
            return before, chain
        [node] = readers
        is_effect = node.op_type in _EFFECTS and _is_of_channels(weights.get(node.input[1]))
        if is_effect and node.input[0] == tensor:
            chain.append(node)
        elif not chain and node.op_type in _BEFORE:
            before.append(node)
        else:
            return before, chain
        tensor = node.output[0]


def _scale_and_shift(chain: list[onnx.NodeProto], weights: Weights) -> Affine:
    found: Affine = np.ones((1, 3, 1, 1)), np.zeros((1, 3, 1, 1))
    for node in chain:
        found = _EFFECTS[node.op_type](*found, weights[node.input[1]].astype(np.float64))
    return found


def _is_of_channels(values: npt.NDArray[Any] | None) -> bool:
    return values is not None and values.shape in ((), (1,), (3, 1, 1), (1, 3, 1, 1))


def _can_take(node: onnx.NodeProto, weights: Weights) -> bool:
    return node.op_type == 'Conv' and node.input[1] in weights and is_of_one_group(node)
