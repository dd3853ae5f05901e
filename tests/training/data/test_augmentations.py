from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip('torch')

from hopfield_pebal_ros.contract.labels import IGNORE_ID
from training.data.augmentations import (
    CameraVariation,
    View,
    ViewRange,
    cut,
    draw_view,
    to_crop,
    vary_camera,
)

RANGE = ViewRange(network_hw=(512, 1024), crop_hw=(256, 512), scale=(1.0, 1.0), aspect=1.0)


def numbered(height, width):
    """A frame whose red channel is the row, whose green channel and label are the column."""
    rows, columns = np.mgrid[:height, :width].astype(np.uint8)
    return np.stack([rows, columns, rows * 0], axis=2), columns


@pytest.mark.parametrize(
    ('frame_hw', 'view_hw'),
    [
        ((360, 480), (180, 360)),  # enlarged 512 / 360 by the letterbox
        ((1024, 2048), (512, 1024)),  # shrunk by 2
        ((512, 1024), (256, 512)),
    ],
)
def test_scale_one_is_the_scale_of_the_letterboxed_frame(frame_hw, view_hw):
    view = draw_view(frame_hw, RANGE, np.random.default_rng(0))
    assert (view.height, view.width) == view_hw


def test_a_view_that_fits_lies_inside():
    for seed in range(20):
        view = draw_view((1024, 2048), RANGE, np.random.default_rng(seed))
        assert 0 <= view.top <= 1024 - view.height
        assert 0 <= view.left <= 2048 - view.width


def test_views_of_narrow_frames_reach_into_the_letterbox_as_far_as_the_vehicle_sees():
    # 360x480 fits 512x1024 at 512 / 360: 720 columns, 120 beyond each side of the frame
    views = [draw_view((360, 480), RANGE, np.random.default_rng(seed)) for seed in range(60)]
    assert all(0 <= view.top <= 360 - view.height for view in views)
    assert all(-120 <= view.left <= 600 - view.width for view in views)
    assert min(view.left for view in views) < -60
    assert max(view.left + view.width for view in views) > 540


@pytest.mark.parametrize('frame_hw', [(360, 480), (100, 900), (512, 1024)])
def test_views_keep_to_the_frame_where_asked(frame_hw):
    view_range = replace(RANGE, stays_inside=True)
    for seed in range(50):
        view = draw_view(frame_hw, view_range, np.random.default_rng(seed))
        assert 0 <= view.top <= frame_hw[0] - view.height
        assert 0 <= view.left <= frame_hw[1] - view.width


def test_a_larger_view_holds_the_whole_frame_and_ignores_the_rest():
    image, labels = numbered(4, 6)
    cut_image, cut_labels = cut(image, labels, View(-1, -2, 6, 10))
    assert np.array_equal(cut_image[1:5, 2:8], image)
    assert np.array_equal(cut_labels[1:5, 2:8], labels)
    assert (cut_labels == IGNORE_ID).sum() == 60 - 24


def test_a_cut_is_a_copy():
    image, labels = numbered(4, 6)
    cut_image, _ = cut(image, labels, View(0, 0, 4, 6))
    cut_image[:] = 0
    assert image.max() > 0


@pytest.mark.parametrize('is_flipped', [False, True])
def test_picture_and_labels_stay_together(is_flipped):
    image, labels = numbered(40, 60)
    crop, mask = to_crop(image, labels, crop_hw=(40, 60), is_flipped=is_flipped)
    assert torch.equal(crop[1], mask)
    assert mask[0, 0] == (59 if is_flipped else 0)


def test_labels_are_never_mixed():
    labels = np.where(np.arange(64)[None] % 2, 0, 18).astype(np.uint8).repeat(8, axis=0)
    _, mask = to_crop(np.zeros((8, 64, 3), np.uint8), labels, crop_hw=(16, 48), is_flipped=False)
    assert set(mask.unique().tolist()) <= {0, 18}


def test_camera_keeps_shape_and_type_and_follows_the_seed():
    image = torch.from_numpy(numbered(32, 48)[0]).permute(2, 0, 1)
    for seed in range(12):
        varied = vary_camera(image, np.random.default_rng(seed))
        again = vary_camera(image, np.random.default_rng(seed))
        assert varied.shape == image.shape
        assert varied.dtype == torch.uint8
        assert torch.equal(varied, again)


def test_strength_zero_leaves_a_picture_as_it_is():
    image = torch.randint(0, 256, (3, 20, 30), dtype=torch.uint8)
    still = CameraVariation(strength=0, jpeg_share=0)
    for seed in range(10):
        assert torch.equal(vary_camera(image, np.random.default_rng(seed), still), image)


def test_variation_refuses_what_is_no_strength():
    with pytest.raises(ValueError, match=r'strength must lie in 0\.\.2'):
        CameraVariation(strength=3)
