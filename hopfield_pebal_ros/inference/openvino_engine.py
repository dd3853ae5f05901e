"""A deployable file on OpenVINO: CPU, or an Intel GPU or NPU."""

import functools
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.deployment import (
    ENERGY_OUTPUT,
    IMAGE_INPUT,
    LABEL_OUTPUT,
    TensorSpec,
    check_tensors,
)
from hopfield_pebal_ros.contract.metadata import Metadata
from hopfield_pebal_ros.inference.engine import (
    EngineError,
    NetworkMaps,
    RunPrecision,
    Tuning,
    check_images,
)

_DTYPES: Final = {'u8': 'uint8', 'f32': 'float32'}
_CAPABILITIES: Final = {'fp32': 'FP32', 'bf16': 'BF16', 'fp16': 'FP16', 'int8': 'INT8'}
_HINTS: Final = {'fp32': 'f32', 'bf16': 'bf16', 'fp16': 'f16', 'int8': 'f32'}
_GRAPH_TYPES: Final = 'undefined'  # OpenVINO's word; newer ones answer 'dynamic'


class OpenVinoEngine:
    """A model compiled once for each batch size that was seen."""

    backend = 'openvino'
    num_streams = 1

    def __init__(
        self,
        model_path: Path,
        metadata: Metadata,
        *,
        device: str,
        precision: RunPrecision,
        tuning: Tuning,
    ) -> None:
        self._openvino = _import_openvino()
        self._core = _shared_core()
        self.device = _checked_device(self._core, device)
        _check_capability(self._core, self.device, precision)
        self.precision: str = precision
        self._metadata = metadata
        self._options = _compile_options(precision, metadata, tuning.num_threads)
        try:
            self._model = self._core.read_model(model_path)
        except RuntimeError as error:
            raise EngineError(
                f'OpenVINO cannot read {model_path}: {_last_line(error)}; export it again'
            ) from error
        check_tensors(_tensor_specs(self._model), metadata, source=str(model_path))
        self._requests: dict[int, Any] = {}
        self._request_for(1)

    def infer(self, images: npt.NDArray[np.uint8]) -> NetworkMaps:
        check_images(images, self._metadata)
        request = self._request_for(len(images))
        # the tensor shares the array's memory, which OpenVINO wants writable and in one piece
        source = np.require(images, requirements=['C', 'W'])
        request.set_tensor(IMAGE_INPUT, self._openvino.Tensor(source, shared_memory=True))
        request.infer()
        return NetworkMaps(
            label_maps=request.get_tensor(LABEL_OUTPUT).data.copy(),
            energy_maps=request.get_tensor(ENERGY_OUTPUT).data.copy(),
        )

    def close(self) -> None:
        self._requests.clear()
        self._model = None

    def _request_for(self, batch_size: int) -> Any:
        """Return the request of this batch size; the first of its size costs a compilation."""
        if self._model is None:
            raise EngineError('this engine is closed; open it again with open_engine')
        if batch_size not in self._requests:
            self._requests[batch_size] = self._compile(batch_size).create_infer_request()
        return self._requests[batch_size]

    def _compile(self, batch_size: int) -> Any:
        shape = [batch_size, *self._metadata.network_hw, 3]
        try:
            self._model.reshape({IMAGE_INPUT: shape})
            compiled = self._core.compile_model(self._model, self.device, self._options)
        except RuntimeError as error:
            raise EngineError(
                f'OpenVINO cannot compile {self._metadata.name!r} for {shape} on {self.device} '
                f'at {self.precision}: {_last_line(error)}; export it again'
            ) from error
        _check_compiled(compiled, self.device, self._options)
        return compiled


def _import_openvino() -> Any:
    try:
        import openvino
    except ImportError as error:
        raise EngineError(
            f"backend 'openvino' was asked for, but OpenVINO cannot be imported ({error}); "
            "pip install openvino, or ask for backend 'onnxruntime'"
        ) from error
    return openvino


@functools.cache
def _shared_core() -> Any:
    """Return the one Core of this process, kept until it ends.

    The CPU plugin gives its thread a stack for signal handlers. When the last Core goes, that
    stack is freed but stays in use, and the next signal that Python handles ends the process
    (OpenVINO 2026.4).
    """
    return _import_openvino().Core()


def _checked_device(core: Any, device: str) -> str:
    """Return the device; AUTO, MULTI and HETERO choose for themselves and are refused."""
    available = list(core.available_devices)
    if any(device in (each, each.partition('.')[0]) for each in available):
        return device
    raise EngineError(
        f'OpenVINO device {device!r} is not there; found {", ".join(available)}: name one of '
        'these, or install the driver'
    )


def _check_capability(core: Any, device: str, precision: RunPrecision) -> None:
    found = core.get_property(device, 'OPTIMIZATION_CAPABILITIES')
    if _CAPABILITIES[precision] not in found:
        raise EngineError(
            f'precision {precision} was asked for, but this {device} computes in '
            f'{", ".join(found)}; ask for fp32, or use another device'
        )


def _compile_options(
    precision: RunPrecision, metadata: Metadata, num_threads: int
) -> dict[str, Any]:
    # left alone, OpenVINO runs an fp32 file in bf16 where the CPU can;
    # _GRAPH_TYPES keeps the types of an fp16 file's graph, whose energies are fp32
    keeps_graph_types = precision == metadata.precision == 'fp16'
    options: dict[str, Any] = {
        'PERFORMANCE_HINT': 'LATENCY',
        'INFERENCE_PRECISION_HINT': _GRAPH_TYPES if keeps_graph_types else _HINTS[precision],
    }
    if num_threads:
        options['INFERENCE_NUM_THREADS'] = num_threads
    return options


def _check_compiled(compiled: Any, device: str, options: dict[str, Any]) -> None:
    """Refuse a model that OpenVINO compiled otherwise than it was told to."""
    hint = compiled.get_property('INFERENCE_PRECISION_HINT').to_string()
    hint = _GRAPH_TYPES if hint == 'dynamic' else hint
    devices = [str(each) for each in compiled.get_property('EXECUTION_DEVICES')]
    is_elsewhere = any(device not in (each, each.partition('.')[0]) for each in devices)
    if hint != options['INFERENCE_PRECISION_HINT'] or is_elsewhere:
        raise EngineError(
            f'asked OpenVINO for {options["INFERENCE_PRECISION_HINT"]} on {device}, but it runs '
            f'{hint} on {devices}; ask for another precision or device'
        )


def _tensor_specs(model: Any) -> tuple[TensorSpec, ...]:
    specs = []
    for port in (*model.inputs, *model.outputs):
        type_name = port.element_type.get_type_name()
        rank = port.partial_shape.rank
        lengths = list(port.partial_shape) if rank.is_static else []
        shape = tuple(each.get_length() if each.is_static else None for each in lengths)
        specs += [
            TensorSpec(name, _DTYPES.get(type_name, type_name), shape) for name in port.get_names()
        ]
    return tuple(specs)


def _last_line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1]
