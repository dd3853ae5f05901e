import numpy as np
import pytest

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from training.calibration.energy_counts import EnergyCounts
from training.calibration.thresholds import calibration_of


def counts_of(*images: np.ndarray, outlier: np.ndarray | None = None) -> EnergyCounts:
    """Count images of inlier energies; the first one gets outliers too."""
    counts = EnergyCounts()
    for number, inlier in enumerate(images):
        energies = inlier.astype(np.float32)
        labels = np.zeros(len(energies), np.uint8)
        if outlier is not None and number == 0:
            energies = np.concatenate((energies, outlier.astype(np.float32)))
            labels = np.concatenate((labels, np.full(len(outlier), OUTLIER_ID, np.uint8)))
        counts.add(energies[None], labels[None])
    return counts


def test_few_images_give_the_quantile_of_their_pixels():
    found = calibration_of(counts_of(np.arange(1, 101), outlier=np.arange(1, 41)), fitted_on='it')
    assert found.threshold == pytest.approx(99, rel=1e-4)  # 1 % of 1..100 is one pixel
    assert found.threshold == found.thresholds_by_false_positive_rate['0.01']
    assert found.threshold_kinds == dict.fromkeys(('0.05', '0.01', '0.001'), 'quantile')
    assert found.threshold_at_95_true_positives == pytest.approx(3, rel=1e-4)  # 38 of 40 above
    assert found.inlier_mean == 50.5
    assert found.inlier_standard_deviation == pytest.approx(28.866, abs=1e-3)
    assert found.num_images == 1


def test_the_rates_that_enough_images_support_are_guaranteed():
    rng = np.random.default_rng(0)
    images = [rng.normal(rng.normal(), 1, size=200) for _ in range(99)]
    found = calibration_of(counts_of(*images), fitted_on='it')
    assert found.threshold_kinds == {
        '0.05': 'guaranteed',
        '0.01': 'guaranteed',
        '0.001': 'quantile',
    }
    assert found.num_images == 99
    assert found.threshold == pytest.approx(max(each.max() for each in images), rel=1e-4)
    pooled = np.quantile(np.concatenate(images), 0.999)
    assert found.thresholds_by_false_positive_rate['0.001'] == pytest.approx(pooled, abs=0.05)


def test_at_least_95_percent_of_the_outliers_are_above_where_they_cannot_be_divided_evenly():
    outlier = np.arange(1, 42)  # from 3 on: 39 of 41 are 95.1 %; from 4 on: 92.7 %
    found = calibration_of(counts_of(np.arange(9), outlier=outlier), fitted_on='it')
    assert found.threshold_at_95_true_positives == pytest.approx(3, rel=1e-4)


def test_without_outliers_there_is_no_detection_threshold():
    found = calibration_of(counts_of(np.arange(5)), fitted_on='it')
    assert found.threshold_at_95_true_positives is None


def test_no_inliers_is_refused():
    with pytest.raises(ValueError, match='needs inlier pixels and the images have none'):
        calibration_of(counts_of(np.empty(0), outlier=np.arange(3)), fitted_on='it')


def test_a_constant_energy_is_refused():
    with pytest.raises(ValueError, match='all inlier pixels have the energy 4'):
        calibration_of(counts_of(np.full(6, 4), np.full(2, 4)), fitted_on='it')


def test_ignored_pixels_take_no_part():
    counts = EnergyCounts()
    labels = np.array([[0, IGNORE_ID, OUTLIER_ID, 3]], np.uint8)
    counts.add(np.array([[1, np.nan, 5, 2]], np.float32), labels)
    assert counts.pooled.counts.sum(axis=1).tolist() == [2, 1]
    assert counts.inlier_moments.mean[0] == 1.5
    assert counts.risk.num_images == 1


@pytest.mark.parametrize(('energy', 'message'), [(np.inf, 'infinite'), (np.nan, 'NaN')])
def test_an_energy_that_is_not_finite_is_refused_and_nothing_counted(energy, message):
    counts = EnergyCounts()
    with pytest.raises(ValueError, match=message):
        counts.add(np.array([[1, energy]], np.float32), np.zeros((1, 2), np.uint8))
    counts.add(np.array([[1, 2]], np.float32), np.zeros((1, 2), np.uint8))
    assert counts.pooled.counts.sum() == 2
    assert counts.risk.num_images == 1


def test_sizes_that_differ_are_refused():
    with pytest.raises(ValueError, match='resize the energy'):
        EnergyCounts().add(np.zeros((2, 2), np.float32), np.zeros((2, 3), np.uint8))
