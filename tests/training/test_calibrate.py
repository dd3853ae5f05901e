import numpy as np
import pytest

pytest.importorskip('torch')

from hopfield_pebal_ros.contract.geometry import place
from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from training.calibrate import Energies, calibration_of, energies_of
from training.data.frames import Frame
from training.validation import Prediction

NONE = np.empty(0, np.float32)


def test_at_most_the_target_share_of_inliers_lies_above_each_threshold():
    inlier = np.random.default_rng(0).gamma(2.0, 3.0, 5000).astype(np.float32)
    found = calibration_of(Energies(inlier, NONE), fitted_on='gamma')
    assert found.threshold == found.thresholds_by_false_positive_rate['0.01']
    for rate, threshold in found.thresholds_by_false_positive_rate.items():
        assert np.mean(inlier > threshold) <= float(rate)
        lower = np.sort(inlier)[np.searchsorted(np.sort(inlier), np.float32(threshold)) - 1]
        assert np.mean(inlier > lower) > float(rate)


def test_values_worked_by_hand():
    inlier = np.arange(1, 101, dtype=np.float32)  # 1 % of 1..100 is one value: above 99
    outlier = np.arange(1, 41, dtype=np.float32)  # 95 % of 40 lie above the 2nd
    found = calibration_of(Energies(inlier, outlier), fitted_on='numbers')
    assert found.threshold == 99
    assert found.threshold_at_95_true_positives == 2
    assert found.inlier_mean == 50.5
    assert found.inlier_standard_deviation == pytest.approx(28.866, abs=1e-3)


def test_without_outliers_there_is_no_detection_threshold():
    found = calibration_of(Energies(np.ones(5, np.float32), NONE), fitted_on='ones')
    assert found.threshold_at_95_true_positives is None


def test_no_inliers_is_refused():
    with pytest.raises(ValueError, match='needs inlier pixels'):
        calibration_of(Energies(NONE, NONE), fitted_on='nothing')


def test_ignored_and_padded_pixels_take_no_part():
    labels = np.zeros((128, 128), np.uint8)
    labels[:32], labels[32:64] = OUTLIER_ID, IGNORE_ID
    frame = Frame(np.zeros((128, 128, 3), np.uint8), labels, 'square')
    energy = np.zeros((64, 128), np.float32)
    energy[:16], energy[16:32], energy[32:] = 5, 99, -3
    energy[:, :32] = energy[:, 96:] = 77  # letterbox
    found = energies_of(
        [Prediction(frame, place((128, 128), (128, 256), 'letterbox'), energy * 0, energy)]
    )
    assert np.unique(found.inlier).tolist() == [-3]
    assert np.unique(found.outlier).tolist() == [5]
    assert len(found.inlier) == 32 * 64
