import numpy as np
import pytest

from hopfield_pebal_ros.contract.geometry import Box, Geometry, place
from hopfield_pebal_ros.contract.labels import IGNORE_ID
from hopfield_pebal_ros.contract.resizing import (
    energy_to_camera,
    fill_outside,
    image_to_network,
    labels_to_camera,
    labels_to_network,
    mask_to_camera,
)

MODES = ('letterbox', 'stretch', 'crop')


def random_labels(hw: tuple[int, int]) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 19, hw, np.uint8)


def test_an_image_of_network_size_passes_unchanged():
    image = np.random.default_rng(0).integers(0, 256, (16, 24, 3), np.uint8)
    for mode in MODES:
        placement = place((16, 24), (16, 24), mode)
        out = image_to_network(image, placement, Geometry(mode=mode))
        np.testing.assert_array_equal(out, image)
        assert not np.shares_memory(out, image)


def test_letterbox_pads_with_the_padding_color_and_nothing_else():
    # 8x32 into 32x64: scale 2, 16 rows from row 8
    placement = place((8, 32), (32, 64), 'letterbox')
    geometry = Geometry(padding_rgb=(1, 2, 3))
    out = image_to_network(np.full((8, 32, 3), 200, np.uint8), placement, geometry)
    assert (out[8:24] == 200).all()
    assert (out[:8] == (1, 2, 3)).all()
    assert (out[24:] == (1, 2, 3)).all()


@pytest.mark.parametrize('mode', MODES)
@pytest.mark.parametrize('camera_hw', [(30, 50), (64, 64), (16, 100), (200, 40)])
def test_writing_in_place_equals_a_new_array(mode: str, camera_hw: tuple[int, int]):
    image = np.random.default_rng(1).integers(0, 256, (*camera_hw, 3), np.uint8)
    placement = place(camera_hw, (32, 64), mode)
    geometry = Geometry(mode=mode)
    out = np.full((32, 64, 3), 77, np.uint8)  # what an earlier frame left there
    returned = image_to_network(image, placement, geometry, out=out)
    assert returned is out
    np.testing.assert_array_equal(out, image_to_network(image, placement, geometry))


def test_crop_takes_the_middle():
    # 16x64 into 16x16: columns 24..40
    image = np.zeros((16, 64, 3), np.uint8)
    image[:, 24:40] = 9
    placement = place((16, 64), (16, 16), 'crop')
    assert (image_to_network(image, placement, Geometry(mode='crop')) == 9).all()


def test_area_interpolation_averages_and_linear_does_not():
    # columns 0 0 0 255, repeated, 4 times narrower: area gives 255/4 = 63.75, linear the mean of
    # the two middle columns of each four, 0
    image = np.zeros((32, 32, 3), np.uint8)
    image[:, 3::4] = 255
    placement = place((32, 32), (8, 8), 'stretch')
    area = image_to_network(image, placement, Geometry(mode='stretch', interpolation='area'))
    linear = image_to_network(image, placement, Geometry(mode='stretch', interpolation='linear'))
    assert set(area.ravel().tolist()) == {64}
    assert set(linear.ravel().tolist()) == {0}


@pytest.mark.parametrize(
    ('camera_hw', 'network_hw', 'mode'),
    [
        ((8, 16), (32, 64), 'letterbox'),  # 4 times larger
        ((8, 16), (32, 32), 'letterbox'),  # 2 times larger, padded
        ((16, 16), (32, 64), 'stretch'),  # 2 times higher, 4 times wider
        ((24, 40), (24, 40), 'crop'),
    ],
)
def test_labels_survive_the_way_to_a_larger_network_and_back(camera_hw, network_hw, mode):
    label_map = random_labels(camera_hw)
    placement = place(camera_hw, network_hw, mode)
    back = labels_to_camera(labels_to_network(label_map, placement), placement)
    np.testing.assert_array_equal(back, label_map)


def test_labels_of_padding_are_ignored():
    placement = place((8, 32), (32, 64), 'letterbox')
    label_map = labels_to_network(np.zeros((8, 32), np.uint8), placement)
    assert (label_map[:8] == IGNORE_ID).all()
    assert (label_map[24:] == IGNORE_ID).all()
    assert not label_map[8:24].any()


def test_labels_never_mix():
    label_map = random_labels((37, 53)) * 13
    placement = place((37, 53), (64, 128), 'stretch')
    shown = labels_to_network(label_map, placement)
    assert set(np.unique(shown)) <= set(np.unique(label_map))
    assert set(np.unique(labels_to_camera(shown, placement))) <= set(np.unique(label_map))


@pytest.mark.parametrize('stride', [1, 2, 4, 8])
def test_a_smaller_output_returns_to_its_place_in_the_camera(stride: int):
    # the camera's left half is class 3, its right half class 5
    placement = place((64, 64), (64, 128), 'letterbox')
    network_map = np.full((64 // stride, 128 // stride), IGNORE_ID, np.uint8)
    box = placement.box_in(network_map.shape)
    half = box.left + box.width // 2
    network_map[:, box.left : half] = 3
    network_map[:, half : box.left + box.width] = 5
    camera_map = labels_to_camera(network_map, placement)
    assert (camera_map[:, :32] == 3).all()
    assert (camera_map[:, 32:] == 5).all()


def test_what_a_crop_does_not_show_is_marked():
    placement = place((16, 64), (16, 16), 'crop')
    labels = labels_to_camera(np.full((16, 16), 4, np.uint8), placement)
    energy = energy_to_camera(np.full((16, 16), 1.5, np.float32), placement)
    mask = mask_to_camera(np.full((16, 16), 255, np.uint8), placement)
    seen = np.zeros((16, 64), bool)
    seen[:, 24:40] = True
    assert (labels[seen] == 4).all()
    assert (labels[~seen] == IGNORE_ID).all()
    assert (energy[seen] == 1.5).all()
    assert np.isnan(energy[~seen]).all()
    assert (mask[seen] == 255).all()
    assert not mask[~seen].any()


def test_nan_in_the_padding_does_not_leak_into_the_camera():
    placement = place((100, 100), (64, 128), 'letterbox')
    energy_map = np.full((64, 128), np.nan, np.float32)
    placement.box_in((64, 128)).of(energy_map)[:] = 2.5
    np.testing.assert_array_equal(energy_to_camera(energy_map, placement), 2.5)


def test_energy_returns_linearly():
    # a ramp of slope 1 per network pixel; the camera is 4 times wider, so camera pixel centre x
    # lies at network (x + 0.5) / 4 - 0.5
    placement = place((16, 64), (16, 16), 'stretch')
    ramp = np.broadcast_to(np.arange(16, dtype=np.float32), (16, 16)).copy()
    energy = energy_to_camera(ramp, placement)
    inside = np.arange(2, 62)
    np.testing.assert_allclose(energy[5, inside], (inside + 0.5) / 4 - 0.5, atol=1e-5)


@pytest.mark.parametrize('mode', MODES)
@pytest.mark.parametrize('to_camera', [labels_to_camera, mask_to_camera, energy_to_camera])
def test_maps_to_camera_write_in_place(to_camera, mode: str):
    dtype = np.float32 if to_camera is energy_to_camera else np.uint8
    network_map = np.random.default_rng(2).integers(0, 9, (32, 64)).astype(dtype)
    placement = place((50, 70), (32, 64), mode)
    out = np.full((50, 70), 99, dtype)
    assert to_camera(network_map, placement, out=out) is out
    np.testing.assert_array_equal(out, to_camera(network_map, placement))


def test_an_array_of_another_type_is_refused_as_out():
    """OpenCV would leave it as it was, without a word."""
    placement = place((10, 20), (16, 32), 'stretch')
    with pytest.raises(ValueError, match=r'out must be \(10, 20\) uint8, got .* float32'):
        labels_to_camera(
            np.zeros((16, 32), np.uint8), placement, out=np.zeros((10, 20), np.float32)
        )
    with pytest.raises(ValueError, match=r'out must be \(16, 32, 3\) uint8, got \(8, 8, 3\)'):
        image_to_network(
            np.zeros((10, 20, 3), np.uint8),
            placement,
            Geometry(),
            out=np.zeros((8, 8, 3), np.uint8),
        )


def test_a_frame_of_another_size_is_refused():
    placement = place((10, 20), (16, 32), 'stretch')
    with pytest.raises(ValueError, match=r'\(11, 20\), expected \(10, 20\)'):
        image_to_network(np.zeros((11, 20, 3), np.uint8), placement, Geometry())
    with pytest.raises(ValueError, match=r'\(20, 10\), expected \(10, 20\)'):
        labels_to_network(np.zeros((20, 10), np.uint8), placement)


def test_fill_outside_touches_only_the_outside():
    image = np.zeros((4, 5), np.uint8)
    fill_outside(image, Box(top=1, left=2, height=2, width=1), 7)
    assert image.tolist() == [
        [7, 7, 7, 7, 7],
        [7, 7, 0, 7, 7],
        [7, 7, 0, 7, 7],
        [7, 7, 7, 7, 7],
    ]
