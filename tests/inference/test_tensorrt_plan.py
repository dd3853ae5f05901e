import json
from dataclasses import fields, replace

import pytest

from hopfield_pebal_ros.inference.cuda_stream import Gpu
from hopfield_pebal_ros.inference.tensorrt_plan import (
    PlanKey,
    differences,
    parse_record,
    plan_key,
    plan_name,
    timing_cache_name,
)
from tests.inference.plan_keys import ORIN, record


def test_the_name_says_what_the_plan_is_for():
    assert plan_name(ORIN, (1, 512, 1024, 3)) == (
        'abababababababab_trt10.3.0_nvidia-orin-nvgpu_sm87_linux-aarch64_fp16_1x512x1024.engine'
    )


@pytest.mark.parametrize('field', [each.name for each in fields(PlanKey)])
def test_another_key_has_another_name(field: str):
    other = replace(ORIN, **{field: '12'})
    assert plan_name(other, (1, 512, 1024, 3)) != plan_name(ORIN, (1, 512, 1024, 3))


def test_another_shape_has_another_name():
    names = {
        plan_name(ORIN, shape) for shape in ((1, 64, 128, 3), (2, 64, 128, 3), (1, 64, 64, 3))
    }
    assert len(names) == 3


def test_timings_are_shared_among_models_and_precisions_of_one_machine():
    assert timing_cache_name(replace(ORIN, model_sha256='cd', precision='fp32')) == (
        timing_cache_name(ORIN)
    )
    assert timing_cache_name(replace(ORIN, tensorrt='10.13.0')) != timing_cache_name(ORIN)
    assert timing_cache_name(replace(ORIN, gpu='NVIDIA Thor')) != timing_cache_name(ORIN)


def test_the_key_of_this_machine():
    key = plan_key('ab' * 32, 'fp16', '10.3.0', Gpu('NVIDIA Orin', '8.7'))
    assert (key.gpu, key.compute_capability) == ('NVIDIA Orin', '8.7')
    assert key.platform.count('-') == 1
    assert key.platform == key.platform.lower()


def test_a_sidecar_comes_back_as_it_was_written():
    written = record()
    assert parse_record(written.to_json()) == written
    assert (written.batch_size, written.build_s) == (1, 61.2)


@pytest.mark.parametrize(
    'change', [{'key': {}}, {'input_shape': None}, {'layer_shares': 3}, {'build_s': 'long'}]
)
def test_a_broken_sidecar_is_refused(change: dict[str, object]):
    document = {**json.loads(record().to_json()), **change}
    with pytest.raises(ValueError, match=r'sidecar|could not convert'):
        parse_record(json.dumps(document))


@pytest.mark.parametrize('text', ['', '[]', '{}', 'null', '{"key": 1}'])
def test_another_file_is_no_sidecar(text: str):
    with pytest.raises(ValueError, match=r'sidecar|Expecting'):
        parse_record(text)


def test_differences_name_what_was_found_and_what_is_here():
    here = replace(ORIN, tensorrt='10.13.0', precision='fp32', model_sha256='cd' * 32)
    assert differences(ORIN, here) == [
        'model contents abababababababab, here it is cdcdcdcdcdcdcdcd',
        'precision fp16, here it is fp32',
        'TensorRT 10.3.0, here it is 10.13.0',
    ]
    assert differences(ORIN, ORIN) == []
