from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip('torch')

from hopfield_pebal_ros.contract.labels import CITYSCAPES, IGNORE_ID, OUTLIER_ID
from training.data import outlier_exposure
from training.data.outlier_exposure import OutlierExposure

ROAD, SKY = CITYSCAPES.id_of('road'), CITYSCAPES.id_of('sky')
EXPOSURE = OutlierExposure(most_objects=2, smallest_px=10, largest_px=30, scene_texture_share=0.0)


def street():
    image = np.full((80, 120, 3), 100, np.uint8)
    labels = np.full((80, 120), SKY, np.uint8)
    labels[40:] = ROAD
    return image, labels


def pasted(seed, exposure=EXPOSURE, network_scale=1.0):
    image, labels = street()
    exposure.paste(image, labels, np.random.default_rng(seed), network_scale=network_scale)
    return image, labels


def test_the_same_seed_pastes_the_same_pixels():
    for first, second in zip(pasted(3), pasted(3), strict=True):
        assert np.array_equal(first, second)
    assert not np.array_equal(pasted(3)[1], pasted(4)[1])


def test_what_changed_is_an_outlier_or_ignored():
    before_image, before_labels = street()
    for seed in range(10):
        image, labels = pasted(seed)
        changed = np.abs(image.astype(int) - before_image).max(axis=2) > 40
        assert np.isin(labels[changed], (OUTLIER_ID, IGNORE_ID)).all()
        touched = labels != before_labels
        assert set(np.unique(labels[touched]).tolist()) <= {OUTLIER_ID, IGNORE_ID}


def test_outliers_appear_and_stay_as_small_as_asked():
    areas = [(pasted(seed)[1] == OUTLIER_ID).sum() for seed in range(20)]
    assert sum(area > 0 for area in areas) >= 15
    assert max(areas) <= 2 * 31 * 31


def test_a_frame_that_will_be_enlarged_gets_smaller_objects():
    single = replace(EXPOSURE, most_objects=1, smallest_px=20.0, largest_px=20.01)
    at_once, enlarged = (
        np.mean([(pasted(seed, single, scale)[1] == OUTLIER_ID).sum() for seed in range(12)])
        for scale in (1.0, 2.0)
    )
    assert enlarged == pytest.approx(at_once / 4, rel=0.5)


def test_objects_on_the_ground_stand_on_ground_pixels(monkeypatch):
    monkeypatch.setattr(
        outlier_exposure,
        'draw_outlier',
        lambda _rng, size: (
            np.zeros((size, size, 3), np.uint8),
            np.ones((size, size), np.float32),
        ),
    )
    always = OutlierExposure(most_objects=1, smallest_px=8, largest_px=8.01, on_ground_share=1.0)
    for seed in range(10):
        rows = np.flatnonzero((pasted(seed, always)[1] == OUTLIER_ID).any(axis=1))
        assert rows.max() >= 38  # the soft lower edge ends a pixel or two above the ground pixel


def test_a_scene_without_ground_still_gets_its_object():
    image, labels = street()
    labels[:] = SKY
    always = replace(EXPOSURE, on_ground_share=1.0)
    always.paste(image, labels, np.random.default_rng(0), network_scale=1.0)
    assert (labels == OUTLIER_ID).any()


def test_objects_clad_in_the_scene_have_its_colors(monkeypatch):
    monkeypatch.setattr(
        outlier_exposure,
        'draw_outlier',
        lambda _rng, size: (
            np.full((size, size, 3), (255, 0, 0), np.uint8),
            np.ones((size, size), np.float32),
        ),
    )
    clad = OutlierExposure(
        most_objects=1, smallest_px=20, largest_px=20.01, scene_texture_share=1.0
    )
    for seed in range(8):
        image, labels = pasted(seed, clad)
        inside = image[labels == OUTLIER_ID].astype(int)
        assert inside.min() > 20  # a tinted grey; the object itself has no green or blue


def test_noise_of_a_scene_is_measured():
    rng = np.random.default_rng(0)
    scene = (100 + rng.normal(0, 5, (60, 60, 3))).astype(np.float32)
    assert outlier_exposure._noise_of(scene) == pytest.approx(5, rel=0.15)
    assert outlier_exposure._noise_of(np.full((60, 60, 3), 9, np.float32)) == 0
