from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip('torch')
pytest.importorskip('openvino')
pytest.importorskip('onnxruntime')

from benchmarks.engine_variants import Variant
from benchmarks.engines import eager_model, fastest_passing
from benchmarks.timing import medians_in_turn
from tests.inference.conv_model import write_conv_model
from training.export_check import Agreement

SAME = Agreement(
    num_images=1,
    error_p50=0.0,
    error_p99=0.0,
    error_max=0.0,
    rank_correlation=1.0,
    label_agreement=1.0,
)
REFERENCE = Variant('onnxruntime', 'fp32', Path('m.onnx'))
BF16 = Variant('openvino', 'bf16', Path('m.onnx'))
INT8 = Variant('openvino', 'int8', Path('m8.onnx'))
SPEEDS = {REFERENCE.name: 10.0, BF16.name: 30.0, INT8.name: 40.0}


@pytest.mark.parametrize(
    ('rank_of_int8', 'ap_losses', 'expected'),
    [
        (0.995, {}, INT8),
        (0.98, {}, BF16),
        (0.995, {REFERENCE.name: 0.0, BF16.name: 0.3, INT8.name: 1.2}, BF16),
        (0.98, {REFERENCE.name: 0.0, BF16.name: 1.2, INT8.name: 0.0}, REFERENCE),
    ],
)
def test_the_best_is_the_fastest_within_the_tolerances(
    rank_of_int8: float, ap_losses: dict[str, float], expected: Variant
):
    variants = [REFERENCE, BF16, INT8]
    compared = {each.name: SAME for each in variants}
    compared[INT8.name] = replace(SAME, rank_correlation=rank_of_int8)
    assert fastest_passing(variants, SPEEDS, compared, ap_losses) == expected


def test_programs_are_timed_in_turn_and_the_first_round_does_not_count():
    order: list[str] = []
    runs = {'a': lambda: order.append('a'), 'b': lambda: order.append('b')}
    times_ms = medians_in_turn(runs, repeats=2)
    assert order == ['a', 'b'] * 3
    assert set(times_ms) == {'a', 'b'}
    assert min(times_ms.values()) > 0


def test_torch_is_not_compared_with_another_network(tmp_path: Path):
    write_conv_model(tmp_path / 'm.onnx')
    with pytest.raises(ValueError, match=r'm.onnx has 0.00e9 .* demo in torch .*--preset'):
        eager_model(tmp_path / 'm.onnx', 'demo')
