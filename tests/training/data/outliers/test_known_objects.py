from collections import Counter

import numpy as np
import pytest

from hopfield_pebal_ros.contract.labels import CITYSCAPES
from training.data.frames import Frame
from training.data.outlier_exposure import OutlierExposure
from training.data.outliers.known_objects import KnownObjects
from training.data.outliers.mixture import OutlierSources

PERSON, BUS, POLE = (CITYSCAPES.id_of(name) for name in ('person', 'bus', 'pole'))


class Poles:
    """A frame with a grey pole."""

    def __len__(self):
        return 1

    def __getitem__(self, index):
        labels = np.zeros((80, 80), np.uint8)
        labels[10:60, 20:40] = POLE
        return Frame(np.full((80, 80, 3), 90, np.uint8), labels, 'a pole')


@pytest.fixture
def drawn(tmp_path, write_image):
    """Classes of 60 objects of a frame and of a red picture with a person and a bus."""
    picture = np.zeros((80, 80, 3), np.uint8)
    picture[..., 2] = 200  # the file is BGR
    write_image(tmp_path / 'images' / 'a.png', picture)
    (tmp_path / 'labels').mkdir()
    person, bus = '0 0 0 .5 0 .5 .9 0 .9\n', '5 .5 0 1 0 1 .9 .5 .9\n'
    (tmp_path / 'labels' / 'a.txt').write_text(person + bus)

    def draw(**changes):
        settings = OutlierExposure(sources=OutlierSources(yolo=tmp_path), **changes)
        objects, rng = KnownObjects(settings, [Poles()]), np.random.default_rng(0)
        return [objects.draw(rng, 10) for _ in range(60)]

    return draw


def test_frames_and_polygons_count_alike(drawn):
    counts = Counter(each.train_id for each in drawn())
    assert set(counts) == {PERSON, BUS, POLE}
    assert 20 <= counts[POLE] <= 40


def test_vehicles_have_their_own_share(drawn):
    assert {each.train_id for each in drawn(vehicle_share=1.0)} == {BUS}
    counts = Counter(each.train_id for each in drawn(vehicle_share=0.5))
    assert counts[BUS] > counts[PERSON] > 0
    assert counts[POLE] > 0


def test_hues_are_turned_for_the_share_that_is_asked_for(drawn):
    def count_red(objects):
        buses = [each for each in objects if each.train_id == BUS]
        return sum((each.rgb[5, 5] == (200, 0, 0)).all() for each in buses), len(buses)

    red, count = count_red(drawn(vehicle_share=1.0))
    assert red == count
    red, count = count_red(drawn(vehicle_share=1.0, turned_hue_share=0.5))
    assert 15 <= red <= 45
