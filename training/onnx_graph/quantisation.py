"""A deployable graph whose network computes in int8, as explicit Q/DQ around its layers."""

import contextlib
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)

from hopfield_pebal_ros.contract.deployment import IMAGE_INPUT
from training.onnx_graph.graph_parts import last_layers, parts_of

QUANTISED_OPERATORS: Final = (
    'Conv', 'ConvTranspose', 'MatMul', 'Gemm', 'Relu', 'Clip', 'Add', 'Concat', 'AveragePool',
    'MaxPool', 'GlobalAveragePool', 'Resize',
)  # fmt: skip


def in_int8(model: onnx.ModelProto, images: Iterable[npt.NDArray[np.uint8]]) -> onnx.ModelProto:
    """Return the graph with the network quantised, but for its last layers.

    Weights are symmetric int8 for each output channel, activations uint8 between the least and
    the greatest value that an image gave. Classifier, heads, memory and energies stay fp32.

    Args:
        model: of fp32, each node with a name of its own.
        images: batches (N, H, W, 3) uint8 RGB as the vehicle sees them.
    """
    parts = parts_of(model)
    excluded = [name for name, part in parts.items() if part != 'network'] + last_layers(model)
    with TemporaryDirectory() as folder, _quiet():
        path = Path(folder) / 'fp32.onnx', Path(folder) / 'int8.onnx'
        onnx.save_model(model, str(path[0]))
        quantize_static(
            path[0],
            path[1],
            _Reader(images),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(QUANTISED_OPERATORS),
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=excluded,
            extra_options={'ActivationSymmetric': False, 'WeightSymmetric': True},
        )
        return onnx.load_model(str(path[1]))


class _Reader(CalibrationDataReader):
    def __init__(self, images: Iterable[npt.NDArray[np.uint8]]) -> None:
        self._images = iter(images)

    def get_next(self) -> dict[str, Any] | None:
        images = next(self._images, None)
        return None if images is None else {IMAGE_INPUT: images}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep onnxruntime's advice on pre-processing, which was done, off the terminal."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
