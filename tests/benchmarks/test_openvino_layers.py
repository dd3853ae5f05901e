from pathlib import Path

import pytest

pytest.importorskip('openvino')
pytest.importorskip('onnx')

from benchmarks.openvino_layers import (
    Layer,
    measured_layers,
    multiply_adds_of,
    of_each_run,
    worst_layers,
)
from tests.inference.conv_model import write_conv_model

RATES = {'multiply_adds_per_s': 1e9, 'bytes_per_s': 1e8}


def layer(name: str, time_ms: float, multiply_adds: int = 0, num_bytes: int = 0) -> Layer:
    return Layer(name, 'Convolution', (name,), time_ms, multiply_adds, num_bytes)


def test_multiply_adds_bytes_and_time_of_a_convolution(tmp_path: Path):
    write_conv_model(tmp_path / 'm.onnx')
    layers = measured_layers(tmp_path / 'm.onnx', 'fp32', repeats=2, num_threads=1)
    (convolution,) = [each for each in layers if each.kind == 'Convolution']
    # 16 filters of 3x3x3 at each of 64x128 places
    assert convolution.multiply_adds == 16 * 27 * 64 * 128
    assert sum(each.multiply_adds for each in layers) == convolution.multiply_adds
    assert multiply_adds_of(tmp_path / 'm.onnx') == convolution.multiply_adds
    # reads 3 and writes 16 planes of floats, beside its few weights
    assert 19 * 64 * 128 * 4 <= convolution.num_bytes < 19 * 64 * 128 * 4 + 10_000
    assert convolution.time_ms > 0


def test_running_means_give_the_time_of_each_run():
    # means of 8, then of 8 and 2, then of 8, 2 and 5
    assert of_each_run([8.0, 5.0, 5.0]) == [8.0, 2.0, 5.0]


def test_the_floor_is_the_slower_of_arithmetic_and_memory():
    assert layer('a', 5.0, 2_000_000, 100_000).floor_ms(**RATES) == pytest.approx(2.0)
    assert layer('a', 5.0, 2_000_000, 1_000_000).floor_ms(**RATES) == pytest.approx(10.0)


def test_the_worst_layers_are_those_furthest_above_their_floor():
    layers = [layer('long', 9.0, 8_500_000), layer('short', 1.0), layer('idle', 4.0)]
    worst = worst_layers(layers, 2, **RATES)
    assert [(each.name, excess) for each, excess in worst] == [('idle', 4.0), ('short', 1.0)]
