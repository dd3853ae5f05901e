"""One batch through TensorRT: copy in, compute, copy out, all queued on one stream."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.deployment import ENERGY_OUTPUT, IMAGE_INPUT, LABEL_OUTPUT
from hopfield_pebal_ros.inference.cuda_stream import CudaStream
from hopfield_pebal_ros.inference.engine import EngineError, NetworkMaps

if TYPE_CHECKING:
    import tensorrt as trt

_LOG = logging.getLogger(__name__)


class BatchLaunch:
    """A plan of fixed batch size with its buffers, recorded as a CUDA graph where it can be."""

    def __init__(
        self,
        context: trt.IExecutionContext,
        stream: CudaStream,
        *,
        input_shape: tuple[int, ...],
        output_hw: tuple[int, int],
    ) -> None:
        """Bind the buffers for good, run once, record.

        Raises:
            EngineError: TensorRT refuses a buffer or cannot launch, or the buffers do not fit.
        """
        self._context = context
        self._stream = stream
        self.batch_size = input_shape[0]
        output_shape = (self.batch_size, *output_hw)
        self._image = stream.allocate(input_shape, np.uint8)
        self._labels = stream.allocate(output_shape, np.uint8)
        self._energies = stream.allocate(output_shape, np.float32)
        self._bind()
        self._image.host[:] = 0
        # TensorRT allocates in its first launch, which a recording forbids
        self._queue()
        stream.synchronize()
        self._launch_recorded: Callable[[], None] | None = None
        try:
            self._launch_recorded = stream.capture(self._queue)
        except EngineError as error:
            _LOG.warning('this plan cannot be a CUDA graph, so each launch costs more: %s', error)

    def run(self, images: npt.NDArray[np.uint8], out: NetworkMaps) -> None:
        """Fill `out`, of the same length, with the maps of at most `batch_size` images."""
        count = len(images)
        self._image.host[:count] = images
        (self._launch_recorded or self._queue)()
        self._stream.synchronize()
        out.label_maps[:] = self._labels.host[:count]
        out.energy_maps[:] = self._energies.host[:count]

    def _bind(self) -> None:
        for name, buffer in (
            (IMAGE_INPUT, self._image),
            (LABEL_OUTPUT, self._labels),
            (ENERGY_OUTPUT, self._energies),
        ):
            if not self._context.set_tensor_address(name, buffer.address):
                raise EngineError(f'TensorRT refuses the buffer of {name!r}; build the plan again')

    def _queue(self) -> None:
        self._image.to_device()
        if not self._context.execute_async_v3(self._stream.handle):
            raise EngineError('TensorRT could not launch the plan; build it again')
        self._labels.to_host()
        self._energies.to_host()
