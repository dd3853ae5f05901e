"""Run a deployable file: the `Engine` protocol, and the one place that chooses a runtime."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Protocol, get_args

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.metadata import Metadata
from hopfield_pebal_ros.inference.memory_check import available_bytes, needed_bytes

Backend = Literal['openvino', 'onnxruntime', 'tensorrt']
RunPrecision = Literal['fp32', 'bf16', 'fp16', 'int8']
PerformanceMode = Literal['latency', 'throughput']


class EngineError(RuntimeError):
    """A model cannot run as asked; the message says what was asked, found, and the remedy."""


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """How the runtime uses the machine: changes speed and memory, never the answer."""

    num_threads: int = 0
    """Threads of the runtime; 0 is every core."""
    performance_mode: PerformanceMode = 'latency'
    """Every core for one batch, or several batches at once, each slower (OpenVINO only)."""
    num_streams: int = 0
    """Batches computed at once; 0 is 1 for latency, and OpenVINO's own choice for throughput."""
    cache_folder: Path | None = None
    """Where OpenVINO and TensorRT keep compiled models for the next start; OpenVINO keeps none by
    default."""


DEFAULT_TUNING: Final = Tuning()


@dataclass(frozen=True, eq=False)
class NetworkMaps:
    """What the network says of a batch, owned by the caller."""

    label_maps: npt.NDArray[np.uint8]
    """(N, h, w) uint8 class ids."""
    energy_maps: npt.NDArray[np.float32]
    """(N, h, w) float32, higher is more anomalous."""


class Engine(Protocol):
    """A model that is open on one runtime, device and precision."""

    @property
    def backend(self) -> str: ...

    @property
    def device(self) -> str: ...

    @property
    def precision(self) -> str:
        """What the arithmetic really runs at."""
        ...

    @property
    def num_streams(self) -> int:
        """How many threads may call `infer` at the same time."""
        ...

    def infer(self, images: npt.NDArray[np.uint8]) -> NetworkMaps:
        """Run a batch: (N, H, W, 3) uint8 RGB of network size, N >= 1.

        Raises:
            ValueError: another shape or dtype.
            EngineError: the engine is closed.
        """
        ...

    def close(self) -> None:
        """Give the model's memory back; a second call does nothing."""
        ...


class Opener(Protocol):
    """Opens a file whose precision is decided; raises as `open_engine`."""

    def __call__(
        self,
        model_path: Path,
        metadata: Metadata,
        *,
        device: str,
        precision: RunPrecision,
        tuning: Tuning,
    ) -> Engine: ...


def open_engine(
    model_path: Path,
    metadata: Metadata,
    *,
    backend: Backend = 'openvino',
    device: str = 'CPU',
    precision: RunPrecision | None = None,
    tuning: Tuning = DEFAULT_TUNING,
) -> Engine:
    """Open a deployable file on exactly the runtime, device and precision that were asked for.

    Args:
        model_path: ONNX file.
        metadata: of that file.
        backend: runtime.
        device: as the runtime names it, such as 'CPU' or, for OpenVINO, 'GPU'.
        precision: of the arithmetic; None is the precision of the file. 'bf16' and 'fp16' on an
            fp32 file round the energies too.
        tuning: threads, streams and cache of the runtime.

    Raises:
        EngineError: the runtime is not installed, the device is absent, or it cannot compute in
            this precision or be tuned so, or the memory is too small.
        DeploymentError: the tensors of the file are not those of its metadata.
    """
    if backend not in _OPENERS:
        raise EngineError(f'backend must be one of {get_args(Backend)}, got {backend!r}')
    _check_tuning(tuning)
    asked = decide_precision(precision, metadata)
    _check_memory(model_path, metadata)
    return _OPENERS[backend](model_path, metadata, device=device, precision=asked, tuning=tuning)


def _open_openvino(model_path: Path, metadata: Metadata, **asked: Any) -> Engine:
    from hopfield_pebal_ros.inference.openvino_engine import OpenVinoEngine

    return OpenVinoEngine(model_path, metadata, **asked)


def _open_onnxruntime(model_path: Path, metadata: Metadata, **asked: Any) -> Engine:
    from hopfield_pebal_ros.inference.onnxruntime_engine import OnnxRuntimeEngine

    return OnnxRuntimeEngine(model_path, metadata, **asked)


def _open_tensorrt(model_path: Path, metadata: Metadata, **asked: Any) -> Engine:
    from hopfield_pebal_ros.inference.tensorrt_library import require_tensorrt

    require_tensorrt()
    from hopfield_pebal_ros.inference.tensorrt_engine import TensorRtEngine

    return TensorRtEngine(model_path, metadata, **asked)


# each opener imports its runtime when it is asked for, and not before
_OPENERS: Final[Mapping[Backend, Opener]] = {
    'openvino': _open_openvino,
    'onnxruntime': _open_onnxruntime,
    'tensorrt': _open_tensorrt,
}


def _check_tuning(tuning: Tuning) -> None:
    if tuning.num_threads < 0:
        raise EngineError(f'num_threads must be 0 (every core) or more, got {tuning.num_threads}')
    if tuning.performance_mode not in get_args(PerformanceMode):
        raise EngineError(
            f'performance_mode must be one of {get_args(PerformanceMode)}, '
            f'got {tuning.performance_mode!r}'
        )
    if tuning.num_streams < 0:
        raise EngineError(
            f'num_streams must be 0 (as the mode has it) or more, got {tuning.num_streams}'
        )


def _check_memory(model_path: Path, metadata: Metadata) -> None:
    needed, available = needed_bytes(model_path, metadata), available_bytes()
    if available is not None and needed > available:
        raise EngineError(
            f'{model_path} needs at least {needed / 1e6:.0f} MB of memory, and '
            f'{available / 1e6:.0f} MB are free; end other programs, or use a smaller model'
        )


def decide_precision(asked: RunPrecision | None, metadata: Metadata) -> RunPrecision:
    """Return the precision to run at: the one asked for, or the file's own.

    Raises:
        EngineError: not a precision, or int8 arithmetic asked of a file that has none, or the
            other way round.
    """
    if asked is None:
        return metadata.precision
    if asked not in get_args(RunPrecision):
        raise EngineError(f'precision must be one of {get_args(RunPrecision)}, got {asked!r}')
    if (asked == 'int8') != (metadata.precision == 'int8'):
        raise EngineError(
            f'asked for {asked}, but {metadata.name!r} is an {metadata.precision} file; '
            f'export it with --precision {asked if asked == "int8" else "fp32"}, or ask for '
            f'{metadata.precision}'
        )
    return asked


def empty_maps(count: int, metadata: Metadata) -> NetworkMaps:
    """Return maps of a batch for the runtime to write into, so that nothing is copied."""
    shape = (count, *metadata.output_hw)
    return NetworkMaps(np.empty(shape, np.uint8), np.empty(shape, np.float32))


def check_images(images: npt.NDArray[Any], metadata: Metadata) -> None:
    """Refuse a batch that the network cannot take.

    Raises:
        ValueError: not (N, H, W, 3) uint8 of network size with N >= 1.
    """
    expected = (*metadata.network_hw, 3)
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != expected:
        raise ValueError(
            f'images must be (N, {", ".join(map(str, expected))}) uint8 RGB, got {images.shape} '
            f'{images.dtype}; resize with contract.resizing.image_to_network'
        )
    if not len(images):
        raise ValueError('images must hold at least one image, got none')
