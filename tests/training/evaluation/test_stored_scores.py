import sys

import cv2
import numpy as np
import pytest

from training.evaluation.scores import ScoreError
from training.evaluation.stored_scores import StoredScores

IMAGE = np.zeros((4, 6, 3), np.uint8)


def score_of(folder, name='a'):
    return StoredScores(folder).score(name, IMAGE)


def test_a_map_is_taken_as_it_is(tmp_path):
    values = np.arange(24, dtype=np.float64).reshape(4, 6)
    np.save(tmp_path / 'a.npy', values)
    energy_map = score_of(tmp_path).energy_map
    assert energy_map.dtype == np.float32
    np.testing.assert_array_equal(energy_map, values)


def test_a_16_bit_picture_keeps_its_levels(tmp_path):
    values = np.array([[0, 1, 65535]], np.uint16).repeat(4, 0).repeat(2, 1)
    cv2.imwrite(str(tmp_path / 'a.png'), values)
    np.testing.assert_array_equal(score_of(tmp_path).energy_map, values)


def test_a_smaller_map_grows_linearly(tmp_path):
    np.save(tmp_path / 'a.npy', np.array([[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]], np.float16))
    # half-pixel centres: columns at -0.25, 0.25, 0.75, ... of the small map, clamped at the ends
    expected = [0, 0.25, 0.75, 1.25, 1.75, 2]
    np.testing.assert_allclose(score_of(tmp_path).energy_map, [expected] * 4)


def test_names_may_have_folders(tmp_path):
    (tmp_path / 't5').mkdir()
    np.save(tmp_path / 't5/300.npy', np.ones((4, 6)))
    assert score_of(tmp_path, 't5/300').energy_map.mean() == 1


@pytest.mark.parametrize(
    ('values', 'message'),
    [
        (np.full((4, 6), np.nan), '24 scores of .* are NaN'),
        (np.zeros((4, 6), np.uint8), 'holds uint8, expected a float dtype'),
        (np.zeros((2, 4, 6)), r'is \(2, 4, 6\), expected \(H, W\)'),
        (np.zeros((6, 4)), 'the aspect ratios differ'),
    ],
)
def test_unusable_maps_are_refused(tmp_path, values, message):
    np.save(tmp_path / 'a.npy', values)
    with pytest.raises(ScoreError, match=message):
        score_of(tmp_path)


def test_8_bit_pictures_are_refused(tmp_path):
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((4, 6), np.uint8))
    with pytest.raises(ScoreError, match='expected 16 bits: 256 levels make ties'):
        score_of(tmp_path)


def test_damaged_files_are_refused(tmp_path):
    (tmp_path / 'a.npy').write_bytes(b'no array')
    with pytest.raises(ScoreError, match='is no array file'):
        score_of(tmp_path)


def test_hdf5_without_h5py_says_so(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'h5py', None)
    (tmp_path / 'a.hdf5').write_bytes(b'')
    with pytest.raises(ScoreError, match='needs the package h5py'):
        score_of(tmp_path)


def test_hdf5_is_read_as_smiyc_writes_it(tmp_path):
    h5py = pytest.importorskip('h5py')
    with h5py.File(tmp_path / 'a.hdf5', 'w') as file:
        file['value'] = np.full((4, 6), 0.5, np.float16)
    assert score_of(tmp_path).energy_map.tolist() == [[0.5] * 6] * 4


def test_a_missing_map_and_an_empty_folder_are_refused(tmp_path):
    with pytest.raises(ScoreError, match='no score map in'):
        StoredScores(tmp_path)
    np.save(tmp_path / 'a.npy', np.zeros((4, 6)))
    with pytest.raises(ScoreError, match=r"no score map of 'b'; looked for .*b\.npy"):
        score_of(tmp_path, 'b')
