"""A deployable graph whose network computes in fp16, with fp32 before and after it."""

from typing import Final

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from training.onnx_graph.graph_parts import parts_of
from training.onnx_graph.weights import with_nodes

_FLOAT32_INPUTS: Final = {'Resize': (1, 2)}
"""Inputs that stay fp32 in every precision, by operator: ONNX allows no other type there."""


class HalfPrecisionError(ValueError):
    """A graph that cannot be written in fp16; the message says which tensor."""


def in_half_precision(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the graph with the nodes of the network and their weights in fp16.

    Casts stand between the parts, so types are explicit, as TensorRT's strongly typed networks
    need it.

    Raises:
        HalfPrecisionError: a weight is too large for fp16.
    """
    out = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    parts = parts_of(out)
    rewriter = _Rewriter(out.graph)
    nodes = [
        rewritten
        for node in out.graph.node
        for rewritten in rewriter.rewritten(node, is_half=parts[node.name] == 'network')
    ]
    out.graph.initializer.extend(rewriter.half_weights.values())
    with_nodes(out.graph, nodes)
    del out.graph.value_info[:]
    onnx.checker.check_model(out)
    return onnx.shape_inference.infer_shapes(out, strict_mode=True)


class _Rewriter:
    """Walks the nodes in their order and keeps which tensors are there in which type."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        typed = [*graph.input, *graph.value_info, *graph.output]
        self._floats = {
            each.name for each in typed if each.type.tensor_type.elem_type == TensorProto.FLOAT
        }
        self._weights = {each.name: each for each in graph.initializer}
        self._floats |= {
            name for name, each in self._weights.items() if each.data_type == TensorProto.FLOAT
        }
        self._halves = set[str]()
        self._casts = set[str]()
        self.half_weights = dict[str, onnx.TensorProto]()

    def rewritten(self, node: onnx.NodeProto, *, is_half: bool) -> list[onnx.NodeProto]:
        """Return the node, in the type of its part, behind the casts that it needs."""
        casts = list[onnx.NodeProto]()
        for place, name in enumerate(node.input):
            if name not in self._floats:
                continue
            wants_half = is_half and place not in _FLOAT32_INPUTS.get(node.op_type, ())
            if wants_half and name in self._weights:
                node.input[place] = self._half_weight(name)
            elif wants_half != (name in self._halves):
                node.input[place] = self._cast(name, wants_half, casts)
        if is_half:
            self._halves |= self._floats.intersection(node.output)
            _set_types(node)
        return [*casts, node]

    def _cast(self, name: str, to_half: bool, casts: list[onnx.NodeProto]) -> str:
        target = f'{name}.fp16' if to_half else f'{name}.fp32'
        if target not in self._casts:
            self._casts.add(target)
            to = TensorProto.FLOAT16 if to_half else TensorProto.FLOAT
            casts.append(
                onnx.helper.make_node('Cast', [name], [target], name=f'cast_{target}', to=to)
            )
        return target

    def _half_weight(self, name: str) -> str:
        target = f'{name}.fp16'
        if target not in self.half_weights:
            with np.errstate(over='ignore'):
                half = numpy_helper.to_array(self._weights[name]).astype(np.float16)
            if not np.isfinite(half).all():
                raise HalfPrecisionError(
                    f'{name} holds a number above 65504, the largest of fp16; export fp32, or '
                    'ask the runtime for bf16'
                )
            self.half_weights[target] = numpy_helper.from_array(half, target)
        return target


def _set_types(node: onnx.NodeProto) -> None:
    """Let what a node says of fp32 in its attributes say fp16."""
    for attribute in node.attribute:
        if node.op_type == 'Cast' and attribute.name == 'to' and attribute.i == TensorProto.FLOAT:
            attribute.i = TensorProto.FLOAT16
        if attribute.name == 'value' and attribute.t.data_type == TensorProto.FLOAT:
            half = numpy_helper.to_array(attribute.t).astype(np.float16)
            attribute.t.CopyFrom(numpy_helper.from_array(half, attribute.t.name))
