"""Regions and class names as vision_msgs, with a stand-in package of the same fields."""

import math
import sys

import pytest

from hopfield_pebal_ros.contract.labels import CITYSCAPES
from hopfield_pebal_ros.inference.detector import AnomalyDetector
from hopfield_pebal_ros.node.vision_messages import label_info, region_array, vision_msgs
from tests.node.test_image_messages import PICTURE
from tests.tiny_model import TINY_METADATA

STAND_IN = """
from types import SimpleNamespace as _Fields


def Detection2DArray():
    return _Fields(header=None, detections=[])


def Detection2D():
    center = _Fields(position=_Fields(x=0.0, y=0.0), theta=0.0)
    bbox = _Fields(center=center, size_x=0.0, size_y=0.0)
    return _Fields(header=None, results=[], bbox=bbox, id='')


def ObjectHypothesisWithPose():
    return _Fields(hypothesis=_Fields(class_id='', score=0.0), pose=None)


def LabelInfo():
    return _Fields(header=_Fields(stamp=None), class_map=[], threshold=0.0)


def VisionClass():
    return _Fields(class_id=0, class_name='')
"""


@pytest.fixture
def messages(tmp_path, monkeypatch):
    """Return vision_msgs.msg of a package in a folder of its own."""
    package = tmp_path / 'vision_msgs'
    package.mkdir()
    (package / '__init__.py').write_text('')
    (package / 'msg.py').write_text(STAND_IN)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield vision_msgs()
    for name in ('vision_msgs', 'vision_msgs.msg'):
        sys.modules.pop(name, None)


def test_an_absent_package_is_none(monkeypatch):
    monkeypatch.setitem(sys.modules, 'vision_msgs', None)
    assert vision_msgs() is None


def test_regions_have_their_box_and_a_score_that_is_a_half_at_the_threshold(messages):
    from tests.node.bench import FakeEngine

    picture = PICTURE[:1, :1].repeat(64, 0).repeat(128, 1) * 0
    picture[10:20, 30:60, 0] = 204  # energy 8, 2 above the threshold
    detector = AnomalyDetector(FakeEngine(), TINY_METADATA)
    (detection,) = detector.detect([picture])
    array = region_array(messages, detection, 'header')
    (found,) = array.detections
    assert (array.header, found.header) == ('header', 'header')
    assert (found.bbox.center.position.x, found.bbox.center.position.y) == (45.0, 15.0)
    assert (found.bbox.size_x, found.bbox.size_y) == (30.0, 10.0)
    (result,) = found.results
    assert result.hypothesis.class_id == 'anomaly'
    assert result.hypothesis.score == pytest.approx(1 / (1 + math.exp(-2)), rel=1e-5)


def test_every_class_has_its_name_and_255_is_unlabeled(messages):
    info = label_info(messages, CITYSCAPES, 'now')
    names = {each.class_id: each.class_name for each in info.class_map}
    assert len(names) == 20
    assert (names[0], names[13], names[255]) == ('road', 'car', 'UNLABELED')
    assert info.header.stamp == 'now'
