import numpy as np
import onnx
import pytest
from onnx import TensorProto, numpy_helper

from tests.training.onnx_graph.graphs import an_image, kinds, run, segmenter
from training.onnx_graph.half_precision import HalfPrecisionError, in_half_precision
from training.onnx_graph.quantisation import in_int8


def types(model):
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    values = [*inferred.graph.value_info, *inferred.graph.output]
    return {each.name: each.type.tensor_type.elem_type for each in values}


def test_the_network_alone_is_fp16():
    model = segmenter()
    half = in_half_precision(model)
    found = types(half)
    of_type = {
        kind: {name for name, each in found.items() if each == kind}
        for kind in (TensorProto.FLOAT16, TensorProto.FLOAT)
    }
    assert {'first', 'active', 'logits'} <= of_type[TensorProto.FLOAT16]
    assert {'normal', 'peak', 'exp', 'log', 'evidence', 'out'} <= of_type[TensorProto.FLOAT]
    assert kinds(half).count('Cast') == kinds(model).count('Cast') + 2
    weights = {each.name: each.data_type for each in half.graph.initializer}
    assert weights['w1.fp16'] == TensorProto.FLOAT16
    assert 'w1' not in weights
    error = np.abs(run(half, an_image()) - run(model, an_image())).max()
    assert 0 < error < 0.1


def test_a_weight_that_fp16_cannot_hold_is_refused():
    model = segmenter()
    [bias] = [each for each in model.graph.initializer if each.name == 'b1']
    large = np.full(8, 1e5, np.float32)
    bias.CopyFrom(numpy_helper.from_array(large, 'b1'))
    with pytest.raises(HalfPrecisionError, match='b1 holds a number above 65504'):
        in_half_precision(model)


def test_the_network_but_for_its_classifier_is_int8():
    model = segmenter()
    quantised = in_int8(model, (an_image(seed) for seed in range(4)))
    assert kinds(model) == kinds(segmenter())
    made_by = {name: each for each in quantised.graph.node for name in each.output}
    layers = {each.name: each for each in quantised.graph.node if each.op_type == 'Conv'}
    assert made_by[layers['first'].input[0]].op_type == 'DequantizeLinear'
    assert made_by[layers['first'].input[1]].op_type == 'DequantizeLinear'
    assert layers['classifier'].input[1] == 'w2'
    scales = {each.name: each for each in quantised.graph.initializer}
    weight_scale = made_by[layers['first'].input[1]].input[1]
    assert list(scales[weight_scale].dims) == [8]  # one for each output channel
    correlation = np.corrcoef(
        run(quantised, an_image(9)).ravel(), run(model, an_image(9)).ravel()
    )[0, 1]
    assert 0.99 < correlation < 1
