"""What the options of an engine gain: pipeline, streams, batches, cache."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from benchmarks.engine_pipeline import flow
from benchmarks.engine_variants import Variant
from benchmarks.figures import Figure
from benchmarks.timing import medians_in_turn
from hopfield_pebal_ros.inference.engine import Tuning

BATCH: Final = 3


def option_figures(variant: Variant, *, repeats: int) -> list[Figure]:
    """Measure every option that the backend has."""
    figures = batch_figures(variant, repeats=repeats)
    if variant.backend == 'openvino':
        figures += pipeline_figures(variant, num_frames=10 * repeats)
        figures.append(cache_figure(variant))
    return figures


def pipeline_figures(variant: Variant, *, num_frames: int) -> list[Figure]:
    """Compare overlapped work with one frame after another, at and below saturation."""
    plain = flow(variant, mode='latency', depth=1, num_frames=num_frames)
    deep = flow(variant, mode='latency', depth=2, num_frames=num_frames)
    streams = flow(variant, mode='throughput', depth=3, num_frames=num_frames)
    period_s = 2 / plain.frames_per_s
    slow, slow_deep = (
        flow(variant, mode='latency', depth=depth, num_frames=num_frames // 2, period_s=period_s)
        for depth in (1, 2)
    )
    faster = {
        'pipeline_depth_2_frames_per_s': deep.frames_per_s / plain.frames_per_s,
        'throughput_mode_depth_3_frames_per_s': streams.frames_per_s / plain.frames_per_s,
    }
    later = {
        'pipeline_depth_2_latency_at_half_rate': slow_deep.latency_ms / slow.latency_ms,
        'pipeline_depth_2_latency_at_saturation': deep.latency_ms / plain.latency_ms,
        'throughput_mode_depth_3_latency_at_saturation': streams.latency_ms / plain.latency_ms,
    }
    figures = [Figure(name, each, 'of depth 1', 'higher', None) for name, each in faster.items()]
    return figures + [
        Figure(name, each, 'of depth 1', 'lower', None) for name, each in later.items()
    ]


def batch_figures(variant: Variant, *, repeats: int) -> list[Figure]:
    """Compare images that go through together with images one after another."""
    detector = variant.open()
    images = np.random.default_rng(0).integers(
        0, 256, (BATCH, *detector.metadata.network_hw, 3), np.uint8
    )
    runs: dict[str, Callable[[], object]] = {
        'together': partial(detector.engine.infer, images),
        'alone': lambda: [detector.engine.infer(image[None]) for image in images],
    }
    times_ms = medians_in_turn(runs, repeats=repeats)
    detector.close()
    gain = times_ms['alone'] / times_ms['together']
    return [Figure(f'batch_of_{BATCH}_frames_per_s', gain, 'of one at a time', 'higher', None)]


def cache_figure(variant: Variant) -> Figure:
    """Compare the second opening with a cache with one without."""
    with TemporaryDirectory() as folder:
        _open_s(variant, Tuning(cache_folder=Path(folder)))
        with_cache_s = _open_s(variant, Tuning(cache_folder=Path(folder)))
    without_s = _open_s(variant, Tuning())
    return Figure(
        'open_with_cache', with_cache_s / without_s, 'of the time without', 'lower', None
    )


def _open_s(variant: Variant, tuning: Tuning) -> float:
    start_s = time.perf_counter()
    variant.open(tuning).close()
    return time.perf_counter() - start_s
