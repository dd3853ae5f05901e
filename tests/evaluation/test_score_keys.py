import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hopfield_pebal_ros.evaluation.score_keys import NUM_KEYS, from_keys, to_keys

any_float32 = st.floats(width=32, allow_nan=False)


def keys_of(*energies):
    return to_keys(np.array(energies, np.float32)).tolist()


ZERO_KEY = NUM_KEYS // 2


def test_keys_by_hand():
    # 111 exponents lie below 2^-16 (subnormals are one), with 1024 keys each; from there to 1.0
    # there are 16 more with 65536 keys each
    one = ZERO_KEY + 111 * 1024 + 16 * 65536
    assert keys_of(0.0, 2.0**-16, 1.0) == [ZERO_KEY, ZERO_KEY + 111 * 1024, one]
    assert keys_of(1.0 + 2**-17, 1.0 + 2**-16) == [one, one + 1]
    # 1.0 to 2^16 are 16 exponents; a key is 1 part in 1024 from there
    coarse = one + 16 * 65536
    assert keys_of(2.0**16, 2.0**16 + 63, 2.0**16 + 64) == [coarse, coarse, coarse + 1]


def test_negative_energies_mirror_positive_ones():
    positive = np.array(keys_of(1e-30, 0.5, 1.0, 12.34, 1e9, np.inf))
    negative = np.array(keys_of(-1e-30, -0.5, -1.0, -12.34, -1e9, -np.inf))
    np.testing.assert_array_equal(negative, NUM_KEYS - 1 - positive)


def test_both_zeros_share_a_key():
    assert keys_of(-0.0) == keys_of(0.0)


def test_infinities_are_the_ends_and_come_back():
    low, high = keys_of(-np.inf, np.inf)
    assert low == 0 < keys_of(np.finfo(np.float32).min)[0]
    assert keys_of(np.finfo(np.float32).max)[0] < high == NUM_KEYS - 1
    assert from_keys(np.array([low, high])).tolist() == [-np.inf, np.inf]


@given(hnp.arrays(np.float32, 30, elements=any_float32))
def test_order_is_kept(energies):
    ordered = np.sort(energies)
    assert (np.diff(to_keys(ordered).astype(np.int64)) >= 0).all()


@given(hnp.arrays(np.float32, 30, elements=any_float32))
def test_cutting_at_the_lower_edge_is_cutting_the_keys(energies):
    keys = to_keys(energies)
    edges = from_keys(keys)
    np.testing.assert_array_equal(to_keys(edges), keys)
    for edge, key in zip(edges, keys, strict=True):
        np.testing.assert_array_equal(energies >= edge, keys >= key)


@given(hnp.arrays(np.float16, 30, elements=st.floats(width=16, allow_nan=False)))
def test_every_float16_has_its_own_key(halves):
    energies = halves.astype(np.float32)
    assert len(np.unique(to_keys(energies))) == len(np.unique(energies))
