from typing import Any

import numpy as np
import pytest

openvino = pytest.importorskip('openvino')
opset = pytest.importorskip('openvino.opset13')

from hopfield_pebal_ros.inference.openvino_graph import split_wide_dilations

HEIGHT, WIDTH = 6, 9


def convolution(num_channels: int, dilation: int, *, of_constant_weights: bool = True) -> Any:
    """A model (1, num_channels, 6, 9) -> (1, 2, 3, 5): stride 2, a 3x3 kernel, unequal padding."""
    rng = np.random.default_rng(0)
    image = opset.parameter([1, num_channels, HEIGHT, WIDTH], np.float32, name='image')
    weights = opset.constant(rng.normal(size=(2, num_channels, 3, 3)).astype(np.float32))
    if not of_constant_weights:
        weights = opset.relu(weights)
    before, after = [dilation, dilation], [dilation, dilation + 1]
    out = opset.convolution(image, weights, [2, 2], before, after, [dilation, dilation])
    out.set_friendly_name('pyramid')
    return openvino.Model([opset.result(out)], [image], 'model')


def computed(model: Any) -> Any:
    image = np.random.default_rng(1).normal(size=tuple(model.input(0).shape)).astype(np.float32)
    exact = {'INFERENCE_PRECISION_HINT': 'f32'}
    return openvino.Core().compile_model(model, 'CPU', exact)(image)[0]


def num_convolutions(model: Any) -> int:
    return [each.get_type_name() for each in model.get_ops()].count('Convolution')


def test_a_wide_dilated_convolution_becomes_a_sum_of_the_same_value():
    model = convolution(1152, 3)
    expected = computed(model)
    split_wide_dilations(model)
    assert num_convolutions(model) == 9  # 1152 = 9 * 128
    # sums of 10 000 products of size 1, in another order
    np.testing.assert_allclose(computed(model), expected, atol=1e-3)
    assert np.abs(expected).max() > 100
    assert 'pyramid' in [each.get_friendly_name() for each in model.get_ops()]


@pytest.mark.parametrize(
    ('num_channels', 'dilation', 'of_constant_weights'),
    [(1024, 3, True), (1152, 2, True), (1100, 3, True), (1152, 3, False)],
)
def test_other_convolutions_stay(num_channels: int, dilation: int, of_constant_weights: bool):
    model = convolution(num_channels, dilation, of_constant_weights=of_constant_weights)
    split_wide_dilations(model)
    assert num_convolutions(model) == 1
