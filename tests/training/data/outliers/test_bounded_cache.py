import pickle

import numpy as np

from training.data.outliers.bounded_cache import BoundedCache


def reader(log, key):
    def read():
        log.append(key)
        return (np.zeros(100, np.uint8),)

    return read


def test_it_reads_once_and_forgets_the_least_recently_used():
    cache, log = BoundedCache(250), []
    for key in 'abab':
        cache.get(key, reader(log, key))
    assert log == ['a', 'b']
    cache.get('a', reader(log, 'a'))
    cache.get('c', reader(log, 'c'))  # 300 bytes: b goes
    assert cache.num_bytes == 200
    cache.get('a', reader(log, 'a'))
    cache.get('b', reader(log, 'b'))
    assert log == ['a', 'b', 'c', 'b']


def test_what_is_larger_than_the_cache_is_returned_but_not_kept():
    cache, log = BoundedCache(50), []
    assert len(cache.get('a', reader(log, 'a'))[0]) == 100
    assert cache.num_bytes == 0
    cache.get('a', reader(log, 'a'))
    assert log == ['a', 'a']


def test_a_copy_for_another_process_is_empty():
    cache = BoundedCache(250)
    cache.get('a', reader([], 'a'))
    copy = pickle.loads(pickle.dumps(cache))
    log = []
    copy.get('a', reader(log, 'a'))
    assert log == ['a']
    assert copy.num_bytes == 100
