"""Labels of points: beside them, inside, and apart from each other."""

import itertools

import numpy as np
import pytest

pytest.importorskip('matplotlib')

from matplotlib.transforms import Bbox

from benchmarks.label_places import Surroundings, label_places, mark

FRAME = Bbox([[0, 0], [400, 300]])
SIZE = np.array([80.0, 12.0])


def places_of(points, obstacles=()):
    around = Surroundings(frame=FRAME, obstacles=obstacles, mark_size=10.0)
    return label_places(points, [SIZE] * len(points), around)


def test_a_lone_label_is_right_of_its_point_and_left_where_the_frame_ends():
    [inner, outer] = places_of([np.array([100.0, 100.0]), np.array([380.0, 200.0])])
    # a mark's width away, its middle at the height of the point
    assert inner.extents == pytest.approx([110, 94, 190, 106])
    assert outer.extents == pytest.approx([290, 194, 370, 206])


def test_a_label_keeps_clear_of_obstacles():
    wall = Bbox([[120, 90], [120, 110]])
    [place] = places_of([np.array([100.0, 100.0])], [wall])
    assert place.extents == pytest.approx([10, 94, 90, 106])


def test_labels_of_a_crowd_are_apart():
    rng = np.random.default_rng(0)
    points = list(rng.uniform((150, 130), (190, 190), (10, 2)))
    places = places_of(points)
    assert not any(one.overlaps(other) for one, other in itertools.combinations(places, 2))
    assert not any(place.overlaps(mark(each, 10.0)) for place in places for each in points)
    assert all(FRAME.contains(*place.p0) and FRAME.contains(*place.p1) for place in places)
