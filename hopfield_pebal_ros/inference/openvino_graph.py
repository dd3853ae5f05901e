"""Sum over parts of the channels where OpenVINO runs a dilated convolution in bf16 badly."""

from functools import reduce
from typing import Any, Final

import numpy as np

_MOST_CHANNELS: Final = 1024
_MOST_DILATION: Final = 2
_PART: Final = 128
_GEOMETRY: Final = ('strides', 'pads_begin', 'pads_end', 'dilations', 'auto_pad')


def split_wide_dilations(model: Any) -> None:
    """Replace, in place, each wide dilated convolution by a sum over parts of its channels.

    On a CPU with AMX, OpenVINO 2026.4 takes 3 to 10 times as long for a convolution of more than
    1024 channels with a dilation of more than 2 as for the sum: DeepWV3Plus, whose pyramid reads
    4096 channels with dilations 12, 24 and 36, runs at 0.6 s instead of 0.3 s at 256x512. In fp32
    both take the same time. Convolutions whose weights are not constant stay, so int8 ones do.
    """
    for each in model.get_ops():
        if each.get_type_name() == 'Convolution' and _is_wide_and_dilated(each):
            each.output(0).replace(_summed(each))


def _is_wide_and_dilated(convolution: Any) -> bool:
    weights = convolution.input_value(1)
    if weights.get_node().get_type_name() != 'Constant':
        return False
    num_channels: int = weights.get_shape()[1]
    dilation: int = max(convolution.get_attributes()['dilations'])
    is_wide = num_channels > _MOST_CHANNELS and num_channels % _PART == 0
    return is_wide and dilation > _MOST_DILATION


def _summed(convolution: Any) -> Any:
    """Return the output of the sum."""
    from openvino import opset13

    num_parts = convolution.input_value(1).get_shape()[1] // _PART
    maps, weights = (
        opset13.split(convolution.input_value(place), np.int64(1), num_parts).outputs()
        for place in range(2)
    )
    attributes = convolution.get_attributes()
    geometry = [attributes[name] for name in _GEOMETRY]
    parts = [
        opset13.convolution(part, weight, *geometry)
        for part, weight in zip(maps, weights, strict=True)
    ]
    total = reduce(opset13.add, parts)
    total.set_friendly_name(convolution.get_friendly_name())
    return total.output(0)
