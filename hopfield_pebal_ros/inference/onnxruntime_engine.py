"""A deployable file on ONNX Runtime's CPU provider."""

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

_PROVIDER: Final = 'CPUExecutionProvider'
_DTYPES: Final = {'tensor(uint8)': 'uint8', 'tensor(float)': 'float32'}
_ERRORS_ONLY: Final = 3


class OnnxRuntimeEngine:
    """A model that runs as its graph says, on the CPU."""

    backend = 'onnxruntime'
    device = 'CPU'
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
        if device != 'CPU':
            raise EngineError(
                f"backend 'onnxruntime' runs on device 'CPU', got {device!r}; use backend "
                "'openvino' for an Intel GPU"
            )
        _check_precision(precision)
        self.precision: str = precision
        self._metadata = metadata
        self._session: Any = _open_session(model_path, tuning.num_threads)
        specs = _tensor_specs(self._session)
        check_tensors(specs, metadata, source=str(model_path))
        self._has_fixed_batch = specs[0].shape[0] is not None

    def infer(self, images: npt.NDArray[np.uint8]) -> NetworkMaps:
        check_images(images, self._metadata)
        if self._session is None:
            raise EngineError('this engine is closed; open it again with open_engine')
        # a graph with a fixed batch length takes it one image at a time
        batches = np.split(images, len(images)) if self._has_fixed_batch else [images]
        outputs = [
            self._session.run([LABEL_OUTPUT, ENERGY_OUTPUT], {IMAGE_INPUT: batch})
            for batch in batches
        ]
        if len(outputs) == 1:
            return NetworkMaps(*outputs[0])
        label_maps, energy_maps = zip(*outputs, strict=True)
        return NetworkMaps(np.concatenate(label_maps), np.concatenate(energy_maps))

    def close(self) -> None:
        self._session = None


def _open_session(model_path: Path, num_threads: int) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise EngineError(
            "backend 'onnxruntime' was asked for, but ONNX Runtime cannot be imported "
            f"({error}); pip install onnxruntime, or ask for backend 'openvino'"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = num_threads
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = _ERRORS_ONLY
    # spinning threads would burn the vehicle's cores between two frames
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    try:
        session = onnxruntime.InferenceSession(model_path, options, providers=[_PROVIDER])
    except Exception as error:  # its exceptions share no narrower class
        raise EngineError(
            f'ONNX Runtime cannot open {model_path}: {error}; export it again'
        ) from error
    if session.get_providers() != [_PROVIDER]:
        raise EngineError(
            f'asked ONNX Runtime for {_PROVIDER}, but it runs {session.get_providers()}; '
            'install the package onnxruntime without an accelerator build'
        )
    return session


def _check_precision(precision: RunPrecision) -> None:
    """Refuse half precisions: the CPU provider computes such a graph in fp32."""
    if precision not in ('fp32', 'int8'):
        raise EngineError(
            f'precision {precision} was asked for, but ONNX Runtime computes in fp32 or int8 on '
            "a CPU; ask for fp32, or use backend 'openvino'"
        )


def _tensor_specs(session: Any) -> tuple[TensorSpec, ...]:
    """Return the input first, then the outputs."""
    return tuple(
        TensorSpec(
            each.name,
            _DTYPES.get(each.type, each.type),
            tuple(length if isinstance(length, int) else None for length in each.shape),
        )
        for each in (*session.get_inputs(), *session.get_outputs())
    )
