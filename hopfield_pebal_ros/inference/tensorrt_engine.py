"""A deployable file on TensorRT, from plans that build_tensorrt made on this machine."""

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import tensorrt as trt

from hopfield_pebal_ros.contract.deployment import TensorSpec, check_tensors
from hopfield_pebal_ros.contract.metadata import Metadata
from hopfield_pebal_ros.inference.cuda_stream import CudaError, CudaStream, open_stream
from hopfield_pebal_ros.inference.engine import (
    EngineError,
    NetworkMaps,
    RunPrecision,
    Tuning,
    check_images,
    empty_maps,
)
from hopfield_pebal_ros.inference.file_hash import sha256_of
from hopfield_pebal_ros.inference.tensorrt_cache import (
    StoredPlan,
    default_cache_folder,
    find_plans,
    read_plan,
)
from hopfield_pebal_ros.inference.tensorrt_launch import BatchLaunch
from hopfield_pebal_ros.inference.tensorrt_log import TensorRtLog, start
from hopfield_pebal_ros.inference.tensorrt_plan import plan_key
from hopfield_pebal_ros.inference.tensorrt_precision import rounding_flag

_DTYPES: Final = {'UINT8': 'uint8', 'FLOAT': 'float32'}


class TensorRtEngine:
    """The plans of a model, one for each batch size that was built, on one stream."""

    backend = 'tensorrt'
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
        if tuning.performance_mode != 'latency' or tuning.num_streams > 1:
            raise EngineError(
                "backend 'tensorrt' computes one batch at a time; ask for performance_mode "
                "latency and num_streams 0, or use backend 'openvino'"
            )
        rounding_flag(precision, metadata.precision, trt.__version__)
        self.device = device
        self.precision = precision
        self._metadata = metadata
        self._stream = open_stream(device)
        self._launches: list[BatchLaunch] = []
        try:
            self._open_plans(model_path, tuning.cache_folder or default_cache_folder())
        except CudaError as error:
            self.close()
            raise EngineError(
                f'{device} cannot take {model_path}: {error}; close other programs on the GPU, '
                'or export at a smaller size'
            ) from error
        except BaseException:
            self.close()
            raise

    def infer(self, images: npt.NDArray[np.uint8]) -> NetworkMaps:
        check_images(images, self._metadata)
        if not self._launches:
            raise EngineError('this engine is closed; open it again with open_engine')
        self._stream.make_current()
        maps = empty_maps(len(images), self._metadata)
        start = 0
        while start < len(images):
            launch = self._launch_for(len(images) - start)
            part = slice(start, start + launch.batch_size)
            launch.run(images[part], NetworkMaps(maps.label_maps[part], maps.energy_maps[part]))
            start = part.stop
        return maps

    def close(self) -> None:
        self._launches.clear()
        self._stream.close()

    def _open_plans(self, model_path: Path, folder: Path) -> None:
        key = plan_key(sha256_of(model_path), self.precision, trt.__version__, self._stream.gpu)
        # the runtime and what it made use this log until the last of them is gone
        self._log = TensorRtLog()
        self._runtime = start(trt.Runtime, self._log)
        plans = find_plans(folder, key, model_path=model_path, model_name=self._metadata.name)
        self._launches = [self._open_plan(each) for each in plans]

    def _open_plan(self, stored: StoredPlan) -> BatchLaunch:
        engine = self._runtime.deserialize_cuda_engine(read_plan(stored))
        if engine is None:
            raise EngineError(
                f'TensorRT cannot load {stored.path}: {self._log.reason()}; build it again with '
                'build_tensorrt --rebuild'
            )
        check_tensors(tensor_specs(engine), self._metadata, source=str(stored.path))
        check_memory(engine, self._stream, stored.path)
        context = engine.create_execution_context()
        if context is None:
            raise EngineError(f'TensorRT cannot run {stored.path}: {self._log.reason()}')
        return BatchLaunch(
            context,
            self._stream,
            input_shape=stored.record.input_shape,
            output_hw=self._metadata.output_hw,
        )

    def _launch_for(self, count: int) -> BatchLaunch:
        """Return the smallest plan that takes all `count` images at once, else the largest."""
        fitting = (each for each in self._launches if each.batch_size >= count)
        return next(fitting, self._launches[-1])


def tensor_specs(engine: trt.ICudaEngine) -> tuple[TensorSpec, ...]:
    """Return the inputs and outputs of a plan as `check_tensors` wants them."""
    specs = []
    for name in map(engine.get_tensor_name, range(engine.num_io_tensors)):
        dtype = engine.get_tensor_dtype(name).name
        lengths = engine.get_tensor_shape(name)
        shape = tuple(lengths[axis] for axis in range(len(lengths)))
        specs.append(TensorSpec(name, _DTYPES.get(dtype, dtype.lower()), shape))
    return tuple(specs)


def check_memory(engine: trt.ICudaEngine, stream: CudaStream, path: Path) -> None:
    """Refuse a plan whose activations do not fit.

    Raises:
        EngineError: less memory of the GPU is free.
    """
    needed, free = engine.device_memory_size_v2, stream.free_bytes()
    if needed > free:
        raise EngineError(
            f'{path} needs {needed / 1e6:.0f} MB on the GPU besides its weights, '
            f'{free / 1e6:.0f} MB are free; close other programs, build a smaller batch, or '
            'export at a smaller size'
        )
