"""Which nodes of a deployable graph prepare the image, are the network, or make labels and energy.

Found by structure. The network ends with its last layers of weights. A vector scaled to length 1,
an exponential, a logarithm and whatever follows them belong to the head, so the similarities with
patterns of a memory do too, though they are convolutions.
"""

from collections.abc import Iterable, Sequence
from typing import Final, Literal

import onnx

Part = Literal['preparation', 'network', 'head']

_WEIGHTED: Final = frozenset({'Conv', 'ConvTranspose', 'Gemm', 'MatMul'})
_HEAD_STARTS: Final = frozenset({'ReduceL2', 'Exp', 'Log', 'ReduceLogSumExp', 'ArgMax'})
_PREPARING: Final = frozenset(
    {'Transpose', 'Cast', 'Sub', 'Div', 'Mul', 'Add', 'QuantizeLinear', 'DequantizeLinear'}
)


def name_nodes(model: onnx.ModelProto) -> None:
    """Give every node a name of its own, in place; other tools know nodes by their names."""
    seen = set[str]()
    for index, node in enumerate(model.graph.node):
        if not node.name or node.name in seen:
            node.name = f'{node.name or node.op_type}_{index}'
        seen.add(node.name)


def parts_of(model: onnx.ModelProto) -> dict[str, Part]:
    """Return the part that each node belongs to, by the node's name; names must differ."""
    nodes = list(model.graph.node)
    constants = constant_names(model)
    weighted = {each.name for each in nodes if _is_weighted(each, constants)}
    head = _with_followers(nodes, {each.name for each in nodes if each.op_type in _HEAD_STARTS})
    leads_on = _with_leaders(nodes, weighted - head)
    follows = _with_followers(nodes, weighted - head)
    parts = dict[str, Part]()
    prepared = {each.name for each in model.graph.input} | constants
    for node in nodes:
        if node.name in head or node.name not in leads_on:
            parts[node.name] = 'head'
        elif (
            node.name not in follows
            and node.op_type in _PREPARING
            and prepared.issuperset(filter(None, node.input))
        ):
            parts[node.name] = 'preparation'
            prepared |= set(node.output)
        else:
            parts[node.name] = 'network'
    return parts


def last_layers(model: onnx.ModelProto) -> list[str]:
    """Return the names of the network's last layers of weights: classifier and heads."""
    constants, parts = constant_names(model), parts_of(model)
    of_network = [each for each in model.graph.node if parts[each.name] == 'network']
    weighted = {each.name for each in of_network if _is_weighted(each, constants)}
    inner = {
        each.name
        for each in of_network
        if not weighted.isdisjoint(_with_followers(of_network, {each.name}) - {each.name})
    }
    return [each.name for each in of_network if each.name in weighted - inner]


def constant_names(model: onnx.ModelProto) -> set[str]:
    """Return the tensors that are the same for every image."""
    constants = {each.name for each in model.graph.initializer}
    for node in model.graph.node:
        if constants.issuperset(filter(None, node.input)):
            constants |= set(node.output)
    return constants


def _is_weighted(node: onnx.NodeProto, constants: set[str]) -> bool:
    return node.op_type in _WEIGHTED and not constants.isdisjoint(node.input)


def _with_followers(nodes: Sequence[onnx.NodeProto], names: Iterable[str]) -> set[str]:
    """Add all nodes that depend on the named ones; nodes stand in order of execution."""
    found, tensors = set(names), set[str]()
    for node in nodes:
        if node.name in found or not tensors.isdisjoint(node.input):
            found.add(node.name)
            tensors |= set(node.output)
    return found


def _with_leaders(nodes: Sequence[onnx.NodeProto], names: Iterable[str]) -> set[str]:
    """Add all nodes that the named ones depend on."""
    found, tensors = set(names), set[str]()
    for node in reversed(nodes):
        if node.name in found or not tensors.isdisjoint(node.output):
            found.add(node.name)
            tensors |= set(filter(None, node.input))
    return found
