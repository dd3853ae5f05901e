"""The engines that are compared: a deployable file on a backend, at a precision."""

from dataclasses import dataclass
from pathlib import Path

from hopfield_pebal_ros.inference.detector import AnomalyDetector
from hopfield_pebal_ros.inference.engine import (
    DEFAULT_TUNING,
    Backend,
    EngineError,
    RunPrecision,
    Tuning,
)


@dataclass(frozen=True)
class Variant:
    """One way of running a network."""

    backend: Backend
    precision: RunPrecision
    model: Path

    @property
    def name(self) -> str:
        return f'{self.backend}_{self.precision}'

    def open(self, tuning: Tuning = DEFAULT_TUNING) -> AnomalyDetector:
        return AnomalyDetector.open(
            self.model, backend=self.backend, precision=self.precision, tuning=tuning
        )


def variants_of(model: Path, int8: Path | None) -> list[Variant]:
    """Return what this machine can run of a file and of its int8 form; the reference first."""
    wanted = [
        Variant('onnxruntime', 'fp32', model),
        Variant('openvino', 'fp32', model),
        Variant('openvino', 'bf16', model),
    ]
    if int8 is not None:
        wanted += [Variant('onnxruntime', 'int8', int8), Variant('openvino', 'int8', int8)]
    return [each for each in wanted if _runs(each)]


def _runs(variant: Variant) -> bool:
    """Tell whether this processor computes so; other problems are not hidden."""
    try:
        variant.open().close()
    except EngineError as error:
        if 'was asked for' in str(error):
            return False
        raise
    return True
