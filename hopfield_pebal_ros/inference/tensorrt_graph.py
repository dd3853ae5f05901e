"""A deployable graph as TensorRT takes it: fixed batch size, bytes only at its two ends.

TensorRT reads and writes uint8 tensors only through a cast between uint8 and a float type right at
the input or output (documentation of DataType.UINT8). Our graphs may transpose the uint8 image
before they cast it, and cast integer class ids straight to uint8, so both ends are rewritten here.
Class ids and image values are whole numbers up to 255 and pass through float32 unchanged.
"""

from pathlib import Path
from typing import Any, Final

from hopfield_pebal_ros.contract.deployment import IMAGE_INPUT, LABEL_OUTPUT
from hopfield_pebal_ros.inference.engine import EngineError

_INT32: Final = 6  # onnx.TensorProto.INT32
_FLOAT: Final = 1
_UINT8: Final = 2
_FLOAT_IMAGE: Final = 'image_as_float'
_FLOAT_LABELS: Final = 'label_map_as_float'


def graph_for_tensorrt(model_path: Path, batch_size: int) -> bytes:
    """Return a deployable file rewritten for TensorRT's parser.

    Raises:
        EngineError: the package onnx is missing, the file has another fixed batch size, its int8
            has zero points, or its graph computes with bytes in between.
    """
    try:
        import onnx
    except ImportError as error:
        raise EngineError(
            f'building a TensorRT plan needs the package onnx ({error}); pip install onnx'
        ) from error
    model: Any = onnx.load(model_path)
    graph = model.graph
    _check_zero_points(graph, onnx, model_path)
    del graph.value_info[:]  # noted types and lengths no longer hold
    _fix_batch(graph, batch_size, model_path)
    nodes = [onnx.helper.make_node('Cast', [IMAGE_INPUT], [_FLOAT_IMAGE], to=_FLOAT)]
    for node in graph.node:
        _rename(node.input, IMAGE_INPUT, _FLOAT_IMAGE)
        _rename(node.input, LABEL_OUTPUT, _FLOAT_LABELS)
        _rename(node.output, LABEL_OUTPUT, _FLOAT_LABELS)
        nodes += _without_bytes(node, onnx.helper) if _casts_to_bytes(node) else [node]
    nodes.append(onnx.helper.make_node('Cast', [_FLOAT_LABELS], [LABEL_OUTPUT], to=_UINT8))
    del graph.node[:]
    graph.node.extend(nodes)
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise EngineError(
            f'the graph of {model_path} cannot be rewritten for TensorRT: {error}; export it again'
        ) from error
    return bytes(model.SerializeToString())


def _check_zero_points(graph: Any, onnx: Any, model_path: Path) -> None:
    """Refuse what is not symmetric int8: uint8 activations, shifted ones, int32 biases."""
    quantising = ('QuantizeLinear', 'DequantizeLinear')
    used = {node.input[2] for node in graph.node if node.op_type in quantising and node.input[2:]}
    for weight in graph.initializer:
        if weight.name in used:
            zero_point = onnx.numpy_helper.to_array(weight)
            if zero_point.dtype != 'int8' or zero_point.any():
                raise EngineError(
                    f'{model_path} is quantised to {zero_point.dtype} around {zero_point.max()}, '
                    'TensorRT takes int8 around 0 only; export it with --precision fp16'
                )


def _fix_batch(graph: Any, batch_size: int, model_path: Path) -> None:
    for tensor in (*graph.input, *graph.output):
        batch = tensor.type.tensor_type.shape.dim[0]
        if batch.HasField('dim_value') and batch.dim_value != batch_size:
            raise EngineError(
                f'{model_path} has a fixed batch of {batch.dim_value}, asked for {batch_size}; '
                f'use --batch-size {batch.dim_value}, or export it with a dynamic batch'
            )
        batch.dim_value = batch_size


def _rename(names: Any, old: str, new: str) -> None:
    names[:] = [new if name == old else name for name in names]


def _casts_to_bytes(node: Any) -> bool:
    return bool(node.op_type == 'Cast' and node.attribute[0].i == _UINT8)


def _without_bytes(node: Any, helper: Any) -> list[Any]:
    """Cut off to whole numbers as the cast to uint8 would, but keep them as floats."""
    whole = f'{node.output[0]}_as_int32'
    return [
        helper.make_node('Cast', node.input, [whole], to=_INT32),
        helper.make_node('Cast', [whole], node.output, to=_FLOAT),
    ]
