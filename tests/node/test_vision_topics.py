"""anomaly_regions and label_info over real DDS, where vision_msgs is installed."""

import numpy as np
import pytest

pytest.importorskip('rclpy')
vision = pytest.importorskip('vision_msgs.msg')

from rclpy.qos import DurabilityPolicy, QoSProfile

from hopfield_pebal_ros.contract.labels import IGNORE_ID
from tests.node.bench import FakeEngine

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def test_regions_come_with_the_header_of_their_image(open_bench):
    bench = open_bench(FakeEngine(), min_region_area_px=1)
    bench.activate()
    regions = bench.received['anomaly_regions']
    bench.probe.create_subscription(vision.Detection2DArray, 'anomaly_regions', regions.append, 5)
    bench.wait(lambda: bench.cameras[''].get_subscription_count())
    picture_bgr = np.zeros((64, 128, 3), np.uint8)
    picture_bgr[10:20, 30:60, 2] = 204  # energy 8, 2 above the threshold
    bench.publish(picture_bgr, 5)
    bench.wait(lambda: regions)
    (found,) = regions[0].detections
    assert regions[0].header.stamp.sec == found.header.stamp.sec == 1005
    position = found.bbox.center.position
    assert (position.x, position.y, found.bbox.size_x, found.bbox.size_y) == (45, 15, 30, 10)
    assert found.results[0].hypothesis.score == pytest.approx(0.880797, abs=1e-5)


def test_who_comes_late_gets_the_class_names(open_bench):
    bench = open_bench(FakeEngine())
    bench.activate()
    bench.spin_for(0.2)
    names = bench.received['label_info']
    bench.probe.create_subscription(vision.LabelInfo, 'label_info', names.append, LATCHED)
    bench.wait(lambda: names)
    by_id = {each.class_id: each.class_name for each in names[0].class_map}
    assert (by_id[0], by_id[IGNORE_ID]) == ('road', 'UNLABELED')
