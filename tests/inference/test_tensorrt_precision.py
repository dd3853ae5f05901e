import json
from typing import Any

import pytest

from hopfield_pebal_ros.inference.engine import EngineError
from hopfield_pebal_ros.inference.tensorrt_precision import (
    check_reached,
    check_version,
    layer_shares,
    rounding_flag,
)


@pytest.mark.parametrize(
    ('version', 'major'), [('10.3.0', 10), ('10.16.1.11', 10), ('11.4.0', 11)]
)
def test_versions_from_jetpack_6_to_today_are_known(version: str, major: int):
    assert check_version(version) == major


@pytest.mark.parametrize('version', ['8.6.1', '10.2.0', '12.0.1', 'dev'])
def test_other_versions_are_refused(version: str):
    with pytest.raises(EngineError, match=rf'TensorRT {version} .* 10\.3 to 11\.x'):
        check_version(version)


@pytest.mark.parametrize('precision', ['fp32', 'fp16', 'int8'])
@pytest.mark.parametrize('version', ['10.3.0', '11.4.0'])
def test_the_precision_of_the_file_needs_no_flag(precision: Any, version: str):
    assert rounding_flag(precision, precision, version) is None


@pytest.mark.parametrize(('asked', 'flag'), [('fp16', 'FP16'), ('bf16', 'BF16')])
def test_only_tensorrt_10_rounds_a_graph_by_itself(asked: Any, flag: str):
    assert rounding_flag(asked, 'fp32', '10.16.1') == flag
    with pytest.raises(EngineError, match=f'{asked} was asked for, but TensorRT 11.0.0 keeps'):
        rounding_flag(asked, 'fp32', '11.0.0')


def test_what_cannot_be_computed_is_refused_with_the_remedy():
    with pytest.raises(EngineError, match=r'export it with --precision fp16, or ask for fp32'):
        rounding_flag('fp16', 'fp32', '11.4.0')
    with pytest.raises(EngineError, match=r'keeps the types of the graph; ask for fp32'):
        rounding_flag('bf16', 'fp32', '11.4.0')
    for version in ('10.3.0', '11.4.0'):
        with pytest.raises(
            EngineError, match=r'computes in fp16; export it with --precision fp32'
        ):
            rounding_flag('fp32', 'fp16', version)


def tensors(*types: str) -> list[dict[str, str]]:
    return [{'Name': 't', 'Format/Datatype': each} for each in types]


def shares(*layers: Any) -> dict[str, float]:
    return layer_shares(json.dumps({'Layers': layers, 'Bindings': ['image']}))


def test_shares_of_layers_as_tensorrt_10_writes_them():
    assert shares(
        {'Inputs': tensors('Row major linear FP32'), 'Outputs': tensors('Half')},
        {
            'Inputs': tensors('Channel major FP16 format where channel % 8 == 0'),
            'Outputs': tensors('Row major linear FP32'),
        },
        {'Inputs': tensors('Half'), 'Outputs': tensors('Half')},
        {'Inputs': tensors('Float'), 'Outputs': tensors('Float')},
    ) == {'fp16': 0.75, 'fp32': 0.25}


def test_shares_of_layers_as_tensorrt_11_writes_them():
    """The migration notes of TensorRT 11: 'Format/Datatype' is split in two."""
    halves = [{'Name': 't', 'Format': 'Row major linear FP16 format', 'DataType': 'Half'}]
    floats = [{'Name': 't', 'Format': 'Row major linear FP32 format', 'DataType': 'Float'}]
    layer = {'Inputs': floats, 'Outputs': floats}
    assert shares({'Inputs': halves, 'Outputs': halves}, layer, layer, layer) == {
        'fp32': 0.75,
        'fp16': 0.25,
    }


def test_bytes_and_brain_floats_are_not_taken_for_others():
    vectors = tensors('Thirty-two wide channel vectorized row major Int8 format')
    assert shares({'Inputs': vectors, 'Outputs': tensors('Float')}) == {'int8': 1.0}
    assert shares({'Inputs': tensors('UInt8'), 'Outputs': tensors('Float')}) == {'fp32': 1.0}
    assert shares({'Inputs': tensors('BFloat16'), 'Outputs': tensors('BF16')}) == {'bf16': 1.0}


def test_layers_without_types_do_not_count():
    shape_layer = {'Inputs': tensors('Int64'), 'Outputs': tensors('Int64')}
    half = {'Inputs': tensors('Half'), 'Outputs': tensors('Half')}
    assert shares('only a name', {'Name': 'constant'}, shape_layer, half) == {'fp16': 1.0}
    assert shares() == {}
    assert layer_shares('{}') == {}


def test_a_plan_that_was_not_rounded_is_refused():
    with pytest.raises(EngineError, match=r"fp16 was asked for, but TensorRT chose \{'fp32': 1"):
        check_reached('fp16', {'fp32': 1.0}, 'FP16')
    with pytest.raises(EngineError, match='unnamed types'):
        check_reached('bf16', {}, 'BF16')
    check_reached('fp16', {'fp32': 0.9, 'fp16': 0.1}, 'FP16')
    check_reached('fp32', {'fp32': 1.0}, None)
