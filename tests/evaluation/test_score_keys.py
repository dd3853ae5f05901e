import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hopfield_pebal_ros.evaluation.score_keys import NUM_KEYS, from_keys, to_keys

any_float32 = st.floats(width=32, allow_nan=False)


def keys_of(*energies):
    return to_keys(np.array(energies, np.float32)).tolist()


def test_keys_of_one_and_its_neighbours():
    # 1.0 is 0x3F800000; with the sign bit set 0xBF800000; its upper 22 bits are 0x2FE000
    assert keys_of(1.0) == [0x2FE000]
    # the next key begins one step of 13 mantissa bits higher
    assert keys_of(1.0 + 2**-14, 1.0 + 2**-13) == [0x2FE000, 0x2FE001]
    # -1.0 is 0xBF800000; all bits flipped 0x407FFFFF; its upper 22 bits are 0x101FFF
    assert keys_of(-1.0) == [0x101FFF]


def test_both_zeros_share_a_key():
    assert keys_of(-0.0) == keys_of(0.0)


def test_infinities_are_the_ends_and_come_back():
    low, high = keys_of(-np.inf, np.inf)
    assert low < keys_of(np.finfo(np.float32).min)[0]
    assert keys_of(np.finfo(np.float32).max)[0] < high < NUM_KEYS
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
