"""Fold the normalisation of the image into the first convolution, but for the mean.

(x / 255 - mean) / deviation becomes x - 255 mean, and the convolution's weights are divided by
255 deviation. The mean stays, so that a convolution's padding still stands for the mean colour.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx

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
    chain = _chain(graph, weights)
    if not chain:
        return out
    source, normalised = chain[0].input[0], chain[-1].output[0]
    readers = [each for each in graph.node if normalised in each.input]
    if not all(_can_take(each, weights) for each in readers):
        return out
    scale, shift = _scale_and_shift(chain, weights)
    for index, each in enumerate(readers):
        weight = weights[each.input[1]] * scale
        each.input[1] = add_weight(graph, f'{normalised}.weight_{index}', weight)
    mean = add_weight(graph, f'{normalised}.mean', -shift / scale)
    centred = onnx.helper.make_node('Sub', [source, mean], [normalised], name=chain[0].name)
    with_nodes(
        graph,
        [
            centred if each is chain[0] else each
            for each in graph.node
            if each is chain[0] or each not in chain
        ],
    )
    return out


def _chain(graph: onnx.GraphProto, weights: Weights) -> list[onnx.NodeProto]:
    """Return the nodes after the image's cast that scale or shift channels by constants."""
    chain = list[onnx.NodeProto]()
    tensor = graph.input[0].name
    while True:
        readers = [each for each in graph.node if tensor in each.input]
        if len(readers) != 1:
            return chain
        [node] = readers
        is_effect = node.op_type in _EFFECTS and _is_of_channels(weights.get(node.input[1]))
        if is_effect and node.input[0] == tensor:
            chain.append(node)
        elif chain or node.op_type not in _BEFORE:
            return chain
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
