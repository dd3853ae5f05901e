"""What overlapping the engine with the work around it gains, in frames and in latency."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import numpy as np

from benchmarks.engine_variants import Variant
from hopfield_pebal_ros.inference.detection import Inferred, Prepared
from hopfield_pebal_ros.inference.engine import PerformanceMode, Tuning
from hopfield_pebal_ros.node.pipeline import run_pipeline

CAMERA_HW = (1080, 1920)


@dataclass(frozen=True)
class Flow:
    """Frames that went through a detector."""

    frames_per_s: float
    latency_ms: float
    """Median from take to the end of what the node does before it publishes."""


def flow(
    variant: Variant,
    *,
    mode: PerformanceMode,
    depth: int,
    num_frames: int,
    period_s: float = 0.0,
) -> Flow:
    """Send frames through: as fast as they are taken, or one each period."""
    detector = variant.open(Tuning(performance_mode=mode))
    frame = np.random.default_rng(0).integers(0, 256, (*CAMERA_HW, 3), np.uint8)
    taken_s: list[float] = []
    finished_s: list[float] = []
    start_s = time.perf_counter()

    def take() -> Prepared | None:
        if len(taken_s) == num_frames:
            return None
        time.sleep(max(0.0, start_s + len(taken_s) * period_s - time.perf_counter()))
        taken_s.append(time.perf_counter())
        return detector.prepare([frame], color_order='bgr')

    def finish(_: Prepared, inferred: Callable[[], Inferred]) -> None:
        (detection,) = detector.finish(inferred())
        detection.labels_at_camera()
        detection.energy_at_camera()
        finished_s.append(time.perf_counter())

    run_pipeline(
        take,
        detector.infer,
        finish,
        depth=depth,
        num_computing=detector.engine.num_streams,
        on_thread=lambda: None,
    )
    detector.close()
    latencies_ms = [1e3 * (end - start) for start, end in zip(taken_s, finished_s, strict=True)]
    return Flow((num_frames - 1) / (finished_s[-1] - finished_s[0]), median(latencies_ms))
