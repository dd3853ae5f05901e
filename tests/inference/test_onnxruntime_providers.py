from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from hopfield_pebal_ros.inference.engine import EngineError
from hopfield_pebal_ros.inference.onnxruntime_providers import (
    CPU,
    CUDA,
    TENSORRT,
    Placement,
    check_installed,
    check_placed,
    check_precision,
    placement_of,
    providers_for,
)
from tests.tiny_model import TINY_METADATA

HALF_METADATA = replace(TINY_METADATA, precision='fp16')
INT8_METADATA = replace(TINY_METADATA, precision='int8')
ON_CUDA = Placement('CUDA', CUDA)
ON_TENSORRT = Placement('TENSORRT', TENSORRT)


@pytest.mark.parametrize(
    ('device', 'provider', 'gpu'),
    [
        ('CPU', CPU, 0),
        ('CUDA', CUDA, 0),
        ('CUDA:1', CUDA, 1),
        ('TENSORRT', TENSORRT, 0),
        ('TENSORRT:12', TENSORRT, 12),
    ],
)
def test_devices(device: str, provider: str, gpu: int):
    assert placement_of(device) == Placement(device, provider, gpu)


@pytest.mark.parametrize('device', ['GPU', 'cuda', 'CUDA:', 'CUDA:-1', 'CPU:0', 'CUDA:1 ', ''])
def test_other_devices_are_refused(device: str):
    with pytest.raises(EngineError, match=f"'CUDA:1'.*got '{device}'.*openvino"):
        placement_of(device)


def test_a_build_without_the_provider_is_refused_with_the_package_that_has_it():
    check_installed(ON_CUDA, [CUDA, CPU])
    with pytest.raises(EngineError, match=r"'CUDA' was .*pip install onnxruntime-gpu.*'CPU'"):
        check_installed(ON_CUDA, ['AzureExecutionProvider', CPU])


@pytest.mark.parametrize(
    ('precision', 'metadata', 'remedy'),
    [
        ('bf16', TINY_METADATA, 'export one with --precision fp16'),
        ('fp16', TINY_METADATA, 'is an fp32 file; export one with --precision fp16'),
        ('fp32', HALF_METADATA, 'is an fp16 file; export one with --precision fp16 or fp32'),
        ('int8', INT8_METADATA, 'computes in fp32 or fp16 on CUDA'),
    ],
)
def test_a_gpu_computes_as_the_graph_says_or_not_at_all(
    precision: Any, metadata: Any, remedy: str
):
    with pytest.raises(EngineError, match=f'precision {precision} was asked for.*{remedy}'):
        check_precision(ON_CUDA, precision, metadata)


def test_precisions_that_a_gpu_has(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv('NVIDIA_TF32_OVERRIDE', raising=False)
    check_precision(ON_CUDA, 'fp32', TINY_METADATA)
    check_precision(ON_CUDA, 'fp16', HALF_METADATA)
    check_precision(ON_TENSORRT, 'fp16', HALF_METADATA)


def test_tensorrt_is_not_said_to_run_fp32_while_it_rounds_to_tf32(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv('NVIDIA_TF32_OVERRIDE', raising=False)
    with pytest.raises(EngineError, match=r"TF32; set .* NVIDIA_TF32_OVERRIDE=0, or .*'CUDA'"):
        check_precision(ON_TENSORRT, 'fp32', TINY_METADATA)
    monkeypatch.setenv('NVIDIA_TF32_OVERRIDE', '0')
    check_precision(ON_TENSORRT, 'fp32', TINY_METADATA)


def test_cuda_computes_fp32_without_tf32():
    (cuda, options), cpu = providers_for(Placement('CUDA:1', CUDA, 1), None)
    assert (cuda, cpu) == (CUDA, CPU)
    assert options == {'device_id': '1', 'use_tf32': '0'}


def test_tensorrt_keeps_its_plans_in_the_cache_folder_if_there_is_one():
    (first, options), (second, _), third = providers_for(ON_TENSORRT, Path('/plans'))
    assert (first, second, third) == (TENSORRT, CUDA, CPU)
    assert options['trt_engine_cache_path'] == options['trt_timing_cache_path'] == '/plans'
    assert providers_for(ON_TENSORRT, None)[0] == (TENSORRT, {'device_id': '0'})


@dataclass
class Node:
    op_type: str


@dataclass
class Part:
    ep_name: str
    nodes: list[Node]

    def get_nodes(self) -> list[Node]:
        return self.nodes


class Session:
    """A session whose operators were placed so."""

    def __init__(self, providers: list[str], **placed: list[str]) -> None:
        self._providers = providers
        self._parts = [
            Part(name, [Node(kind) for kind in kinds]) for name, kinds in placed.items()
        ]

    def get_providers(self) -> list[str]:
        return self._providers

    def get_provider_graph_assignment_info(self) -> list[Part]:
        return self._parts


def test_a_session_that_fell_back_to_the_cpu_is_refused():
    with pytest.raises(EngineError, match=r"asked .*CUDAExec.* but it runs \['CPUExec.*driver"):
        check_placed(Session([CPU]), ON_CUDA)


def test_costly_operators_must_be_where_they_were_asked_for():
    shapes_elsewhere = {CUDA: ['Conv', 'Resize'], CPU: ['Shape', 'Gather']}
    check_placed(Session([CUDA, CPU], **shapes_elsewhere), ON_CUDA)
    conv_elsewhere = {CUDA: ['Conv', 'Resize'], CPU: ['Shape', 'Conv', 'MatMul']}
    with pytest.raises(EngineError, match=r'placed 2 costly .* such as Conv on CPUExecution'):
        check_placed(Session([CUDA, CPU], **conv_elsewhere), ON_CUDA)
