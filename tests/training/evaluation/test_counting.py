import math

import numpy as np
import pytest

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from hopfield_pebal_ros.evaluation.component_metrics import NO_FILTER
from training.data.benchmarks.benchmark import INLIER_ID
from training.data.labelled_set import Pair
from training.evaluation.counting import CountingPlan, SetCounts, first_above
from training.evaluation.figures import best_f1_threshold, figures_of_set
from training.evaluation.scores import Scores

TRUTH = np.array([[OUTLIER_ID, OUTLIER_ID, INLIER_ID, INLIER_ID, IGNORE_ID]], np.uint8)
ENERGY = np.array([[3.0, 1.0, 2.0, 0.0, math.nan]], np.float32)


def pair(name='a', path=None):
    return Pair(name, '', path, path)


def counts_of(scores, truth=TRUTH, **plan):
    counts = SetCounts(CountingPlan(size_filter=NO_FILTER, has_outliers=True, **plan))
    counts.add(pair(), scores, truth)
    counts.add(pair('b'), scores, truth)
    return counts


@pytest.mark.parametrize('mode', ['streaming', 'exact'])
def test_both_modes_give_the_figures_worked_by_hand(mode):
    found = figures_of_set(counts_of(Scores(energy_map=ENERGY), mode=mode))
    # outliers at 3 and 1, inliers at 2 and 0: AP = 1/2 * 1 + 1/2 * 2/3, AUROC = 3 of 4 pairs
    assert found.figures['ap'] == pytest.approx(5 / 6)
    assert found.figures['auroc'] == pytest.approx(3 / 4)
    assert found.figures['fpr95'] == pytest.approx(1 / 2)
    assert found.figures['mean_image_ap'] == pytest.approx(5 / 6)
    assert found.thresholds['tpr95'] == pytest.approx(1)
    assert found.figures['ap_small'] == pytest.approx(5 / 6)


def test_equal_images_have_intervals_of_no_width():
    found = figures_of_set(counts_of(Scores(energy_map=ENERGY)))
    assert found.intervals['ap'].low == found.intervals['ap'].high
    assert found.intervals['ap'].num_units == 2


def test_pixels_that_were_not_seen_do_not_count():
    is_seen = np.array([[True, False, True, True, True]])
    found = figures_of_set(counts_of(Scores(energy_map=ENERGY, is_seen=is_seen)))
    assert found.figures['ap'] == 1.0


def test_components_are_flagged_from_the_best_f1_threshold():
    counts = counts_of(Scores(energy_map=ENERGY))
    threshold = best_f1_threshold(counts)
    assert threshold == pytest.approx(1)  # 2 right of 3: F1 0.8
    counts.flag_components_from(threshold)
    for name in ('a', 'b'):
        counts.add_components(pair(name), Scores(energy_map=ENERGY), TRUTH)
    found = figures_of_set(counts)
    # one true object of 2 px, one flagged of 3 px: sIoU 2/3, PPV 2/3; found up to 0.65: 9 of 11
    assert found.figures['siou'] == pytest.approx(2 / 3)
    assert found.figures['ppv'] == pytest.approx(2 / 3)
    assert found.figures['component_f1'] == pytest.approx(9 / 11)


def test_other_definitions_stand_beside_ours():
    found = figures_of_set(
        counts_of(Scores(energy_map=ENERGY), compatible=('fishyscapes', 'caos'))
    )
    assert found.compatible['fishyscapes']['ap'] == pytest.approx(5 / 6)
    assert set(found.compatible) == {'fishyscapes', 'caos'}


def test_the_deployed_threshold_itself_is_no_anomaly():
    assert np.float32(6.0) < first_above(6.0) < 6.000001


def test_saturated_energies_are_told():
    energy = np.array([[1.0, 1.0, 0.5, 0.0, 0.0]], np.float32)
    found = figures_of_set(counts_of(Scores(energy_map=energy)))
    assert found.notices[0].startswith('Saturated energies: 100.0 %')


def test_too_few_images_give_no_intervals_and_say_so():
    counts = SetCounts(CountingPlan(size_filter=NO_FILTER, has_outliers=True))
    counts.add(pair(), Scores(energy_map=ENERGY), TRUTH)
    found = figures_of_set(counts)
    assert found.intervals == {}
    assert 'No intervals of the pixel figures' in found.notices[-1]
