import numpy as np
import pytest

from training.evaluation.count_log import CountLog


def log_of(*entries):
    log = CountLog()
    for name, group, value in entries:
        log.add(name, np.array([value, 1], np.int64), group=group)
    return log


def test_images_of_a_scene_add_up_and_others_stand_alone():
    log = log_of(('a', 'x', 1), ('b', '', 10), ('c', 'x', 100))
    assert log.total().tolist() == [111, 3]
    assert sorted(log.by_group()[:, 0].tolist()) == [10, 101]


def test_the_order_of_merging_changes_nothing():
    entries = [('a', '', 1), ('b', '', 10), ('c', '', 100)]
    whole, parts = log_of(*entries), log_of(entries[1])
    parts.merge(log_of(entries[0], entries[2]))
    np.testing.assert_array_equal(whole.by_group(), parts.by_group())


def test_a_log_comes_back_from_its_arrays():
    log = log_of(('a', 'x', 1), ('b', '', 10))
    again = CountLog.from_arrays(log.to_arrays())
    np.testing.assert_array_equal(again.by_group(), log.by_group())
    assert len(CountLog.from_arrays(CountLog().to_arrays())) == 0


def test_counts_of_another_shape_are_refused():
    other = CountLog()
    other.add('z', np.zeros(3, np.int64))
    with pytest.raises(ValueError, match='cannot merge counts of shape'):
        log_of(('a', '', 1)).merge(other)
    with pytest.raises(ValueError, match='nothing was counted'):
        CountLog().total()
