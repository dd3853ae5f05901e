import math
from types import SimpleNamespace

import numpy as np

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from hopfield_pebal_ros.evaluation.pixel_metrics import PixelCounter
from training.data.benchmarks.benchmark import INLIER_ID
from training.evaluation.pictures import (
    FALSE_ALARM_RGB,
    FOUND_RGB,
    MISSED_RGB,
    VOID_RGB,
    as_detection,
    best_and_worst,
    draw_found,
    inlier_energy_at,
    reduced,
    spread_of_inliers,
)
from training.evaluation.scores import Scores


def test_found_missed_and_false_alarms_have_their_colours():
    truth = np.array([[OUTLIER_ID, OUTLIER_ID, INLIER_ID, INLIER_ID, IGNORE_ID]], np.uint8)
    flagged = np.array([[True, False, True, False, True]])
    picture = draw_found(np.full((1, 5, 3), 100, np.uint8), truth, flagged)
    expected = (FOUND_RGB, MISSED_RGB, FALSE_ALARM_RGB, None, VOID_RGB)
    for index, color in enumerate(expected):
        if color is None:
            assert np.ptp(picture[0, index]) == 0  # the camera image in grey
        else:
            nearest = min(
                (FOUND_RGB, MISSED_RGB, FALSE_ALARM_RGB, VOID_RGB),
                key=lambda each: np.abs(np.array(each, int) - picture[0, index]).sum(),
            )
            assert nearest == color


def test_the_worst_and_the_best_share_no_image():
    records = [
        SimpleNamespace(name=str(index), ap=ap)
        for index, ap in enumerate([0.5, math.nan, 0.9, 0.1])
    ]
    best, worst = best_and_worst(records, 2)
    assert [each.ap for each in best] == [0.9, 0.5]
    assert [each.ap for each in worst] == [0.1]
    assert best_and_worst(records[1:2], 2) == ([], [])


def test_a_detection_flags_the_threshold_itself():
    energy = np.array([[0.9, 1.0, 1.1]], np.float32)
    detection = as_detection(Scores(energy_map=energy), 1.0, 1.0)
    assert detection.anomaly_mask.tolist() == [[0, 255, 255]]
    assert (energy > np.float32(detection.threshold)).tolist() == [[False, True, True]]


def test_wide_images_are_reduced_and_ids_are_not_mixed():
    truth = np.zeros((40, 80), np.uint8)
    truth[:, 40:] = OUTLIER_ID
    scores = Scores(energy_map=truth.astype(np.float32))
    image, labels, small = reduced(np.zeros((40, 80, 3), np.uint8), truth, scores, 20)
    assert image.shape == (10, 20, 3)
    assert labels.shape == small.energy_map.shape == (10, 20)
    assert np.unique(labels).tolist() == [0, OUTLIER_ID]


def test_the_spread_of_inliers_is_half_the_middle_68_percent():
    counter = PixelCounter()
    counter.add(np.linspace(0, 100, 10001, dtype=np.float32), np.zeros(10001, np.bool_))
    counts = counter.occupied()
    assert abs(inlier_energy_at(counts, 0.99) - 99) < 0.1
    assert abs(spread_of_inliers(counts) - 34) < 0.1
