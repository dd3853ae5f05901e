import numpy as np
import pytest

from hopfield_pebal_ros.inference.region_marks import draw_region_marks, region_outlines
from tests.inference.detections import detection_of


def energy_with_blocks(*blocks: tuple[int, int, int, int]) -> np.ndarray:
    """Return energies (64, 128), 9 inside each top, left, height, width."""
    energy_map = np.zeros((64, 128), np.float32)
    for top, left, height, width in blocks:
        energy_map[top : top + height, left : left + width] = 9
    return energy_map


def test_an_outline_runs_through_the_outer_pixels():
    detection = detection_of(energy_with_blocks((10, 20, 5, 8)), camera_hw=(64, 128))
    (outline,) = region_outlines(detection)
    corners = {tuple(point) for point in (outline[:, 0] / 16).tolist()}
    assert corners == {(20, 10), (20, 14), (27, 10), (27, 14)}  # x, y


def test_an_outline_is_scaled_to_the_camera():
    # twice as large: network pixel centre 20.5 lies at camera 41, which is pixel coordinate 40.5
    detection = detection_of(energy_with_blocks((10, 20, 5, 8)), camera_hw=(128, 256))
    (outline,) = region_outlines(detection)
    corners = {tuple(point) for point in (outline[:, 0] / 16).tolist()}
    assert corners == {(40.5, 20.5), (40.5, 28.5), (54.5, 20.5), (54.5, 28.5)}


@pytest.mark.parametrize('mode', ['letterbox', 'crop'])
def test_an_outline_lies_in_the_box_of_its_region(mode):
    detection = detection_of(energy_with_blocks((30, 60, 6, 10)), camera_hw=(200, 300), mode=mode)
    (outline,) = region_outlines(detection)
    (region,) = detection.regions
    xs, ys = outline[:, 0, 0] / 16 + 0.5, outline[:, 0, 1] / 16 + 0.5
    assert region.left < xs.min() < xs.max() < region.left + region.width
    assert region.top < ys.min() < ys.max() < region.top + region.height


def test_regions_that_are_not_listed_have_no_outline():
    energy_map = energy_with_blocks((10, 20, 5, 8), (40, 90, 2, 2))
    detection = detection_of(energy_map, camera_hw=(64, 128), min_area_px=10)
    assert len(region_outlines(detection)) == 1


def test_only_so_many_boxes_are_drawn():
    energy_map = energy_with_blocks((40, 10, 10, 10))
    energy_map[40:50, 80:90] = 20
    energy_map[45, 85] = 0  # a hole, inside the outline
    detection = detection_of(energy_map, camera_hw=(64, 128))
    for max_boxes, tagged in ((0, (False, False)), (1, (True, False)), (2, (True, True))):
        picture = np.full((64, 128, 3), 100, np.uint8)
        draw_region_marks(picture, detection, max_boxes=max_boxes)
        above = picture[28:36]  # where the energies are written
        assert ((above[:, 80:90] != 100).any(), (above[:, 10:20] != 100).any()) == tagged


@pytest.mark.parametrize('camera_hw', [(8, 8), (64, 128), (20, 400)])
def test_marks_at_the_very_edge_stay_in_the_picture(camera_hw):
    energy_map = np.zeros((64, 128), np.float32)
    energy_map[:, [0, -1]] = 9
    detection = detection_of(energy_map, camera_hw=camera_hw, min_area_px=0)
    picture = np.full((*camera_hw, 3), 100, np.uint8)
    draw_region_marks(picture, detection, max_boxes=5)
    assert (picture[:, 0] != 100).any()
    assert (picture[:, -1] != 100).any()
