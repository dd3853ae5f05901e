from dataclasses import replace

import cv2
import numpy as np
import pytest

from hopfield_pebal_ros.contract.labels import CITYSCAPES, IGNORE_ID, OUTLIER_ID
from training.data.outlier_exposure import OutlierExposure
from training.data.outlier_paster import OutlierPaster
from training.data.outliers.cut_out import CutOut
from training.data.outliers.mixture import OutlierSources

ROAD, SKY = CITYSCAPES.id_of('road'), CITYSCAPES.id_of('sky')
EXPOSURE = OutlierExposure(most_objects=2, smallest_px=10, largest_px=30, scene_texture_share=0.0)
ONE = replace(EXPOSURE, most_objects=1, feather_px=(0.0, 0.0))


class Photographs:
    """Squares of noise with sides of `side` pixels."""

    def __init__(self, side=64, is_drawn=False):
        self._side = side
        self._is_drawn = is_drawn

    def draw(self, rng, _size_px):
        rgb = rng.integers(60, 196, (self._side, self._side, 3), np.uint8)
        return CutOut(rgb, np.ones(rgb.shape[:2], np.float32), self._is_drawn)


def street(height=80, width=120):
    image = np.full((height, width, 3), 100, np.uint8)
    labels = np.full((height, width), SKY, np.uint8)
    labels[height // 2 :] = ROAD
    return image, labels


def exposed(seed, exposure=EXPOSURE, *, scene=None, network_scale=1.0, objects=None):
    paster = OutlierPaster(exposure)
    if objects is not None:
        paster._objects = objects
    rng = np.random.default_rng(seed)
    return paster.expose(*(scene or street()), rng, network_scale=network_scale)


def test_the_same_seed_pastes_the_same_pixels():
    for first, second in zip(exposed(3), exposed(3), strict=True):
        assert np.array_equal(first, second)
    assert not np.array_equal(exposed(3)[1], exposed(4)[1])


def test_what_changed_is_an_outlier_or_ignored():
    before_image, before_labels = street()
    for seed in range(10):
        image, labels = exposed(seed)
        changed = np.abs(image.astype(int) - before_image).max(axis=2) > 40
        assert np.isin(labels[changed], (OUTLIER_ID, IGNORE_ID)).all()
        touched = labels != before_labels
        assert set(np.unique(labels[touched]).tolist()) <= {OUTLIER_ID, IGNORE_ID}


def test_the_street_itself_is_kept():
    scene = street()
    exposed(0, scene=scene)
    for kept, before in zip(scene, street(), strict=True):
        assert np.array_equal(kept, before)


def test_outliers_appear_and_stay_as_small_as_asked():
    areas = [(exposed(seed)[1] == OUTLIER_ID).sum() for seed in range(20)]
    assert sum(area > 0 for area in areas) >= 15
    assert max(areas) <= 2 * 31 * 31


def side_in_network_px(exposure, network_scale, objects):
    """Longest side of the pasted squares, in pixels of the network input."""
    found = []
    for seed in range(12):
        scene = street(400, 600)
        _, labels = exposed(
            seed, exposure, scene=scene, network_scale=network_scale, objects=objects
        )
        rows = np.flatnonzero((labels == OUTLIER_ID).any(axis=1))
        if len(rows):
            found.append(len(rows) / labels.shape[0] * 400 * network_scale)
    return max(found)


@pytest.mark.parametrize('network_scale', [0.5, 1.0, 2.0])
def test_sizes_are_those_of_the_network_input(network_scale):
    twenty = replace(ONE, smallest_px=20.0, largest_px=20.0)
    side = side_in_network_px(twenty, network_scale, Photographs(64))
    assert side == pytest.approx(20, rel=0.1)


@pytest.mark.parametrize(
    ('network_scale', 'side', 'is_drawn'),
    [(0.5, 40, False), (1.0, 40, False), (2.0, 80, False), (1.0, 100, True)],
)
def test_photographs_are_not_enlarged_where_the_scene_is_not(network_scale, side, is_drawn):
    # a square of 40 pixels asked for at 100; at 2.0 the scene itself is enlarged by 2
    large = replace(ONE, smallest_px=100.0, largest_px=100.0)
    found = side_in_network_px(large, network_scale, Photographs(40, is_drawn))
    assert found == pytest.approx(side, rel=0.1)


def test_photographs_are_enlarged_where_asked():
    exposure = replace(ONE, smallest_px=30, largest_px=30, on_ground_share=0.0, enlarges=True)
    widths = []
    for seed in range(20):
        _, labels = exposed(seed, exposure, objects=Photographs(side=6))
        widths.append(np.any(labels == OUTLIER_ID, axis=0).sum())
    assert max(widths) == 30


def test_objects_stay_inside_where_asked():
    size = {'smallest_px': 30, 'largest_px': 30, 'on_ground_share': 0.0}
    cut, whole = (
        [
            int((exposed(seed, exposure, objects=Photographs(side=30))[1] == OUTLIER_ID).sum())
            for seed in range(20)
        ]
        for exposure in (replace(ONE, **size), replace(ONE, **size, stays_inside=True))
    )
    assert min(cut) < 30 * 30
    assert set(whole) == {30 * 30}


def test_large_objects_get_any_light_where_asked():
    flat = Photographs(side=30)
    flat.draw = lambda _rng, _size_px: CutOut(
        np.full((30, 30, 3), 128, np.uint8), np.ones((30, 30), np.float32)
    )
    size = {'smallest_px': 30, 'largest_px': 30, 'stays_inside': True}

    def brightness(scene_value, **changes):
        scene = np.full((80, 120, 3), scene_value, np.uint8), street()[1]
        image, labels = exposed(1, replace(ONE, **size, **changes), scene=scene, objects=flat)
        return float(image[labels == OUTLIER_ID].mean())

    assert brightness(20) < brightness(220) - 5
    assert brightness(20, any_light_above_px=29) == brightness(220, any_light_above_px=29)
    assert brightness(20, any_light_above_px=31) < brightness(220, any_light_above_px=31) - 5


def test_areas_are_shares_of_the_crop():
    tenth = replace(ONE, size_by='area', smallest_area=0.04, largest_area=0.04)
    areas = [
        (exposed(seed, tenth, objects=Photographs(64))[1] == OUTLIER_ID).mean()
        for seed in range(12)
    ]
    assert max(areas) == pytest.approx(0.04, rel=0.1)  # others are cut off by the border


def test_small_objects_have_their_own_size():
    small = replace(ONE, smallest_px=50.0, largest_px=50.0, small_share=0.5, small_px=(6.0, 8.0))
    sides = []
    for seed in range(40):
        _, labels = exposed(seed, small, objects=Photographs(64))
        sides.append((labels == OUTLIER_ID).any(axis=0).sum())
    assert 8 <= sum(side <= 8 for side in sides) <= 32
    assert any(side > 40 for side in sides)


def test_objects_on_the_ground_stand_on_ground_pixels():
    always = replace(ONE, smallest_px=8, largest_px=8, on_ground_share=1.0)
    for seed in range(10):
        labels = exposed(seed, always, objects=Photographs(8))[1]
        rows = np.flatnonzero((labels == OUTLIER_ID).any(axis=1))
        assert rows.max() >= 40


def test_a_scene_without_ground_still_gets_its_object():
    image, labels = street()
    labels[:] = SKY
    always = replace(EXPOSURE, on_ground_share=1.0)
    assert (exposed(0, always, scene=(image, labels))[1] == OUTLIER_ID).any()


def test_blacked_out_scenes_show_the_objects_alone():
    colors = set()
    for seed in range(12):
        image, labels = exposed(seed, replace(EXPOSURE, black_out_share=1.0))
        assert set(np.unique(labels).tolist()) <= {OUTLIER_ID, IGNORE_ID}
        assert (labels == OUTLIER_ID).any()
        colors |= {tuple(each) for each in image[labels == IGNORE_ID].tolist()}
    assert colors == {(0, 0, 0), (100, 100, 100)}  # black, and the mean of the street


def test_whole_images_replace_the_scene(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (50, 50, 3), np.uint8)
    cv2.imwrite(str(tmp_path / 'a.png'), picture[..., ::-1])
    whole = replace(EXPOSURE, whole_images=tmp_path, whole_images_share=0.5)
    is_whole = [(exposed(seed, whole)[1] == OUTLIER_ID).all() for seed in range(40)]
    assert 8 <= sum(is_whole) <= 32
    image, _ = exposed(is_whole.index(True), whole)
    assert image.shape == (33, 50, 3)  # the street is 80 x 120
    assert any(np.array_equal(image, picture[top : top + 33]) for top in range(18))


@pytest.fixture
def blue_photograph(tmp_path):
    """A YOLO folder with one blue picture, in its upper left quarter a dog."""
    for folder in ('images', 'labels'):
        (tmp_path / folder).mkdir()
    picture = np.full((60, 90, 3), (200, 20, 20), np.uint8)  # BGR
    cv2.imwrite(str(tmp_path / 'images' / 'a.png'), picture)
    (tmp_path / 'labels' / 'a.txt').write_text('16 0 0 .5 0 .5 .5 0 .5')
    return OutlierSources(yolo=tmp_path)


def test_photographs_replace_the_scene_with_their_own_objects(blue_photograph):
    shown = replace(EXPOSURE, sources=blue_photograph, photographs_share=0.5)
    found = [exposed(seed, shown) for seed in range(40)]
    blue = [pair for pair in found if (pair[0] == (20, 20, 200)).all()]
    assert 8 <= len(blue) <= 32
    assert any((labels == OUTLIER_ID).any() for _, labels in blue)
    for image, labels in blue:
        assert image.shape[:2] == labels.shape
        assert 42 <= labels.shape[0] <= 60  # 70 to 100 % of the picture
        assert labels.shape[1] / labels.shape[0] == pytest.approx(1.5, abs=0.05)  # the street's
        assert set(np.unique(labels).tolist()) <= {OUTLIER_ID, IGNORE_ID}


def test_scene_and_objects_take_on_the_colours_of_a_photograph(blue_photograph):
    recolored = replace(ONE, sources=blue_photograph, recolored_share=1.0)
    for seed in range(5):
        image, labels = exposed(seed, recolored)
        street = image[labels == ROAD].mean(axis=0)
        assert street[2] > street[0] + 10
        assert street[2] > street[1] + 10


def test_scenes_are_out_of_focus_and_their_objects_are_not():
    rng = np.random.default_rng(0)
    scene = rng.integers(60, 196, (80, 120, 3), np.uint8), street()[1]
    sharp = replace(ONE, smallest_px=40.0, largest_px=40.0, blurred_share=0.0)
    blurred = replace(sharp, scene_blur_share=1.0, scene_blur_px=(2.0, 2.0))
    image, labels = exposed(1, blurred, scene=scene, objects=Photographs(40))
    assert image[labels == SKY].std() < 10
    assert image[labels == OUTLIER_ID].std() > 25
    image, labels = exposed(1, sharp, scene=scene, objects=Photographs(40))
    assert image[labels == SKY].std() > 25


def sharpness(image, mask):
    """Share of the grey variance in `mask` that lies between neighbouring pixels."""
    grey = image.mean(axis=2)
    inside = mask[1:-1, 1:-1]
    fine = 4 * grey[1:-1, 1:-1] - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2]
    fine = fine - grey[1:-1, 2:]
    return np.square(fine[inside]).mean() / 20 / grey[1:-1, 1:-1][inside].var()


@pytest.mark.parametrize('network_scale', [0.4, 1.0, 3.0])
def test_objects_are_as_sharp_as_their_scene_with_matching_and_only_then(network_scale):
    """Scene and object are white noise, so all their detail is fine, until they are resized."""
    rng = np.random.default_rng(0)
    scene_hw = (round(192 / network_scale), round(288 / network_scale))
    scene = (
        rng.integers(60, 196, (*scene_hw, 3), np.uint8),
        np.full(scene_hw, ROAD, np.uint8),
    )
    matched = replace(ONE, smallest_px=90.0, largest_px=90.0, blurred_share=0.0)
    ratios = {}
    for is_matched in (True, False):
        exposure = replace(matched, matches_resolution=is_matched)
        found = []
        for seed in range(6):
            image, labels = exposed(
                seed,
                exposure,
                scene=scene,
                network_scale=network_scale,
                objects=Photographs(90 if network_scale >= 1 else round(90 / network_scale)),
            )
            image = cv2.resize(image, (288, 192), interpolation=cv2.INTER_AREA)
            labels = cv2.resize(labels, (288, 192), interpolation=cv2.INTER_NEAREST)
            solid = cv2.erode((labels == OUTLIER_ID).astype(np.uint8), np.ones((5, 5), np.uint8))
            if solid.sum() > 500:
                around = sharpness(image, labels == ROAD)
                found.append(sharpness(image, solid > 0) / around)
        assert len(found) >= 3
        ratios[is_matched] = float(np.mean(found))
    assert ratios[True] == pytest.approx(1, rel=0.35)
    if network_scale > 1:  # only an enlarged scene is coarser than what is pasted into it
        assert ratios[False] > 3


@pytest.mark.parametrize('network_scale', [0.5, 2.0])
def test_native_objects_have_the_pixels_of_their_photograph(network_scale):
    native = replace(ONE, size_by='native', matches_resolution=False)
    side = side_in_network_px(native, network_scale, Photographs(40))
    assert side == pytest.approx(40 * network_scale, rel=0.1)
