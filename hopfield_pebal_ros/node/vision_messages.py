"""vision_msgs for regions and class names, where that package is installed."""

import importlib
import math
from types import ModuleType
from typing import Any, Final

from hopfield_pebal_ros.contract.labels import IGNORE_ID, LabelSet
from hopfield_pebal_ros.inference.detection import Detection

CLASS_ID: Final = 'anomaly'


def vision_msgs() -> ModuleType | None:
    """Return vision_msgs.msg, or None where it is not installed."""
    try:
        return importlib.import_module('vision_msgs.msg')
    except ImportError:
        return None


def region_array(messages: Any, detection: Detection, header: Any) -> Any:
    """Return the regions as Detection2DArray, in camera pixels, worst first.

    The score is 1 / (1 + exp(-(peak energy - threshold) / scale)): 0.5 at the threshold, with
    the inlier standard deviation as scale.
    """
    array = messages.Detection2DArray()
    array.header = header
    for region in detection.regions:
        each = messages.Detection2D()
        each.header = header
        each.bbox.center.position.x = region.left + region.width / 2
        each.bbox.center.position.y = region.top + region.height / 2
        each.bbox.size_x, each.bbox.size_y = float(region.width), float(region.height)
        result = messages.ObjectHypothesisWithPose()
        result.hypothesis.class_id = CLASS_ID
        result.hypothesis.score = _score(region.max_energy, detection)
        each.results.append(result)
        array.detections.append(each)
    return array


def _score(energy: float, detection: Detection) -> float:
    excess = (energy - detection.threshold) / detection.energy_scale
    return 1 / (1 + math.exp(-min(max(excess, -50.0), 50.0)))


def label_info(messages: Any, labels: LabelSet, stamp: Any) -> Any:
    """Return the class names as LabelInfo; 255 is what the network did not see."""
    info = messages.LabelInfo()
    info.header.stamp = stamp
    names = {**dict(enumerate(labels.names)), IGNORE_ID: 'UNLABELED'}
    for class_id, name in names.items():
        each = messages.VisionClass()
        each.class_id, each.class_name = class_id, name
        info.class_map.append(each)
    return info
