import numpy as np
import pytest

from training.data.outliers.run_lengths import decode_run_lengths


def test_runs_go_down_the_columns_beginning_outside():
    mask = decode_run_lengths({'size': [2, 3], 'counts': [1, 2, 3]})
    # column 0: out in, column 1: in out, column 2: out out
    assert mask.tolist() == [[False, True, False], [True, False, False]]


def test_compressed_runs():
    # five bits a character: '6' 6, '1' 1, 'X1' 8 + 32 = 40, '3' 3 + 1 = 4, 'mN' -35 + 40 = 5, ...
    compressed = decode_run_lengths({'size': [9, 10], 'counts': '61X13mN000`0'})
    plain = decode_run_lengths({'size': [9, 10], 'counts': [6, 1, 40, 4, 5, 4, 5, 4, 21]})
    assert np.array_equal(compressed, plain)
    assert compressed.sum() == 13


def test_runs_that_do_not_fill_the_mask_are_refused():
    with pytest.raises(ValueError, match='cover 5 pixels, the mask is 2x3'):
        decode_run_lengths({'size': [2, 3], 'counts': [2, 3]})
