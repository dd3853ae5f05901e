"""Adaptive average pooling in few ONNX nodes; torch's exporter writes hundreds of Gather and Add.

A window of the pooling starts at floor(i * in / out) and ends before ceil((i + 1) * in / out).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnxscript import opset18 as op

_MOST_PHASES: Final = 4


def adaptive_average_pool(x: Any, output_size: Sequence[int]) -> Any:
    """Build the nodes for maps (B, C, H, W) of known C, H and W.

    A whole number of cells is an ordinary pooling, a ratio p / q of small numbers a convolution of
    stride p whose q x q results for each channel are interleaved, any other two matrix products.
    """
    _, channels, height, width = x.shape
    rows, columns = int(output_size[0]), int(output_size[1])
    if height % rows == 0 and width % columns == 0:
        cell = [height // rows, width // columns]
        return op.AveragePool(x, kernel_shape=cell, strides=cell)
    phases = rows // math.gcd(height, rows)
    is_square = height * columns == width * rows
    if is_square and phases <= _MOST_PHASES:
        stride = height // math.gcd(height, rows)
        kernel = _phase_kernels(stride, phases)
        weight = np.tile(kernel[:, None], (channels, 1, 1, 1))
        interleaved = op.Conv(
            x, _constant(weight), group=channels, strides=[stride, stride], pads=[0, 0, 0, 0]
        )
        return op.DepthToSpace(interleaved, blocksize=phases, mode='CRD')
    by_rows = op.MatMul(_constant(_window_means(height, rows)), x)
    return op.MatMul(by_rows, _constant(_window_means(width, columns).T))


TRANSLATIONS: Final[Mapping[Callable[..., Any], Callable[..., Any]]] = MappingProxyType(
    {
        torch.ops.aten.adaptive_avg_pool2d.default: adaptive_average_pool,
        torch.ops.aten._adaptive_avg_pool2d.default: adaptive_average_pool,
    }
)
"""For `torch.onnx.export`."""


def _window_means(length: int, num_windows: int) -> npt.NDArray[np.float32]:
    """Return (num_windows, length): row i takes the mean of window i."""
    means = np.zeros((num_windows, length), np.float32)
    for index in range(num_windows):
        start = index * length // num_windows
        end = -(-(index + 1) * length // num_windows)
        means[index, start:end] = 1 / (end - start)
    return means


def _phase_kernels(stride: int, phases: int) -> npt.NDArray[np.float32]:
    """Return (phases * phases, stride, stride), row phase first."""
    means = _window_means(stride, phases)
    kernels: npt.NDArray[np.float32] = np.einsum('ip,jq->ijpq', means, means)
    return kernels.reshape(-1, stride, stride)


def _constant(values: npt.NDArray[np.float32]) -> Any:
    return op.Constant(value=onnx.numpy_helper.from_array(np.ascontiguousarray(values)))
