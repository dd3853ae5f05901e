"""A deployable file on OpenVINO: CPU, or an Intel GPU or NPU."""

import functools
import queue
import threading
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
from hopfield_pebal_ros.inference.openvino_graph import split_wide_dilations
from hopfield_pebal_ros.inference.openvino_options import (
    check_capability,
    check_compiled,
    checked_device,
    compile_options,
)

_DTYPES: Final = {'u8': 'uint8', 'f32': 'float32'}


class OpenVinoEngine:
    """A model compiled once for each batch size that was seen; its runs may overlap."""

    backend = 'openvino'

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
        self.device = checked_device(self._core, device)
        check_capability(self._core, self.device, precision)
        self.precision: str = precision
        self._metadata = metadata
        self._options = compile_options(precision, metadata, tuning)
        try:
            self._model = self._core.read_model(model_path)
        except RuntimeError as error:
            raise EngineError(
                f'OpenVINO cannot read {model_path}: {_last_line(error)}; export it again'
            ) from error
        check_tensors(_tensor_specs(self._model), metadata, source=str(model_path))
        if precision == 'bf16':
            split_wide_dilations(self._model)
        self._compiling = threading.Lock()
        self._compiled: dict[int, _Compiled] = {}
        self.num_streams = self._compiled_for(1).num_streams

    def infer(self, images: npt.NDArray[np.uint8]) -> NetworkMaps:
        check_images(images, self._metadata)
        compiled = self._compiled_for(len(images))
        # the tensor shares the array's memory, which OpenVINO wants writable and in one piece
        source = np.require(images, requirements=['C', 'W'])
        request = compiled.idle.get()
        try:
            request.set_tensor(IMAGE_INPUT, self._openvino.Tensor(source, shared_memory=True))
            request.infer()
            # a copy is faster than letting OpenVINO write into new arrays (1.4 against 2.3 ms
            # for a bare graph at 512x1024)
            return NetworkMaps(
                label_maps=request.get_tensor(LABEL_OUTPUT).data.copy(),
                energy_maps=request.get_tensor(ENERGY_OUTPUT).data.copy(),
            )
        finally:
            compiled.idle.put(request)

    def close(self) -> None:
        with self._compiling:
            self._compiled.clear()
            self._model = None

    def _compiled_for(self, batch_size: int) -> '_Compiled':
        """Return the model for this batch size; the first of its size costs a compilation."""
        with self._compiling:
            if self._model is None:
                raise EngineError('this engine is closed; open it again with open_engine')
            if batch_size not in self._compiled:
                self._compiled[batch_size] = _Compiled(self._compile(batch_size))
            return self._compiled[batch_size]

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
        check_compiled(compiled, self.device, self._options)
        return compiled


class _Compiled:
    """A compiled model, and its requests that nobody uses at the moment."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.num_streams = int(model.get_property('NUM_STREAMS'))
        self.idle: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for _ in range(self.num_streams):
            self.idle.put(model.create_infer_request())


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
