import numpy as np
import pytest

from hopfield_pebal_ros.contract.labels import CITYSCAPES, IGNORE_ID
from hopfield_pebal_ros.inference.overlay import draw_energy, draw_labels, draw_overlay
from tests.inference.detections import detection_of

PALETTE = CITYSCAPES.palette_rgb()


def energy_with_a_block(hw: tuple[int, int] = (64, 128), energy: float = 9.0) -> np.ndarray:
    energy_map = np.zeros(hw, np.float32)
    energy_map[20:30, 40:60] = energy
    return energy_map


def test_labels_have_the_colors_of_the_palette():
    label_map = np.array([[0, 13], [10, IGNORE_ID]], np.uint8)
    picture = draw_labels(label_map, PALETTE)
    assert picture.tolist() == [[[128, 64, 128], [0, 0, 142]], [[70, 130, 180], [0, 0, 0]]]
    np.testing.assert_array_equal(
        draw_labels(label_map, PALETTE, color_order='bgr'), picture[..., ::-1]
    )


def energy_colors(*energies: float, threshold: float = 2.0, scale: float = 1.0) -> np.ndarray:
    return draw_energy(np.array([energies], np.float32), threshold=threshold, scale=scale)[0]


def test_energy_turns_from_cold_to_warm_right_above_the_threshold():
    just_above = float(np.nextafter(np.float32(2), np.float32(3)))
    (red, _, blue), (warm_red, _, warm_blue) = energy_colors(2.0, just_above).astype(int)
    assert blue > red - 30  # pale
    assert warm_red > 150 > warm_blue


def test_energy_colors_span_four_scales_on_either_side():
    colors = energy_colors(2 - 8, 2 - 100, 2 + 8, 2 + 100, 2 + 7, scale=2.0)
    assert colors[0].tolist() == colors[1].tolist()
    assert colors[2].tolist() == colors[3].tolist()
    assert colors[4].tolist() != colors[3].tolist()


def test_energy_colors_get_brighter_on_each_side_of_the_threshold():
    brightness = energy_colors(*np.linspace(-1.9, 2, 40)).astype(int).sum(axis=1)
    assert (np.diff(brightness) >= 0).all()
    brightness = energy_colors(*np.linspace(2.01, 6, 40)).astype(int).sum(axis=1)
    assert (np.diff(brightness) >= 0).all()


def test_what_was_not_seen_is_black_and_the_input_stays():
    energy_map = np.array([[np.nan, 5.0]], np.float32)
    picture = draw_energy(energy_map, threshold=2.0)
    assert picture[0, 0].tolist() == [0, 0, 0]
    assert picture[0, 1].any()
    assert np.isnan(energy_map[0, 0])


def test_energy_in_bgr_is_the_same_picture():
    energy_map = np.random.default_rng(0).normal(2, 3, (10, 20)).astype(np.float32)
    np.testing.assert_array_equal(
        draw_energy(energy_map, threshold=2.0, color_order='bgr'),
        draw_energy(energy_map, threshold=2.0)[..., ::-1],
    )


def test_without_anomaly_there_is_only_the_tint_by_hand():
    # class 13 is (0, 0, 142): 0.65 * 100 + 0.35 * (0, 0, 142) = 65, 65, 114.7
    detection = detection_of(np.zeros((64, 128)), camera_hw=(90, 160), label=13)
    image = np.full((90, 160, 3), 100, np.uint8)
    picture = draw_overlay(image, detection, PALETTE)
    assert np.unique(picture.reshape(-1, 3), axis=0).tolist() == [[65, 65, 115]]
    np.testing.assert_array_equal(draw_overlay(image, detection, PALETTE, label_alpha=0), image)
    assert (image == 100).all()


def test_the_glow_is_where_the_anomaly_is_and_nowhere_else():
    energy_map = energy_with_a_block()
    detection = detection_of(energy_map, camera_hw=(64, 128), min_area_px=10**6)
    assert detection.regions == ()  # no outlines or boxes: what differs is the glow
    image = np.full((64, 128, 3), 100, np.uint8)
    picture = draw_overlay(image, detection, PALETTE, label_alpha=0)
    np.testing.assert_array_equal((picture != image).any(axis=2), energy_map > 5)
    red, _, blue = picture[25, 50].astype(int)
    assert red > blue + 50


def test_a_higher_energy_glows_brighter():
    image = np.full((64, 128, 3), 100, np.uint8)
    levels = []
    for energy in (5.1, 6.0, 7.0, 8.0, 9.0):
        detection = detection_of(
            energy_with_a_block(energy=energy), camera_hw=(64, 128), min_area_px=10**6
        )
        picture = draw_overlay(image, detection, PALETTE, label_alpha=0)
        levels.append(int(picture[25, 50].astype(int).sum()))
    assert levels == sorted(set(levels))


@pytest.mark.parametrize('mode', ['letterbox', 'stretch', 'crop'])
@pytest.mark.parametrize('camera_hw', [(64, 128), (120, 100), (50, 300)])
def test_a_bgr_overlay_is_the_same_picture(mode, camera_hw):
    energy_map = np.random.default_rng(0).normal(4, 2, (64, 128)).astype(np.float32)
    detection = detection_of(energy_map, camera_hw=camera_hw, mode=mode)
    image = np.random.default_rng(1).integers(0, 256, (*camera_hw, 3), np.uint8)
    of_rgb = draw_overlay(image, detection, PALETTE)
    of_bgr = draw_overlay(
        np.ascontiguousarray(image[..., ::-1]), detection, PALETTE, color_order='bgr'
    )
    np.testing.assert_array_equal(of_rgb, of_bgr[..., ::-1])


def test_what_a_crop_does_not_show_is_darkened_and_does_not_glow():
    detection = detection_of(np.full((64, 64), 9.0), camera_hw=(64, 128), mode='crop')
    image = np.full((64, 128, 3), 100, np.uint8)
    picture = draw_overlay(image, detection, PALETTE, max_boxes=0)
    assert (picture[:, :28] == 65).all()
    assert (picture[:, 100:] == 65).all()
    assert (picture[10:50, 40:90] != 65).any(axis=2).all()


def test_an_image_of_another_size_is_refused():
    detection = detection_of(np.zeros((64, 128)), camera_hw=(90, 160))
    with pytest.raises(ValueError, match=r'\(80, 160, 3\), expected \(90, 160, 3\)'):
        draw_overlay(np.zeros((80, 160, 3), np.uint8), detection, PALETTE)
