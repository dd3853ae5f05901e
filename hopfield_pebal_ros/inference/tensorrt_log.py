"""What TensorRT says: errors kept for the exception to quote, the rest to Python's logging."""

import logging
from collections import deque
from collections.abc import Callable
from typing import TypeVar

import tensorrt as trt

from hopfield_pebal_ros.inference.engine import EngineError

Started = TypeVar('Started')

_LOG = logging.getLogger(__name__)


class TensorRtLog(trt.ILogger):
    """TensorRT's calls return None or False on failure; the reason goes to their logger."""

    def __init__(self) -> None:
        trt.ILogger.__init__(self)
        self._errors: deque[str] = deque(maxlen=3)

    def log(self, severity: trt.ILogger.Severity, msg: str) -> None:
        if severity in (trt.ILogger.Severity.ERROR, trt.ILogger.Severity.INTERNAL_ERROR):
            self._errors.append(msg.strip())
        else:
            is_warning = severity == trt.ILogger.Severity.WARNING
            _LOG.log(logging.WARNING if is_warning else logging.DEBUG, '%s', msg)

    def reason(self) -> str:
        """Return the last errors."""
        return '; '.join(self._errors) or 'TensorRT gave no reason'


def start(kind: Callable[[trt.ILogger], Started], log: TensorRtLog) -> Started:
    """Make a TensorRT builder or runtime.

    Raises:
        EngineError: TensorRT cannot start on this machine.
    """
    try:
        return kind(log)
    except TypeError:  # what the bindings make of a null pointer
        raise EngineError(
            f'TensorRT cannot start: {log.reason()}; install the NVIDIA driver that this TensorRT '
            "needs, or ask for backend 'openvino'"
        ) from None
