import numpy as np
import pytest

from hopfield_pebal_ros.evaluation.image_log import ImageLog
from hopfield_pebal_ros.evaluation.pixel_intervals import paired_difference, pixel_intervals
from hopfield_pebal_ros.evaluation.pixel_metrics import PixelCounter


def log_of(num_images, *, groups=None, spread=1.0):
    """Images whose objects are found more or less well."""
    rng = np.random.default_rng(0)
    log, pooled = ImageLog(), PixelCounter()
    for index in range(num_images):
        outlier = rng.random(2000) < 0.05
        energy = rng.standard_normal(2000) + outlier * (2 + spread * rng.standard_normal())
        group = groups[index] if groups else ''
        pooled.add_sparse(log.add(str(index), energy.astype(np.float32), outlier, group=group))
    return log, pooled.figures()


def test_intervals_hold_the_pooled_figures():
    log, figures = log_of(20)
    intervals = pixel_intervals(log, resamples=300)
    assert set(intervals) == {'ap', 'auroc', 'fpr95', 'best_f1'}
    for name, interval in intervals.items():
        assert interval.low < getattr(figures, name) < interval.high


def test_more_images_narrow_the_interval():
    few, many = (pixel_intervals(log_of(number)[0], resamples=300)['ap'] for number in (8, 56))
    assert many.high - many.low < (few.high - few.low) / 1.5


def test_scenes_are_the_units_where_known():
    log, _ = log_of(12, groups=['a', 'b', 'c'] * 4)
    assert pixel_intervals(log, resamples=50)['ap'].num_units == 3


def test_identical_images_have_the_pooled_figures_at_both_ends():
    log, pooled = ImageLog(), PixelCounter()
    for name in 'abc':
        energy, outlier = np.array([4, 3, 2, 1], np.float32), np.array([True, False, True, False])
        pooled.add_sparse(log.add(name, energy, outlier))
    interval = pixel_intervals(log, resamples=20)['ap']
    assert interval.low == interval.high == pytest.approx(pooled.figures().ap)


def test_no_image_is_refused():
    with pytest.raises(ValueError, match='nothing to resample'):
        pixel_intervals(ImageLog())


def shifted_log(*, gain, num_images=20):
    """Images as of `log_of`, whose outliers have `gain` more energy."""
    rng = np.random.default_rng(0)
    log = ImageLog()
    for index in range(num_images):
        outlier = rng.random(2000) < 0.05
        energy = rng.standard_normal(2000) + outlier * (1 + rng.standard_normal() + gain)
        log.add(str(index), energy.astype(np.float32), outlier)
    return log


def test_a_scorer_less_itself_is_nothing():
    log = shifted_log(gain=0)
    for interval in paired_difference(log, log, resamples=100).values():
        assert interval.low == interval.high == 0


def test_pairs_tell_a_small_gain_that_separate_intervals_do_not():
    before, after = shifted_log(gain=0), shifted_log(gain=0.4)
    gain = paired_difference(after, before, resamples=300)['auroc']
    assert gain.low > 0
    separate = [pixel_intervals(each, resamples=300)['auroc'] for each in (before, after)]
    assert separate[1].low < separate[0].high
    turned = paired_difference(before, after, resamples=300)['auroc']
    assert (turned.low, turned.high) == pytest.approx((-gain.high, -gain.low))


def test_logs_of_other_images_cannot_be_paired():
    with pytest.raises(ValueError, match='not of the same images in the same order'):
        paired_difference(shifted_log(gain=0), shifted_log(gain=0, num_images=5))
