import numpy as np
import pytest

from hopfield_pebal_ros.contract.geometry import Box, Placement, place
from hopfield_pebal_ros.inference.regions import Region, box_at_camera, find_regions

IDENTITY = place((16, 24), (16, 24), 'stretch')


def regions_of(
    energy_map: np.ndarray, placement: Placement = IDENTITY, *, min_area_px: int = 1
) -> tuple[Region, ...]:
    energy_map = energy_map.astype(np.float32)
    mask = (energy_map > 0).astype(np.uint8) * np.uint8(255)
    return find_regions(mask, energy_map, placement, min_area_px=min_area_px)


def test_one_region_by_hand():
    energy_map = np.zeros((16, 24))
    energy_map[2:4, 5:8] = [[1, 2, 3], [4, 5, 9]]
    (region,) = regions_of(energy_map)
    assert region == Region(
        left=5,
        top=2,
        width=3,
        height=2,
        area_px=6,
        mean_energy=4.0,  # 24 / 6
        max_energy=9.0,
        center_xy=(6.5, 3.0),
    )


def test_a_region_in_a_camera_of_another_size_by_hand():
    # the camera is 2 times higher and 3 times wider than the network
    energy_map = np.zeros((16, 24))
    energy_map[4, 2:4] = 7
    (region,) = regions_of(energy_map, place((32, 72), (16, 24), 'stretch'))
    assert (region.left, region.top, region.width, region.height) == (6, 8, 6, 2)
    assert region.area_px == 2 * 6
    assert region.center_xy == (9.0, 9.0)
    assert region.mean_energy == region.max_energy == 7


def test_letterbox_and_crop_offsets_are_undone():
    # letterbox: the camera's 8 rows are rows 8..16 of the network
    placement = place((8, 24), (24, 24), 'letterbox')
    assert placement.network_box == Box(8, 0, 8, 24)
    energy_map = np.zeros((24, 24))
    energy_map[8:10, 20:24] = 1
    (region,) = regions_of(energy_map, placement)
    assert (region.left, region.top, region.width, region.height) == (20, 0, 4, 2)
    # crop: the network shows columns 8..24 of a camera 32 wide
    placement = place((16, 32), (16, 16), 'crop')
    energy_map = np.zeros((16, 16))
    energy_map[0, 0] = 1
    (region,) = regions_of(energy_map, placement)
    assert (region.left, region.top, region.center_xy) == (8, 0, (8.5, 0.5))


def test_padding_is_left_out():
    placement = place((8, 24), (24, 24), 'letterbox')
    mask = np.full((24, 24), 255, np.uint8)
    (region,) = find_regions(mask, np.ones((24, 24), np.float32), placement, min_area_px=1)
    assert (region.left, region.top, region.width, region.height) == (0, 0, 24, 8)
    assert region.area_px == 8 * 24


def test_pixels_that_touch_at_a_corner_are_one_region():
    energy_map = np.zeros((16, 24))
    energy_map[[3, 4], [3, 4]] = 1
    energy_map[3, 6] = 1
    assert sorted(each.area_px for each in regions_of(energy_map)) == [1, 2]


def test_the_largest_peak_comes_first_and_ties_go_from_the_top_left():
    energy_map = np.zeros((16, 24))
    for (row, column), energy in {
        (9, 9): 2,
        (7, 0): 1,
        (1, 20): 1,
        (1, 1): 1,
        (5, 5): 1.5,
    }.items():
        energy_map[row, column] = energy
    assert [(each.top, each.left) for each in regions_of(energy_map)] == [
        (9, 9),
        (5, 5),
        (1, 1),
        (1, 20),
        (7, 0),
    ]


def test_the_smallest_area_counts_in_camera_pixels():
    energy_map = np.zeros((16, 24))
    energy_map[4, 2:4] = 1  # 12 camera pixels
    placement = place((32, 72), (16, 24), 'stretch')
    assert len(regions_of(energy_map, placement, min_area_px=12)) == 1
    assert regions_of(energy_map, placement, min_area_px=13) == ()


def test_an_empty_mask_has_no_region():
    assert regions_of(np.zeros((16, 24))) == ()


def test_negative_energies_above_the_threshold():
    mask = np.zeros((16, 24), np.uint8)
    mask[0, :2] = 255
    energy_map = np.full((16, 24), -9, np.float32)
    energy_map[0, :2] = (-3, -1)
    (region,) = find_regions(mask, energy_map, IDENTITY, min_area_px=1)
    assert (region.mean_energy, region.max_energy) == (-2, -1)


def naive_regions(mask: np.ndarray, energy_map: np.ndarray, placement: Placement, min_area: int):
    """Flood fill pixel by pixel; box and area pixel by pixel too."""
    box = placement.box_in(mask.shape)
    camera = placement.camera_box
    scale_y, scale_x = camera.height / box.height, camera.width / box.width
    left_over = {(y, x) for y in range(box.height) for x in range(box.width) if box.of(mask)[y, x]}
    found = []
    while left_over:
        waiting = [left_over.pop()]
        pixels = []
        while waiting:
            y, x = waiting.pop()
            pixels.append((y, x))
            near = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left_over
            left_over -= near
            waiting += near
        ys, xs = np.transpose(pixels)
        energies = [float(box.of(energy_map)[y, x]) for y, x in pixels]
        area = round(len(pixels) * scale_y * scale_x)
        if area < min_area:
            continue
        left = camera.left + int(np.floor(xs.min() * scale_x + 1e-9))
        top = camera.top + int(np.floor(ys.min() * scale_y + 1e-9))
        right = camera.left + int(np.ceil((xs.max() + 1) * scale_x - 1e-9))
        bottom = camera.top + int(np.ceil((ys.max() + 1) * scale_y - 1e-9))
        center = (
            camera.left + (xs.mean() + 0.5) * scale_x,
            camera.top + (ys.mean() + 0.5) * scale_y,
        )
        found.append((left, top, right - left, bottom - top, area, energies, center))
    return sorted(found, key=lambda each: (-max(each[5]), each[1], each[0]))


@pytest.mark.parametrize('mode', ['letterbox', 'stretch', 'crop'])
@pytest.mark.parametrize('camera_hw', [(37, 91), (120, 50), (32, 64)])
@pytest.mark.parametrize('stride', [1, 2, 4])
@pytest.mark.parametrize('share', [0.05, 0.4])
def test_it_agrees_with_a_naive_flood_fill(mode, camera_hw, stride, share):
    rng = np.random.default_rng(stride)
    placement = place(camera_hw, (32, 64), mode)
    energy_map = rng.normal(size=(32 // stride, 64 // stride)).astype(np.float32)
    mask = (energy_map > np.quantile(energy_map, 1 - share)).astype(np.uint8) * np.uint8(255)
    found = find_regions(mask, energy_map, placement, min_area_px=3)
    expected = naive_regions(mask, energy_map, placement, 3)
    assert len(found) == len(expected)
    for region, (left, top, width, height, area, energies, center) in zip(
        found, expected, strict=True
    ):
        assert (region.left, region.top, region.width, region.height) == (left, top, width, height)
        assert region.area_px == area
        assert region.mean_energy == pytest.approx(np.mean(energies), abs=1e-6)
        assert region.max_energy == pytest.approx(max(energies))
        assert region.center_xy == pytest.approx(center)


def test_regions_lie_inside_the_frame():
    for camera_hw in ((37, 91), (7, 300), (1080, 1920)):
        for mode in ('letterbox', 'stretch', 'crop'):
            placement = place(camera_hw, (32, 64), mode)
            (region,) = regions_of(np.ones((32, 64)), placement)
            camera = placement.camera_box
            assert (region.top, region.left) == (camera.top, camera.left)
            assert (region.height, region.width) == (camera.height, camera.width)


def test_a_box_keeps_every_camera_pixel_that_it_touches():
    # 10 camera columns over 16 output columns: output column 3 spans 1.875..2.5
    placement = place((8, 10), (8, 16), 'stretch')
    assert box_at_camera(Box(0, 3, 8, 1), placement, Box(0, 0, 8, 16)) == Box(0, 1, 8, 2)
