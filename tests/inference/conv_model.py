"""A deployable file with a convolution in it, where the precision of the arithmetic shows."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from hopfield_pebal_ros.contract.deployment import (
    ENERGY_OUTPUT,
    IMAGE_INPUT,
    LABEL_OUTPUT,
    METADATA_KEY,
)
from hopfield_pebal_ros.contract.metadata import Metadata
from tests.tiny_model import TINY_METADATA


def write_conv_model(path: Path, *, half: bool = False) -> Metadata:
    """Write energy = mean over 16 channels of a random 3x3 convolution, label = 0.

    Args:
        path: ONNX file to write.
        half: convolution in fp16, the mean and the energy in fp32.
    """
    metadata = replace(TINY_METADATA, precision='fp16' if half else 'fp32')
    rng = np.random.default_rng(0)
    kernel_type = TensorProto.FLOAT16 if half else TensorProto.FLOAT
    kernel = rng.normal(size=(16, 3, 3, 3)).astype(np.float16 if half else np.float32)
    height, width = metadata.network_hw
    nodes = [
        helper.make_node('Cast', [IMAGE_INPUT], ['numbers'], to=kernel_type),
        helper.make_node('Transpose', ['numbers'], ['planes'], perm=[0, 3, 1, 2]),
        helper.make_node('Conv', ['planes', 'kernel'], ['features'], pads=[1, 1, 1, 1]),
        helper.make_node('Cast', ['features'], ['full'], to=TensorProto.FLOAT),
        helper.make_node('ReduceMean', ['full'], [ENERGY_OUTPUT], axes=[1], keepdims=0),
        helper.make_node('Mul', [ENERGY_OUTPUT, 'zero'], ['zeros']),
        helper.make_node('Cast', ['zeros'], [LABEL_OUTPUT], to=TensorProto.UINT8),
    ]
    model = helper.make_model(
        helper.make_graph(
            nodes,
            'conv',
            [
                helper.make_tensor_value_info(
                    IMAGE_INPUT, TensorProto.UINT8, ['N', height, width, 3]
                )
            ],
            [
                helper.make_tensor_value_info(name, kind, ['N', height, width])
                for name, kind in (
                    (LABEL_OUTPUT, TensorProto.UINT8),
                    (ENERGY_OUTPUT, TensorProto.FLOAT),
                )
            ],
            [
                numpy_helper.from_array(kernel, 'kernel'),
                numpy_helper.from_array(np.array(0, np.float32), 'zero'),
            ],
        ),
        opset_imports=[helper.make_opsetid('', 17)],
        ir_version=8,
    )
    helper.set_model_props(model, {METADATA_KEY: metadata.to_json()})
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return metadata
