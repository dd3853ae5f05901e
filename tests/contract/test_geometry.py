import pytest
from hypothesis import given
from hypothesis import strategies as st

from hopfield_pebal_ros.contract.geometry import (
    ALIGNMENT_PX,
    Box,
    Geometry,
    output_stride,
    place,
)

CAMERA_SIDES = st.integers(1, 4000)
NETWORK_SIDES = st.integers(1, 256).map(lambda count: count * ALIGNMENT_PX)
MODES = st.sampled_from(['letterbox', 'stretch', 'crop'])


def test_letterbox_of_a_full_hd_frame_by_hand():
    # scale min(512/1080, 1024/1920) = 512/1080; width 1920 * 512/1080 = 910.2 -> 912;
    # left (1024 - 912) / 2 = 56
    placement = place((1080, 1920), (512, 1024), 'letterbox')
    assert placement.camera_box == Box(0, 0, 1080, 1920)
    assert placement.network_box == Box(0, 56, 512, 912)


def test_letterbox_of_a_tall_frame_pads_above_and_below():
    # scale 512/400 = 1.28 against 256/100 = 2.56: height 100 * 1.28 = 128, top (256 - 128) / 2
    placement = place((100, 400), (256, 512), 'letterbox')
    assert placement.network_box == Box(64, 0, 128, 512)


def test_the_offset_of_a_letterbox_is_aligned():
    # 32 - 8 = 24 px are free; half is 12, and the multiple of 8 below it is 8
    placement = place((8, 64), (32, 64), 'letterbox')
    assert placement.network_box == Box(8, 0, 8, 64)


def test_stretch_uses_all_of_both():
    placement = place((480, 640), (512, 1024), 'stretch')
    assert placement.camera_box == Box(0, 0, 480, 640)
    assert placement.network_box == Box(0, 0, 512, 1024)


def test_crop_of_a_full_hd_frame_by_hand():
    # scale max(512/1080, 1024/1920) = 0.5333; 512 / 0.5333 = 960 rows of 1080, from (1080-960)/2
    placement = place((1080, 1920), (512, 1024), 'crop')
    assert placement.camera_box == Box(60, 0, 960, 1920)
    assert placement.network_box == Box(0, 0, 512, 1024)


@given(st.tuples(CAMERA_SIDES, CAMERA_SIDES), st.tuples(NETWORK_SIDES, NETWORK_SIDES), MODES)
def test_boxes_lie_inside_and_the_network_box_is_aligned(camera_hw, network_hw, mode):
    placement = place(camera_hw, network_hw, mode)
    for box, (height, width) in (
        (placement.camera_box, camera_hw),
        (placement.network_box, network_hw),
    ):
        assert min(box.height, box.width) >= 1
        assert min(box.top, box.left) >= 0
        assert box.top + box.height <= height
        assert box.left + box.width <= width
    box = placement.network_box
    assert all(side % ALIGNMENT_PX == 0 for side in (box.top, box.left, box.height, box.width))


@given(st.tuples(CAMERA_SIDES, CAMERA_SIDES), st.tuples(NETWORK_SIDES, NETWORK_SIDES))
def test_letterbox_keeps_the_aspect_ratio_to_half_the_alignment(camera_hw, network_hw):
    box = place(camera_hw, network_hw, 'letterbox').network_box
    scale = min(network_hw[0] / camera_hw[0], network_hw[1] / camera_hw[1])
    for camera_side, side in zip(camera_hw, (box.height, box.width), strict=True):
        # a side under half the alignment grows to the alignment
        assert abs(side - camera_side * scale) <= max(
            ALIGNMENT_PX / 2 + 1e-6, ALIGNMENT_PX - camera_side * scale
        )
    assert box.height == network_hw[0] or box.width == network_hw[1]


@given(st.tuples(NETWORK_SIDES, NETWORK_SIDES), MODES)
def test_a_frame_of_network_size_is_left_alone(network_hw, mode):
    placement = place(network_hw, network_hw, mode)
    assert placement.camera_box == placement.network_box == Box(0, 0, *network_hw)


@pytest.mark.parametrize(('stride', 'expected'), [(1, 56), (2, 28), (4, 14), (8, 7)])
def test_the_box_in_a_smaller_output_is_the_box_divided(stride: int, expected: int):
    placement = place((1080, 1920), (512, 1024), 'letterbox')
    box = placement.box_in((512 // stride, 1024 // stride))
    assert box == Box(0, expected, 512 // stride, 912 // stride)


@pytest.mark.parametrize('map_hw', [(512, 1000), (256, 1024), (170, 341), (32, 64)])
def test_an_output_that_does_not_fit_is_refused(map_hw: tuple[int, int]):
    with pytest.raises(ValueError, match='divided by 1, 2, 4 or 8'):
        output_stride((512, 1024), map_hw)


@pytest.mark.parametrize('camera_hw', [(0, 640), (480, 0)])
def test_a_frame_without_pixels_is_refused(camera_hw: tuple[int, int]):
    with pytest.raises(ValueError, match='must have pixels'):
        place(camera_hw, (512, 1024), 'letterbox')


@pytest.mark.parametrize('network_hw', [(0, 8), (512, 1020), (-8, 8)])
def test_a_network_size_that_is_not_aligned_is_refused(network_hw: tuple[int, int]):
    with pytest.raises(ValueError, match='positive multiple of 8'):
        place((480, 640), network_hw, 'stretch')


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'mode': 'pad'}, "mode must be one of.*got 'pad'"),
        ({'interpolation': 'cubic'}, "interpolation must be one of.*got 'cubic'"),
        ({'padding_rgb': (0, 0, 256)}, 'padding_rgb must be three values'),
        ({'padding_rgb': (0, 0)}, 'padding_rgb must be three values'),
    ],
)
def test_a_geometry_that_is_none_is_refused(changes: dict, message: str):
    with pytest.raises(ValueError, match=message):
        Geometry(**changes)
