import pickle

import cv2
import numpy as np
import pytest

pytest.importorskip('torch')

from hopfield_pebal_ros.contract.labels import CITYSCAPES, IGNORE_ID, OUTLIER_ID
from training.data.frames import Frame
from training.data.outlier_exposure import OutlierExposure
from training.data.outlier_paster import OutlierPaster
from training.data.outliers.mixture import OutlierSources
from training.data.outliers.street_objects import TRAIN_IDS_OF_COCO, StreetObjects
from training.data.outliers.yolo_polygons import TRAFFIC_IDS

CAR, ROAD = CITYSCAPES.id_of('car'), CITYSCAPES.id_of('road')


class TwoCars:
    """A red and a green car on grey road, and a crumb of a third."""

    def __len__(self):
        return 1

    def __getitem__(self, index):
        image, labels = np.full((80, 160, 3), 90, np.uint8), np.full((80, 160), ROAD, np.uint8)
        for left, color in ((10, (200, 0, 0)), (90, (0, 200, 0))):
            image[20:60, left : left + 50], labels[20:60, left : left + 50] = color, CAR
        labels[5:8, 70:73] = CAR
        return Frame(image, labels, 'cars')


def test_each_connected_region_is_an_object_of_its_class():
    red, green = StreetObjects([TwoCars()]).cut_outs(0)
    assert red.train_id == green.train_id == CAR
    assert np.unique(red.rgb.reshape(-1, 3), axis=0).tolist() == [[200, 0, 0]]
    assert green.alpha.shape == (38, 48)  # a rim of one pixel is left behind


def test_frames_of_all_sources_are_counted():
    objects = StreetObjects([TwoCars(), TwoCars()])
    assert len(objects) == 2
    assert len(objects.cut_outs(1)) == 2


def test_pasted_cars_are_cars():
    exposure = OutlierExposure(
        most_street_objects=3, street_objects_share=1.0, on_ground_share=0.0, most_objects=1
    )
    paster = OutlierPaster(exposure, [TwoCars()])
    seen = set()
    for seed in range(12):
        image, labels = np.full((90, 90, 3), 90, np.uint8), np.full((90, 90), ROAD, np.uint8)
        rng = np.random.default_rng(seed)
        seen |= set(np.unique(paster.expose(image, labels, rng, network_scale=1.0)[1]).tolist())
    assert seen == {ROAD, CAR, OUTLIER_ID, IGNORE_ID}


def test_what_coco_calls_traffic_is_known_or_left_out():
    hydrant = 10
    assert set(TRAIN_IDS_OF_COCO) == set(TRAFFIC_IDS) - {hydrant}
    assert TRAIN_IDS_OF_COCO[0] == CITYSCAPES.id_of('person')
    assert TRAIN_IDS_OF_COCO[11] == CITYSCAPES.id_of('traffic sign')


def test_a_paster_can_go_to_a_worker_process(tmp_path):
    (tmp_path / 'images').mkdir()
    (tmp_path / 'labels').mkdir()
    cv2.imwrite(str(tmp_path / 'images' / 'a.jpg'), np.full((100, 100, 3), 90, np.uint8))
    (tmp_path / 'labels' / 'a.txt').write_text('2 0.1 0.1 0.9 0.1 0.9 0.9\n60 0 0 0 1 1 1')
    exposure = OutlierExposure(sources=OutlierSources(yolo=tmp_path), most_street_objects=1)
    paster = pickle.loads(pickle.dumps(OutlierPaster(exposure, [TwoCars()])))
    assert paster._known_objects.draw(np.random.default_rng(0), 10).train_id == CAR
