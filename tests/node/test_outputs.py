"""The four results over real DDS: values, sizes, headers, and only where somebody listens."""

import cv2
import numpy as np
import pytest

pytest.importorskip('rclpy')

from hopfield_pebal_ros.inference.detector import AnomalyDetector
from hopfield_pebal_ros.inference.overlay import draw_overlay
from hopfield_pebal_ros.node.outputs import TOPICS
from tests.node.bench import PICTURE_BGR, array_of


@pytest.mark.parametrize('encoding', ['bgr8', 'rgb8'])
def test_all_four_outputs_of_an_image(open_bench, tiny_model, encoding):
    bench = open_bench()
    bench.activate(*TOPICS)
    bench.publish(PICTURE_BGR, 7, encoding)
    bench.wait(lambda: all(bench.received[topic] for topic in TOPICS))
    got = {topic: array_of(bench.received[topic][0]) for topic in TOPICS}
    order = encoding[:3]
    red, green = PICTURE_BGR[..., 2 if order == 'bgr' else 0], PICTURE_BGR[..., 1]
    np.testing.assert_array_equal(got['segmentation'], green // 16)
    np.testing.assert_allclose(got['energy'], red / 25.5, rtol=1e-6)
    np.testing.assert_array_equal(got['anomaly_mask'], np.where(red / 25.5 > 6, 255, 0))
    detector = AnomalyDetector.open(tiny_model)
    (detection,) = detector.detect([PICTURE_BGR], color_order=order)
    palette_rgb = detector.metadata.label_set.palette_rgb()
    overlay = draw_overlay(PICTURE_BGR, detection, palette_rgb, color_order=order)
    expected_bgr = overlay if order == 'bgr' else cv2.cvtColor(overlay, cv2.COLOR_RGB2BGR)
    np.testing.assert_array_equal(got['overlay'], expected_bgr)


def test_every_output_has_the_header_and_size_of_its_image(open_bench):
    bench = open_bench()
    bench.activate(*TOPICS)
    for number, size in enumerate([(90, 160), (33, 47)]):
        bench.publish(np.zeros((*size, 3), np.uint8), number)
        bench.wait(lambda n=number: all(len(bench.received[topic]) > n for topic in TOPICS))
        for topic in TOPICS:
            message = bench.received[topic][number]
            assert message.header.stamp.sec == 1000 + number
            assert message.header.stamp.nanosec == number
            assert message.header.frame_id == f'camera {number}'
            assert (message.height, message.width) == size
            assert message.step * message.height == len(message.data)


def test_output_at_camera_size_is_the_detectors_own(open_bench, tiny_model):
    picture = cv2.resize(PICTURE_BGR, (300, 170), interpolation=cv2.INTER_CUBIC)
    bench = open_bench()
    bench.activate('segmentation', 'energy', 'anomaly_mask')
    bench.publish(picture, 0)
    bench.wait(lambda: all(bench.received.values()) and len(bench.received) == 4)
    (detection,) = AnomalyDetector.open(tiny_model).detect([picture], color_order='bgr')
    for topic, expected in {
        'segmentation': detection.labels_at_camera(),
        'energy': detection.energy_at_camera(),
        'anomaly_mask': detection.mask_at_camera(),
    }.items():
        np.testing.assert_array_equal(array_of(bench.received[topic][0]), expected)


def test_only_what_somebody_listens_to_is_published(open_bench):
    bench = open_bench()
    bench.activate('anomaly_mask')
    made = bench.node._cameras[''].outputs._messages
    bench.publish(PICTURE_BGR, 0)
    bench.wait(lambda: bench.received['anomaly_mask'])
    assert {topic for topic in TOPICS if made[topic].data} == {'anomaly_mask'}
