"""The choice of a converter, with a stand-in for cv_bridge."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from hopfield_pebal_ros.node.compressed_images import any_to_color
from hopfield_pebal_ros.node.image_converter import open_image_converter
from hopfield_pebal_ros.node.image_messages import ImageMessageError


class StandInBridge:
    def imgmsg_to_cv2(self, message, encoding):
        if message.encoding == 'bad':
            raise TypeError('no such encoding')
        assert encoding == 'bgr8'
        return np.zeros((2, 3, 3), np.uint8)


def message_called(name):
    return SimpleNamespace(encoding=name)


def test_the_default_is_our_own():
    assert open_image_converter('builtin') is any_to_color


def test_cv_bridge_is_used_where_it_is_asked_for(monkeypatch):
    module = ModuleType('cv_bridge')
    module.CvBridge = StandInBridge
    monkeypatch.setitem(sys.modules, 'cv_bridge', module)
    convert = open_image_converter('cv_bridge')
    pixels, order = convert(message_called('good'))
    assert (pixels.shape, order) == ((2, 3, 3), 'bgr')
    with pytest.raises(ImageMessageError, match='cv_bridge: no such encoding'):
        convert(message_called('bad'))


def test_an_absent_cv_bridge_is_refused_with_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, 'cv_bridge', None)
    with pytest.raises(RuntimeError, match=r'cannot be imported .*set image_converter to builtin'):
        open_image_converter('cv_bridge')


def test_another_name_is_refused():
    with pytest.raises(ValueError, match="must be 'builtin' or 'cv_bridge', got 'pil'"):
        open_image_converter('pil')
