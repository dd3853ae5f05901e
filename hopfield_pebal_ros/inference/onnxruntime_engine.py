"""A deployable file on ONNX Runtime: its CPU, CUDA and TensorRT providers."""

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
from hopfield_pebal_ros.inference.cache_folder import prepare_cache_folder
from hopfield_pebal_ros.inference.engine import (
    EngineError,
    NetworkMaps,
    RunPrecision,
    Tuning,
    check_images,
    empty_maps,
)
from hopfield_pebal_ros.inference.file_hash import sha256_of
from hopfield_pebal_ros.inference.onnxruntime_providers import (
    CPU,
    TENSORRT,
    Placement,
    check_installed,
    check_placed,
    check_precision,
    placement_of,
    providers_for,
)

_DTYPES: Final = {'tensor(uint8)': 'uint8', 'tensor(float)': 'float32'}
_ERRORS_ONLY: Final = 3


class OnnxRuntimeEngine:
    """A model that runs as its graph says, in a session that never falls back."""

    backend = 'onnxruntime'
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
        placement = placement_of(device)
        check_precision(placement, precision, metadata)
        if tuning.performance_mode != 'latency' or tuning.num_streams > 1:
            raise EngineError(
                "backend 'onnxruntime' computes one batch at a time; ask for performance_mode "
                "latency and num_streams 0, or use backend 'openvino'"
            )
        self.device = device
        self.precision: str = precision
        self._metadata = metadata
        self._session: Any = _open_session(model_path, placement, tuning)
        specs = _tensor_specs(self._session)
        check_tensors(specs, metadata, source=str(model_path))
        self._fixed_batch = specs[0].shape[0]

    def infer(self, images: npt.NDArray[np.uint8]) -> NetworkMaps:
        check_images(images, self._metadata)
        if self._session is None:
            raise EngineError('this engine is closed; open it again with open_engine')
        # a graph with a fixed batch length takes that many at a time
        count, step = len(images), self._fixed_batch or len(images)
        images = _lengthened(images, to_a_multiple_of=step)
        maps = empty_maps(len(images), self._metadata)
        for start in range(0, len(images), step):
            part = slice(start, start + step)
            self._run(images[part], maps.label_maps[part], maps.energy_maps[part])
        return NetworkMaps(maps.label_maps[:count], maps.energy_maps[:count])

    def _run(
        self,
        images: npt.NDArray[np.uint8],
        label_maps: npt.NDArray[np.uint8],
        energy_maps: npt.NDArray[np.float32],
    ) -> None:
        """Let the session read and write these arrays where they are."""
        binding = self._session.io_binding()
        binding.bind_cpu_input(IMAGE_INPUT, np.ascontiguousarray(images))
        for name, out in ((LABEL_OUTPUT, label_maps), (ENERGY_OUTPUT, energy_maps)):
            binding.bind_output(name, 'cpu', 0, out.dtype.type, out.shape, out.ctypes.data)
        self._session.run_with_iobinding(binding)

    def close(self) -> None:
        self._session = None


def _open_session(model_path: Path, placement: Placement, tuning: Tuning) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise EngineError(
            "backend 'onnxruntime' was asked for, but ONNX Runtime cannot be imported "
            f"({error}); pip install onnxruntime, or ask for backend 'openvino'"
        ) from error
    check_installed(placement, onnxruntime.get_available_providers())
    if placement.provider != CPU and hasattr(onnxruntime, 'preload_dlls'):
        onnxruntime.preload_dlls()  # finds CUDA and cuDNN where they were installed with pip
    cache_folder = tuning.cache_folder if placement.provider == TENSORRT else None
    if cache_folder is not None:
        # the TensorRT provider names its plans by the graph, not by its weights
        cache_folder = prepare_cache_folder(cache_folder / sha256_of(model_path))
    try:
        session = onnxruntime.InferenceSession(
            model_path,
            _session_options(onnxruntime, placement, tuning),
            providers=providers_for(placement, cache_folder),
            enable_fallback=0,
        )
    except Exception as error:  # its exceptions share no narrower class
        raise EngineError(
            f'ONNX Runtime cannot open {model_path} on {placement.device}: {error}; export it '
            'again, or use another device'
        ) from error
    check_placed(session, placement)
    return session


def _session_options(onnxruntime: Any, placement: Placement, tuning: Tuning) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = tuning.num_threads
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = _ERRORS_ONLY
    # spinning threads would burn the vehicle's cores between two frames
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    if placement.provider != CPU:
        options.add_session_config_entry('session.record_ep_graph_assignment_info', '1')
    return options


def _lengthened(images: npt.NDArray[np.uint8], *, to_a_multiple_of: int) -> npt.NDArray[np.uint8]:
    """Return a batch with black images at its end, where it needs any."""
    missing = -len(images) % to_a_multiple_of
    if not missing:
        return images
    return np.concatenate([images, np.zeros((missing, *images.shape[1:]), np.uint8)])


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
