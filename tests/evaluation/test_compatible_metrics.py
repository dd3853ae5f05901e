import numpy as np
import pytest

from hopfield_pebal_ros.evaluation.compatible_metrics import (
    MODES,
    densehybrid,
    open_compatible_metric,
    pebal,
)
from hopfield_pebal_ros.evaluation.exact_metrics import exact_points


def by_rank(text):
    """Energies falling from the left; o is an outlier, i an inlier."""
    return np.arange(len(text), 0, -1, dtype=np.float32), np.array([c == 'o' for c in text])


def figures_of(mode, *images):
    metric = open_compatible_metric(mode)
    for image in images:
        metric.add(*image)
    return metric.figures()


# 20 outliers; TPR 0.90 at 0 false alarms of 4, 0.95 at 1, 1.0 at 2
TWENTY = by_rank('o' * 18 + 'i' + 'o' + 'i' + 'o' + 'ii')
# 9 outliers: TPR 8/9 = 0.889 at 0 of 3 false alarms, 1.0 at 1; the first is 0.061 away, the
# second 0.05
NINE = by_rank('o' * 8 + 'i' + 'o' + 'ii')
# 17 outliers: TPR 16/17 = 0.941 at 0 of 3, only 0.009 below 0.95; 1.0 at 1, in a tie
SEVENTEEN = (
    np.array([*range(20, 4, -1), 3, 3, 2, 1], np.float32),
    np.array([True] * 17 + [False] * 3),
)


def test_fishyscapes_takes_the_first_tpr_of_at_least_095():
    assert figures_of('fishyscapes', TWENTY).fpr95 == pytest.approx(1 / 4)
    assert figures_of('fishyscapes', SEVENTEEN).fpr95 == pytest.approx(1 / 3)


def test_pebal_takes_the_nearest_recall_even_below_095():
    assert figures_of('pebal', SEVENTEEN).fpr95 == 0.0
    assert figures_of('pebal', NINE).fpr95 == pytest.approx(1 / 3)


def test_pebal_takes_the_last_of_equal_recalls():
    # recall stays 0.95 while two inliers follow: their search meets the larger FPR first
    image = by_rank('o' * 19 + 'ii' + 'o' + 'ii')
    assert figures_of('pebal', image).fpr95 == pytest.approx(2 / 4)
    assert figures_of('fishyscapes', image).fpr95 == 0.0


def test_densehybrid_takes_the_first_tpr_above_095():
    assert figures_of('densehybrid', TWENTY).fpr95 == pytest.approx(2 / 4)


def test_densehybrid_inherits_the_points_that_scikit_learn_drops():
    # three equal steps of 10 outliers and 10 inliers each, from TPR 0.70 to 1.0: those at 0.8
    # and 0.9 lie on a line, so does the one at 0.97 after a tie of 17 and 17
    energy = np.repeat(np.array([3, 2, 1, 0], np.float32), [94, 4, 4, 4])
    outlier = np.concatenate([np.arange(94) < 94, *([np.arange(4) < 2] * 3)])
    points = exact_points(energy, outlier)
    # TPR 0.94, 0.96, 0.98, 1.0; FPR 0, 1/3, 2/3, 1: the middle two are on a straight line
    assert pebal(points).fpr95 == pytest.approx(1 / 3)
    assert densehybrid(points).fpr95 == pytest.approx(1.0)


def test_pooled_modes_share_ap_and_auroc():
    # images shifted against each other; pooled by falling energy: o i o i
    images = [by_rank('oi'), by_rank('oi')]
    images[0] = (images[0][0] + 10, images[0][1])
    for mode in ('fishyscapes', 'pebal', 'densehybrid'):
        figures = figures_of(mode, *images)
        assert figures.ap == pytest.approx(1 / 2 + 1 / 2 * 2 / 3)
        assert figures.auroc == pytest.approx(3 / 4)


def test_caos_is_the_mean_of_images_that_have_both_classes():
    # each image alone is perfect or reversed; the third has no outlier and is left out
    images = [by_rank('oi'), by_rank('io'), by_rank('ii')]
    figures = figures_of('caos', *images)
    assert figures.ap == pytest.approx((1 + 1 / 2) / 2)
    assert figures.auroc == pytest.approx((1 + 0) / 2)
    assert figures.fpr95 == pytest.approx((0 + 1) / 2)


@pytest.mark.parametrize('mode', MODES)
def test_void_is_dropped(mode):
    energy, outlier = by_rank('oioi')
    clean = figures_of(mode, (energy, outlier))
    dirty = (np.append(energy, np.float32(np.nan)), np.append(outlier, True), np.arange(5) < 4)
    assert figures_of(mode, dirty) == clean


@pytest.mark.parametrize('mode', MODES)
def test_one_class_absent_is_refused(mode):
    with pytest.raises(ValueError, match='outlier'):
        figures_of(mode, by_rank('iii'))


def test_an_unknown_mode_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"'sklearn'; there are fishyscapes, smiyc, pebal"):
        open_compatible_metric('sklearn')
