import numpy as np

from training.data.outliers.polygons import draw_polygons


def box(left, top, right, bottom):
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float64)


def test_a_box_covers_the_pixels_whose_centres_it_holds():
    cover = draw_polygons([box(2.4, 3.4, 7.6, 9.6)], (12, 10))
    expected = np.zeros((12, 10), np.uint8)
    expected[3:10, 2:8] = 255  # centres at 2.5 .. 7.5 and 3.5 .. 9.5
    assert np.array_equal(cover, expected)


def test_overlapping_parts_are_united():
    cover = draw_polygons([box(1, 1, 7, 7), box(4, 4, 10, 10)], (12, 12))
    assert cover[5, 5] == 255
    assert cover[2, 2] == cover[8, 8] == 255
    assert cover[8, 2] == 0
