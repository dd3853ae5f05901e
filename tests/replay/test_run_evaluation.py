"""Pixels the network never saw take no part; counts of several frames add up."""

import numpy as np
import pytest

from hopfield_pebal_ros.contract.labels import CITYSCAPES, IGNORE_ID, OUTLIER_ID
from hopfield_pebal_ros.replay.results import FrameResult
from hopfield_pebal_ros.replay.run_evaluation import RunEvaluator


def result(energies: list[float], labels: list[int]) -> FrameResult:
    """Return a frame of one row; what has energy above 5 is in the mask."""
    energy_map = np.array([energies], np.float32)
    return FrameResult(
        stamp_ns=1,
        frame_id='',
        label_map=np.array([labels], np.uint8),
        energy_map=energy_map,
        anomaly_mask=np.where(energy_map > 5, 255, 0).astype(np.uint8),
    )


def truth(*ids: int) -> np.ndarray:
    return np.array([ids], np.uint8)


def test_what_was_not_seen_takes_no_part() -> None:
    evaluator = RunEvaluator(CITYSCAPES, min_region_area_px=0)
    nan = float('nan')
    statistics = evaluator.add(
        result([9, 1, nan, nan], [0, 0, IGNORE_ID, IGNORE_ID]),
        truth(OUTLIER_ID, 0, OUTLIER_ID, 3),
    )
    figures = evaluator.figures()
    assert (figures['ap'], figures['recall_at_threshold'], figures['miou']) == (1, 1, 1)
    assert statistics.energy['max'] == 9


def test_frames_add_up() -> None:
    evaluator = RunEvaluator(CITYSCAPES, min_region_area_px=0)
    evaluator.add(result([9, 9], [0, 0]), truth(OUTLIER_ID, 0))
    evaluator.add(result([1, 1], [0, 1]), truth(OUTLIER_ID, 1))
    figures = evaluator.figures()
    assert figures['recall_at_threshold'] == 0.5
    assert figures['precision_at_threshold'] == 0.5
    # class 0: 1 of 1 right; class 1: 1 of 1 right
    assert figures['miou'] == 1
    # at 9: precision 1/2, recall 1/2; at 1: precision 2/4, recall 1
    assert figures['ap'] == pytest.approx(0.5)


def test_nothing_labelled_gives_no_figures() -> None:
    evaluator = RunEvaluator(CITYSCAPES, min_region_area_px=0)
    statistics = evaluator.add(result([9, 1], [0, 0]), None)
    assert (evaluator.figures(), statistics.figures) == ({}, {})
    assert evaluator.energies.counts.sum() == 2


def test_regions_are_found_at_camera_size() -> None:
    evaluator = RunEvaluator(CITYSCAPES, min_region_area_px=2)
    statistics = evaluator.add(result([9, 7, 1, 9], [0] * 4), None)
    (region,) = statistics.regions  # the single pixel at the end is too small
    assert (region.left, region.width, region.mean_energy) == (0, 2, 8)
