"""TensorRT and a GPU as far as our code can tell: queued work, and the tiny model as the plan."""

import json
import logging
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hopfield_pebal_ros.contract.deployment import ENERGY_OUTPUT, IMAGE_INPUT, LABEL_OUTPUT
from hopfield_pebal_ros.inference.cuda_stream import CudaError, Gpu

Step = tuple[str, Callable[[], None]]


@dataclass(eq=False)
class StandInBuffer:
    stream: 'StandInStream'
    name: str
    host: np.ndarray
    device: np.ndarray

    @property
    def address(self) -> int:
        return self.device.ctypes.data

    def to_device(self) -> None:
        self.stream.add(f'{self.name} in', lambda: np.copyto(self.device, self.host))

    def to_host(self) -> None:
        self.stream.add(f'{self.name} out', lambda: np.copyto(self.host, self.device))


class StandInStream:
    """A stream that computes nothing before it is synchronized, as late as a GPU ever may."""

    gpu = Gpu('Stand-in', '8.7')
    handle = 4711

    def __init__(self) -> None:
        self.done: list[str] = []
        self.buffers: dict[int, StandInBuffer] = {}
        self.free = 10**9
        self.can_capture = True
        self.is_open = True
        self.threads_made_current = 0
        self._waiting: list[Step] = []
        self._recording: list[Step] | None = None

    def make_current(self) -> None:
        self.threads_made_current += 1

    def allocate(self, shape: tuple[int, ...], dtype: Any) -> StandInBuffer:
        if int(np.prod(shape)) > self.free:
            raise CudaError('cudaMalloc: cudaErrorMemoryAllocation')
        name = f'buffer {len(self.buffers) % 3}'
        # what was there before is never what anyone wants
        garbage = [np.full(shape, 77, dtype) for _ in range(2)]
        buffer = StandInBuffer(self, name, *garbage)
        self.buffers[buffer.address] = buffer
        return buffer

    def free_bytes(self) -> int:
        return self.free

    def add(self, name: str, work: Callable[[], None]) -> None:
        steps = self._waiting if self._recording is None else self._recording
        steps.append((name, work))

    def capture(self, work: Callable[[], None]) -> Callable[[], None]:
        if not self.can_capture:
            raise CudaError('cudaStreamEndCapture: cudaErrorStreamCaptureUnsupported')
        self._recording = recorded = []
        work()
        self._recording = None

        def launch() -> None:
            self._waiting += [('graph', lambda: None), *recorded]

        return launch

    def synchronize(self) -> None:
        for name, work in self._waiting:
            work()
            self.done.append(name)
        self._waiting.clear()

    def close(self) -> None:
        self.is_open = False


@dataclass(eq=False)
class StandInContext:
    stream: StandInStream
    can_launch: bool = True
    addresses: dict[str, int] = field(default_factory=dict)

    def set_tensor_address(self, name: str, address: int) -> bool:
        if name in self.addresses or address not in self.stream.buffers:
            return False
        self.addresses[name] = address
        return True

    def execute_async_v3(self, handle: int) -> bool:
        if handle != self.stream.handle or not self.can_launch:
            return False
        self.stream.add('run', self._run)
        return True

    def _run(self) -> None:
        image, labels, energies = (
            self.stream.buffers[self.addresses[name]].device
            for name in (IMAGE_INPUT, LABEL_OUTPUT, ENERGY_OUTPUT)
        )
        labels[:] = image[..., 1] // 16
        energies[:] = image[..., 0] / 25.5


def plan_of(batch_size: int, *, needed_bytes: int = 0) -> bytes:
    """Return what the stand-in runtime takes for a plan of the tiny model."""
    return json.dumps({'batch_size': batch_size, 'needed_bytes': needed_bytes}).encode()


def stand_in_tensorrt(stream: StandInStream, version: str = '10.3.0') -> types.ModuleType:
    """Return a module with as much of `tensorrt` as an engine touches."""

    class Engine:
        num_io_tensors = 3

        def __init__(self, plan: bytes) -> None:
            document = json.loads(plan)
            self.device_memory_size_v2 = document['needed_bytes']
            size = (document['batch_size'], 64, 128)
            self._tensors = {
                IMAGE_INPUT: ('UINT8', (*size, 3)),
                LABEL_OUTPUT: (document.get('label_type', 'UINT8'), size),
                ENERGY_OUTPUT: ('FLOAT', size),
            }

        def get_tensor_name(self, index: int) -> str:
            return list(self._tensors)[index]

        def get_tensor_dtype(self, name: str) -> Any:
            return types.SimpleNamespace(name=self._tensors[name][0])

        def get_tensor_shape(self, name: str) -> tuple[int, ...]:
            return self._tensors[name][1]

        def create_execution_context(self) -> StandInContext:
            return StandInContext(stream)

    class Runtime:
        def __init__(self, log: Any) -> None:
            self._log = log

        def deserialize_cuda_engine(self, plan: bytes) -> Engine | None:
            try:
                return Engine(plan)
            except ValueError:
                self._log.log(Logger.Severity.ERROR, 'Serialization assertion failed')
                return None

    class Logger:
        Severity = types.SimpleNamespace(
            INTERNAL_ERROR=0, ERROR=1, WARNING=2, INFO=logging.INFO, VERBOSE=logging.DEBUG
        )

    module = types.ModuleType('tensorrt')
    vars(module).update(__version__=version, ILogger=Logger, Runtime=Runtime, ICudaEngine=Engine)
    return module
