import logging
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hopfield_pebal_ros.evaluation.exact_metrics import ExactPixels
from hopfield_pebal_ros.evaluation.pixel_metrics import PixelCounter
from hopfield_pebal_ros.evaluation.score_keys import NUM_KEYS, from_keys, to_keys

# few distinct values, so that ties are common; infinities and both zeros among them
tied_energy = st.sampled_from([-np.inf, -3.5, -1.0, -0.0, 0.0, 2.0**-20, 0.25, 7.0, np.inf])
any_energy = st.floats(width=32, allow_nan=False)
pixels = st.lists(
    st.tuples(tied_energy | any_energy, st.booleans(), st.booleans()), min_size=1, max_size=60
)


def arrays_of(rows):
    energy, outlier, valid = zip(*rows, strict=True)
    return np.array(energy, np.float32), np.array(outlier), np.array(valid)


def counter_of(energy, outlier, valid=None):
    counter = PixelCounter()
    counter.add(np.array(energy, np.float32), np.array(outlier), valid)
    return counter


def assert_same_counts(counter, other):
    for name in ('keys', 'inlier', 'outlier'):
        found, expected = getattr(counter.occupied(), name), getattr(other.occupied(), name)
        np.testing.assert_array_equal(found, expected)


def test_figures_of_four_pixels_by_hand():
    # by falling energy: outlier, inlier, outlier, inlier
    figures = counter_of([3, 2, 1, 0], [True, False, True, False]).figures()
    assert figures.ap == pytest.approx(1 / 2 * 1 + 1 / 2 * 2 / 3)
    assert figures.auroc == pytest.approx(3 / 4)
    assert figures.fpr95 == pytest.approx(1 / 2)
    assert figures.best_f1 == pytest.approx(4 / 5)
    assert figures.best_f1_threshold == 1.0
    assert (figures.num_outlier, figures.num_inlier) == (2, 2)


def test_void_is_dropped_and_may_be_nan():
    energy = np.array([[3, np.nan], [2, 1]], np.float32)
    outlier = np.array([[True, True], [False, False]])
    counter = counter_of(energy, outlier, ~np.isnan(energy))
    figures = counter.figures()
    assert (figures.num_outlier, figures.num_inlier) == (1, 2)
    assert figures.ap == 1.0


@settings(deadline=None, max_examples=20)
@given(pixels)
def test_streaming_equals_exact_on_the_keys_of_any_energies(rows):
    energy, outlier, valid = arrays_of(rows)
    counter, exact = PixelCounter(), ExactPixels()
    counter.add(energy, outlier, valid)
    exact.add(from_keys(to_keys(energy)), outlier, valid)  # energies no finer than the keys
    if not ((outlier & valid).any() and (~outlier & valid).any()):
        with pytest.raises(ValueError, match=r'pixel among the \d+ counted: AP, AUROC and FPR95'):
            counter.figures()
    else:
        assert astuple(counter.figures()) == astuple(exact.figures())


@settings(deadline=None, max_examples=20)
@given(pixels, pixels)
def test_merged_counters_equal_one_counter(first, second):
    together, parts = PixelCounter(), PixelCounter()
    for rows in (first, second):
        part = PixelCounter()
        part.add(*arrays_of(rows))
        parts.merge(part)
        together.add(*arrays_of(rows))
    assert_same_counts(parts, together)


@settings(deadline=None, max_examples=20)
@given(pixels)
def test_counters_come_back_from_their_arrays(rows):
    counter = PixelCounter()
    counter.add(*arrays_of(rows))
    again = PixelCounter.from_arrays(counter.to_arrays())
    assert_same_counts(again, counter)


def test_figures_are_within_1e_4_of_exact_ones_on_gaussian_energies():
    rng = np.random.default_rng(0)
    outlier = rng.random(400_000) < 0.01
    energy = (2 * rng.standard_normal(outlier.size) - 12 + 5 * outlier).astype(np.float32)
    counter, exact = counter_of(energy, outlier), ExactPixels()
    exact.add(energy, outlier)
    for name in ('ap', 'auroc', 'fpr95', 'best_f1'):
        streamed, true = getattr(counter.figures(), name), getattr(exact.figures(), name)
        assert streamed == pytest.approx(true, abs=1e-4)


def test_a_threshold_flags_what_its_f1_says():
    rng = np.random.default_rng(1)
    outlier = rng.random(5000) < 0.1
    energy = (rng.standard_normal(5000) + 2 * outlier).astype(np.float32)
    figures = counter_of(energy, outlier).figures()
    flagged = energy >= figures.best_f1_threshold
    f1 = 2 * (flagged & outlier).sum() / (flagged.sum() + outlier.sum())
    assert f1 == pytest.approx(figures.best_f1)


def test_images_larger_than_a_chunk_are_counted_completely():
    energy = np.arange(700 * 700, dtype=np.float32).reshape(700, 700)
    outlier = energy % 7 == 0
    counts = counter_of(energy, outlier).counts
    assert counts[1].sum() == outlier.sum()
    assert counts[0].sum() == (~outlier).sum()


def test_nan_is_refused_and_nothing_is_counted():
    counter = PixelCounter()
    with pytest.raises(ValueError, match='NaN energy'):
        counter.add(np.array([1, np.nan], np.float32), np.array([True, False]))
    assert not counter.counts.any()


def test_taking_the_counts_leaves_the_counter_empty():
    counter = counter_of([1, 1, 2], [True, False, False])
    taken = counter.take()
    assert taken.inlier.tolist() == [1, 1]
    assert taken.outlier.tolist() == [1, 0]
    assert not counter.counts.any()


def test_counters_of_another_resolution_are_refused():
    arrays = PixelCounter().to_arrays() | {'num_keys': np.array(NUM_KEYS - 1)}
    with pytest.raises(ValueError, match=f'have {NUM_KEYS - 1} keys.*run the shards again'):
        PixelCounter.from_arrays(arrays)


def test_saturated_energies_are_warned_about(caplog):
    energy = np.linspace(0, 1, 400, dtype=np.float32)
    outlier = np.arange(400) >= 200
    with caplog.at_level(logging.WARNING):
        assert counter_of(energy, outlier).figures().largest_tie == pytest.approx(1 / 200)
        assert not caplog.records
        energy[-10:] = 1.0  # 5 % of the outliers
        assert counter_of(energy, outlier).figures().largest_tie == pytest.approx(10 / 200)
    assert '5.0 % of the outlier pixels share one value' in caplog.text
