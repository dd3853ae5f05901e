import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')

import onnx
import onnxruntime

from hopfield_pebal_ros.contract.deployment import ENERGY_OUTPUT, IMAGE_INPUT, LABEL_OUTPUT
from hopfield_pebal_ros.inference.detector import DEFAULT_MODEL
from hopfield_pebal_ros.inference.engine import EngineError
from hopfield_pebal_ros.inference.tensorrt_graph import graph_for_tensorrt
from tests.inference.conv_model import write_conv_model
from tests.tiny_model import write_tiny_model

UINT8 = onnx.TensorProto.UINT8
FLOATS = {onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16}


def write_model(kind: str, folder: Path) -> Path:
    path = folder / 'm.onnx'
    if kind == 'default':
        return DEFAULT_MODEL
    if kind == 'tiny':
        write_tiny_model(path, output_hw=(16, 32))
    else:
        write_conv_model(path, half=kind == 'half')
    return path


def run(model: bytes | str, images: np.ndarray) -> list[np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    # what it fuses differs between the two graphs
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model, options, providers=['CPUExecutionProvider'])
    outputs: list[np.ndarray] = session.run([LABEL_OUTPUT, ENERGY_OUTPUT], {IMAGE_INPUT: images})
    return outputs


@pytest.mark.parametrize('kind', ['tiny', 'full', 'half', 'default'])
def test_the_answer_stays_bit_for_bit(kind: str, tmp_path: Path):
    path = write_model(kind, tmp_path)
    height, width = onnx_shape(path)[1:3]
    images = np.random.default_rng(0).integers(0, 256, (2, height, width, 3), np.uint8)
    before, after = run(str(path), images), run(graph_for_tensorrt(path, 2), images)
    for old, new in zip(before, after, strict=True):
        assert old.dtype == new.dtype
        np.testing.assert_array_equal(old, new)


def onnx_shape(path: Path) -> list[int]:
    (image,) = onnx.load(path).graph.input
    return [dim.dim_value for dim in image.type.tensor_type.shape.dim]


@pytest.mark.parametrize('kind', ['tiny', 'full', 'half', 'default'])
def test_bytes_are_only_at_the_ends_behind_casts_of_floats(kind: str, tmp_path: Path):
    """The documented limit of TensorRT's UINT8."""
    model = onnx.load_from_string(graph_for_tensorrt(write_model(kind, tmp_path), 1))
    graph = onnx.shape_inference.infer_shapes(model).graph
    types = {
        value.name: value.type.tensor_type.elem_type
        for value in (*graph.input, *graph.output, *graph.value_info)
    }
    assert {name for name, kind in types.items() if kind == UINT8} == {IMAGE_INPUT, LABEL_OUTPUT}
    readers = [node for node in graph.node if IMAGE_INPUT in node.input]
    writers = [node for node in graph.node if LABEL_OUTPUT in node.output]
    assert [node.op_type for node in readers + writers] == ['Cast', 'Cast']
    assert types[readers[0].output[0]] in FLOATS
    assert types[writers[0].input[0]] in FLOATS


@pytest.mark.parametrize('batch_size', [1, 4])
def test_the_batch_is_fixed(tiny_model: Path, batch_size: int):
    graph = onnx.load_from_string(graph_for_tensorrt(tiny_model, batch_size)).graph
    for tensor in (*graph.input, *graph.output):
        assert tensor.type.tensor_type.shape.dim[0].dim_value == batch_size


def test_a_file_with_another_fixed_batch_is_refused(tiny_model: Path):
    model = onnx.load(tiny_model)
    for tensor in (*model.graph.input, *model.graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_value = 2
    onnx.save(model, tiny_model)
    with pytest.raises(EngineError, match=r'fixed batch of 2, asked for 3; use --batch-size 2'):
        graph_for_tensorrt(tiny_model, 3)
    assert graph_for_tensorrt(tiny_model, 2)


def test_a_graph_that_computes_with_bytes_is_refused(tiny_model: Path):
    """A Max of the image and a uint8 constant has no float twin."""
    model = onnx.load(tiny_model)
    white = onnx.numpy_helper.from_array(np.array(255, np.uint8), 'white')
    model.graph.initializer.append(white)
    model.graph.node.insert(0, onnx.helper.make_node('Max', [IMAGE_INPUT, 'white'], ['brighter']))
    for node in list(model.graph.node)[1:]:
        node.input[:] = ['brighter' if name == IMAGE_INPUT else name for name in node.input]
    onnx.save(model, tiny_model)
    with pytest.raises(EngineError, match=r'cannot be rewritten for TensorRT: .*export it again'):
        graph_for_tensorrt(tiny_model, 1)


@pytest.mark.parametrize(
    ('zero_point', 'is_taken'),
    [(np.int8(0), True), (np.int8(3), False), (np.uint8(0), False), (np.uint8(128), False)],
)
def test_only_symmetric_int8_is_taken(tmp_path: Path, zero_point: np.generic, is_taken: bool):
    path = tmp_path / 'm.onnx'
    write_conv_model(path)
    model = onnx.load(path)
    model.graph.initializer.extend(
        [
            onnx.numpy_helper.from_array(np.array(2, np.float32), 'step'),
            onnx.numpy_helper.from_array(np.array(zero_point), 'zero_point'),
        ]
    )
    (conv,) = (node for node in model.graph.node if node.op_type == 'Conv')
    index = list(model.graph.node).index(conv)
    for name in ('DequantizeLinear', 'QuantizeLinear'):
        names = [conv.input[0] if name == 'QuantizeLinear' else 'quantised', 'step', 'zero_point']
        outputs = ['quantised' if name == 'QuantizeLinear' else 'read_back']
        model.graph.node.insert(index, onnx.helper.make_node(name, names, outputs))
    conv.input[0] = 'read_back'
    onnx.save(model, path)
    if is_taken:
        assert b'quantised' in graph_for_tensorrt(path, 1)
    else:
        with pytest.raises(EngineError, match=r'quantised to u?int8 around \d+, TensorRT.*fp16'):
            graph_for_tensorrt(path, 1)


def test_the_package_onnx_is_named_where_it_is_missing(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, 'onnx', None)
    with pytest.raises(EngineError, match=r'needs the package onnx .*pip install onnx'):
        graph_for_tensorrt(tiny_model, 1)
