"""ONNX Runtime's execution providers: what a device string means, and what runs there."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hopfield_pebal_ros.contract.metadata import Metadata
from hopfield_pebal_ros.inference.engine import EngineError, RunPrecision

CPU: Final = 'CPUExecutionProvider'
CUDA: Final = 'CUDAExecutionProvider'
TENSORRT: Final = 'TensorrtExecutionProvider'

_PROVIDERS: Final[Mapping[str, str]] = {'CPU': CPU, 'CUDA': CUDA, 'TENSORRT': TENSORRT}
_TF32_SWITCH: Final = 'NVIDIA_TF32_OVERRIDE'
_COSTLY: Final = frozenset({'Conv', 'ConvTranspose', 'Gemm', 'MatMul', 'QLinearConv'})
"""Operators that make up the cost of a network; others may be placed as ONNX Runtime likes."""


@dataclass(frozen=True)
class Placement:
    """Where a session is to run."""

    device: str
    provider: str
    gpu: int = 0


def placement_of(device: str) -> Placement:
    """Read 'CPU', 'CUDA', 'CUDA:1', 'TENSORRT' or 'TENSORRT:1'.

    Raises:
        EngineError: any other string.
    """
    found = re.fullmatch(r'(CPU)|(CUDA|TENSORRT)(?::(\d+))?', device)
    if found is None:
        raise EngineError(
            "backend 'onnxruntime' runs on device 'CPU', 'CUDA', 'CUDA:1', 'TENSORRT' or "
            f"'TENSORRT:1', got {device!r}; use backend 'openvino' for an Intel GPU"
        )
    name = found[1] or found[2]
    return Placement(device, _PROVIDERS[name], int(found[3] or 0))


def check_installed(placement: Placement, available: Sequence[str]) -> None:
    """Refuse a provider that this build of ONNX Runtime has not.

    Raises:
        EngineError: it is missing.
    """
    if placement.provider in available:
        return
    raise EngineError(
        f'device {placement.device!r} was asked for, but this build of ONNX Runtime has '
        f'{", ".join(available)} and not {placement.provider}; pip uninstall onnxruntime, pip '
        "install onnxruntime-gpu, or ask for device 'CPU'"
    )


def check_precision(placement: Placement, precision: RunPrecision, metadata: Metadata) -> None:
    """Refuse a precision that the provider does not really compute in.

    The CPU provider computes an fp16 graph in fp32. The GPU providers compute as the graph says,
    and TensorRT's rounds fp32 to TF32 unless the driver forbids it.

    Raises:
        EngineError: with the precision, and one that works.
    """
    if placement.provider == CPU:
        if precision not in ('fp32', 'int8'):
            raise EngineError(
                f'precision {precision} was asked for, but ONNX Runtime computes in fp32 or int8 '
                "on a CPU; ask for fp32, or use backend 'openvino'"
            )
        return
    if precision != metadata.precision or precision not in ('fp32', 'fp16'):
        raise EngineError(
            f'precision {precision} was asked for, but ONNX Runtime computes in fp32 or fp16 on '
            f'{placement.device}, as the graph says, and {metadata.name!r} is an '
            f'{metadata.precision} file; export one with --precision fp16 or fp32'
        )
    if placement.provider == TENSORRT and precision == 'fp32' and not _forbids_tf32():
        raise EngineError(
            "precision fp32 was asked for, but ONNX Runtime's TensorRT provider rounds to TF32; "
            f"set the environment variable {_TF32_SWITCH}=0, or use device 'CUDA'"
        )


def providers_for(placement: Placement, cache_folder: Path | None) -> list[Any]:
    """Return the argument `providers` of a session, the one that must run first.

    ONNX Runtime keeps operators without a kernel on the GPU for the providers after it.
    """
    if placement.provider == CPU:
        return [CPU]
    gpu = str(placement.gpu)
    cuda = (CUDA, {'device_id': gpu, 'use_tf32': '0'})
    if placement.provider == CUDA:
        return [cuda, CPU]
    options = {'device_id': gpu}
    if cache_folder is not None:
        options |= {
            'trt_engine_cache_enable': 'True',
            'trt_engine_cache_path': str(cache_folder),
            'trt_timing_cache_enable': 'True',
            'trt_timing_cache_path': str(cache_folder),
        }
    return [(TENSORRT, options), cuda, CPU]


def check_placed(session: Any, placement: Placement) -> None:
    """Refuse a session that runs elsewhere than asked, wholly or in a costly operator.

    Raises:
        EngineError: with what runs, and where.
    """
    providers = session.get_providers()
    if not providers or providers[0] != placement.provider:
        raise EngineError(
            f'asked ONNX Runtime for {placement.provider}, but it runs {providers}; install the '
            'driver and the CUDA, cuDNN and TensorRT versions that its release notes name (pip '
            "install 'onnxruntime-gpu[cuda,cudnn]' brings the first two)"
        )
    if placement.provider == CPU or not hasattr(session, 'get_provider_graph_assignment_info'):
        return
    elsewhere = sorted(
        f'{node.op_type} on {part.ep_name}'
        for part in session.get_provider_graph_assignment_info()
        if part.ep_name != placement.provider
        for node in part.get_nodes()
        if node.op_type in _COSTLY
    )
    if elsewhere:
        raise EngineError(
            f'asked ONNX Runtime for {placement.provider}, but it placed {len(elsewhere)} costly '
            f'operators elsewhere, such as {elsewhere[0]}; use another device or a newer release'
        )


def _forbids_tf32() -> bool:
    return os.environ.get(_TF32_SWITCH) == '0'
