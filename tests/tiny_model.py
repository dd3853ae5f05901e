"""A deployable ONNX file small enough to work out by hand, for tests without training."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from hopfield_pebal_ros.contract.deployment import (
    ENERGY_OUTPUT,
    IMAGE_INPUT,
    LABEL_OUTPUT,
    METADATA_KEY,
)
from hopfield_pebal_ros.contract.geometry import Geometry
from hopfield_pebal_ros.contract.labels import CITYSCAPES
from hopfield_pebal_ros.contract.metadata import (
    Calibration,
    EnergyDescription,
    Metadata,
    Provenance,
)

TINY_METADATA = Metadata(
    name='tiny',
    label_set=CITYSCAPES,
    network_hw=(64, 128),
    output_hw=(64, 128),
    geometry=Geometry(mode='stretch'),
    energy=EnergyDescription(kind='free_energy', unit='nat', components=('free_energy',)),
    calibration=Calibration(threshold=6.0, false_positive_rate=0.01),
    provenance=Provenance(
        trained_on=('nothing',),
        licence='Apache-2.0',
        created='2026-01-01T00:00:00Z',
        git_revision='0' * 40,
        weights_sha256='0' * 64,
    ),
)


def write_tiny_model(path: Path, *, metadata_text: str | None = None, **changes: Any) -> Metadata:
    """Write a model that needs no training: energy = red / 25.5 (0..10), label = green // 16.

    Output maps smaller than the network input take the top left pixel of each block.

    Args:
        path: ONNX file to write.
        metadata_text: stored instead of valid metadata; '' stores none.
        **changes: fields of `TINY_METADATA` to replace, such as network_hw, output_hw, geometry.
    """
    metadata = replace(TINY_METADATA, **changes)
    stride = metadata.network_hw[0] // metadata.output_hw[0]
    model = helper.make_model(
        helper.make_graph(
            [
                helper.make_node(
                    'Slice', [IMAGE_INPUT, 'start', 'end', 'axes', 'step'], ['small']
                ),
                helper.make_node('Gather', ['small', 'red'], ['red_bytes'], axis=3),
                helper.make_node('Cast', ['red_bytes'], ['red_floats'], to=TensorProto.FLOAT),
                helper.make_node('Mul', ['red_floats', 'scale'], [ENERGY_OUTPUT]),
                helper.make_node('Gather', ['small', 'green'], ['green_bytes'], axis=3),
                helper.make_node('Cast', ['green_bytes'], ['green_ints'], to=TensorProto.INT32),
                helper.make_node('Div', ['green_ints', 'sixteen'], ['bins']),
                helper.make_node('Cast', ['bins'], [LABEL_OUTPUT], to=TensorProto.UINT8),
            ],
            'tiny',
            [
                helper.make_tensor_value_info(
                    IMAGE_INPUT, TensorProto.UINT8, ['N', *metadata.network_hw, 3]
                )
            ],
            [
                helper.make_tensor_value_info(
                    LABEL_OUTPUT, TensorProto.UINT8, ['N', *metadata.output_hw]
                ),
                helper.make_tensor_value_info(
                    ENERGY_OUTPUT, TensorProto.FLOAT, ['N', *metadata.output_hw]
                ),
            ],
            [
                numpy_helper.from_array(np.array([0, 0], np.int64), 'start'),
                numpy_helper.from_array(np.array(metadata.network_hw, np.int64), 'end'),
                numpy_helper.from_array(np.array([1, 2], np.int64), 'axes'),
                numpy_helper.from_array(np.array([stride, stride], np.int64), 'step'),
                numpy_helper.from_array(np.array(0, np.int64), 'red'),
                numpy_helper.from_array(np.array(1, np.int64), 'green'),
                numpy_helper.from_array(np.array(1 / 25.5, np.float32), 'scale'),
                numpy_helper.from_array(np.array(16, np.int32), 'sixteen'),
            ],
        ),
        opset_imports=[helper.make_opsetid('', 17)],
        ir_version=8,
    )
    text = metadata.to_json() if metadata_text is None else metadata_text
    if text:
        helper.set_model_props(model, {METADATA_KEY: text})
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return metadata
