"""Panels: what is where on the sheet, and outlines that leave the picture alone."""

import base64

import cv2
import numpy as np

from hopfield_pebal_ros.contract.labels import CITYSCAPES
from hopfield_pebal_ros.report.panels import (
    Panel,
    contact_sheet,
    fit_width,
    frame_panels,
    outline,
    to_picture,
)


def panel(value: int, height: int = 10, width: int = 20) -> Panel:
    return Panel('caption', np.full((height, width, 3), value, np.uint8))


def test_panels_lie_in_rows_under_their_captions() -> None:
    sheet = contact_sheet([panel(10), panel(20), panel(30)], columns=2)
    # cells are 26 + 10 px high and 20 px wide, 8 px apart
    assert sheet.shape == (2 * (36 + 8) + 8, 2 * (20 + 8) + 8, 3)
    assert sheet[8 + 26 + 5, 8 + 10].tolist() == [10] * 3
    assert sheet[8 + 26 + 5, 8 + 28 + 10].tolist() == [20] * 3
    assert sheet[8 + 44 + 26 + 5, 8 + 10].tolist() == [30] * 3
    assert sheet[8 + 44 + 26 + 5, 8 + 28 + 10].tolist() == [255] * 3  # nothing there


def test_only_wide_pictures_are_made_smaller() -> None:
    assert fit_width(np.zeros((100, 400, 3), np.uint8), 200).shape == (50, 200, 3)
    assert fit_width(np.zeros((100, 200, 3), np.uint8), 200).shape == (100, 200, 3)


def test_an_outline_runs_around_the_mask_only() -> None:
    image = np.full((40, 40, 3), 100, np.uint8)
    mask = np.zeros((40, 40), np.bool_)
    mask[10:30, 10:30] = True
    outlined = outline(image, mask)
    assert outlined[10, 20].min() > 200
    assert outlined[20, 20].tolist() == outlined[3, 3].tolist() == [100] * 3
    assert (image == 100).all()


def test_the_panels_show_camera_labels_energy_and_regions() -> None:
    camera = np.full((4, 6, 3), 50, np.uint8)
    regions = np.full((4, 6, 3), 60, np.uint8)
    found = frame_panels(
        camera,
        label_map=np.full((4, 6), CITYSCAPES.id_of('sky'), np.uint8),
        energy_map=np.full((4, 6), np.nan, np.float32),
        regions_rgb=regions,
        palette_rgb=CITYSCAPES.palette_rgb(),
        threshold=1.0,
        energy_scale=1.0,
        outlier_truth=np.zeros((4, 6), np.bool_),
    )
    assert [each.caption for each in found] == [
        'camera',
        'labels',
        'anomaly energy',
        'anomaly regions',
    ]
    colors = [each.image_rgb[0, 0].tolist() for each in found]
    assert colors == [[50] * 3, [70, 130, 180], [0] * 3, [60] * 3]


def test_a_picture_in_a_page_keeps_its_colours() -> None:
    image = np.zeros((16, 16, 3), np.uint8)
    image[..., 0] = 200  # red
    picture = to_picture(Panel('red', image))
    content = base64.b64decode(picture.data_uri.partition(',')[2])
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    blue, _, red = decoded[8, 8].tolist()
    assert abs(red - 200) < 6
    assert blue < 6
