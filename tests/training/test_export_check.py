import math

import cv2
import numpy as np
import pytest

pytest.importorskip('torch')

from training.export_check import TOLERANCES, Agreement, compared
from training.export_images import images_of_folder

LABELS = np.zeros((1, 2, 2), np.uint8)
ENERGIES = np.array([[[-4.0, -2.0], [0.0, 2.0]]], np.float32)


def test_the_same_maps_agree():
    found = compared((LABELS, ENERGIES), (LABELS, ENERGIES), deviation=2.0)
    assert found == Agreement(
        num_images=1,
        error_p50=0.0,
        error_p99=0.0,
        error_max=0.0,
        rank_correlation=1.0,
        label_agreement=1.0,
    )
    assert all(found.excess(precision) == [] for precision in TOLERANCES)


def test_errors_are_counted_in_inlier_standard_deviations():
    other = ENERGIES + np.array([[[0.0, 1.0], [1.0, 3.0]]], np.float32)
    labels = LABELS.copy()
    labels[0, 0, 0] = 7
    found = compared((labels, other), (LABELS, ENERGIES), deviation=2.0)
    assert found.error_p50 == 0.5
    assert found.error_max == 1.5
    assert found.rank_correlation == 1
    assert found.label_agreement == 0.75
    assert found.excess('fp32') == [
        'worst energy error 1.5e+00 > 0.001',
        'label agreement 0.7500 < 0.999',
    ]


def test_large_energies_may_have_large_errors():
    """1e-3 nat is rounding for a distance of a million; what counts is the spread of inliers."""
    large = ENERGIES.astype(np.float64) * 1e6
    found = compared((LABELS, (large + 100).astype(np.float32)), (LABELS, large), deviation=1e6)
    assert found.excess('fp32') == []


def test_exchanged_ranks_are_found():
    turned = ENERGIES[:, :, ::-1]  # two neighbours change places twice: 1 - 6 * 4 / (4 * 15)
    found = compared((LABELS, turned), (LABELS, ENERGIES), deviation=1e9)
    assert found.rank_correlation == pytest.approx(0.6)
    assert found.excess('fp16') == ['rank correlation 0.600000 < 0.999']


def test_what_is_no_number_is_outside():
    broken = np.where(ENERGIES > 0, math.nan, ENERGIES)
    found = compared((LABELS, broken), (LABELS, ENERGIES), deviation=1.0)
    assert len(found.excess('int8')) == 2


def test_images_of_a_folder_are_taken_evenly(tmp_path):
    for index in range(40):
        cv2.imwrite(str(tmp_path / f'{index:02d}.png'), np.full((32, 64, 3), index, np.uint8))
    images = images_of_folder(tmp_path, (64, 128))
    assert len(images) == 32
    assert images[0].shape == (64, 128, 3)
    assert [image[0, 0, 0] for image in images[:3]] == [0, 1, 3]
    assert images[-1].max() == 39
