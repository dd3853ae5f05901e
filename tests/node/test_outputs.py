"""The four results over real DDS: values, sizes, headers, and only where somebody listens."""

import cv2
import numpy as np
import pytest

pytest.importorskip('rclpy')

from sensor_msgs.msg import CameraInfo

from hopfield_pebal_ros.inference.detector import AnomalyDetector
from hopfield_pebal_ros.inference.overlay import draw_overlay
from tests.node.bench import PICTURE_BGR, array_of

TOPICS = ('segmentation', 'energy', 'anomaly_mask', 'overlay')


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


def test_labels_come_as_png_without_loss(open_bench):
    bench = open_bench()
    bench.activate('segmentation/compressed')
    bench.publish(PICTURE_BGR, 3)
    bench.wait(lambda: bench.received['segmentation/compressed'])
    (message,) = bench.received['segmentation/compressed']
    labels = cv2.imdecode(np.frombuffer(message.data, np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(labels, PICTURE_BGR[..., 1] // 16)
    assert message.format == 'mono8; png compressed '
    assert message.header.stamp.sec == 1003


def test_outputs_at_network_size_with_a_camera_info_that_fits(open_bench):
    bench = open_bench(output_size='network')
    bench.activate('energy', 'segmentation', 'anomaly_mask', 'camera_info')
    picture = cv2.resize(PICTURE_BGR, (256, 256))
    info = camera_info((256, 256))
    camera = bench.probe.create_publisher(CameraInfo, 'image/camera_info', 1)
    bench.wait(lambda: camera.get_subscription_count() == 1)
    bench.publish(picture, 0)  # before any camera_info came
    bench.wait(lambda: bench.received['energy'])
    assert 'no camera_info came on' in bench.values('camera_status')['geometry_problem']
    camera.publish(info)
    bench.wait(lambda: bench.node._cameras['']._geometry._info is not None)
    bench.publish(picture, 1)
    bench.wait(lambda: bench.received['camera_info'])
    for topic in ('energy', 'segmentation', 'anomaly_mask'):
        assert (bench.received[topic][0].height, bench.received[topic][0].width) == (64, 128)
    (found,) = bench.received['camera_info']
    assert (found.header.stamp.sec, found.header.frame_id) == (1001, 'camera 1')
    assert (found.height, found.width) == (64, 128)
    assert found.k[0] == pytest.approx(200 * 128 / 256)
    assert found.k[4] == pytest.approx(200 * 64 / 256)


def test_points_of_regions_on_the_ground(open_bench):
    bench = open_bench(camera_height_m=1.5, base_frame='base')
    bench.activate('anomaly_points', 'energy')
    camera = bench.probe.create_publisher(CameraInfo, 'image/camera_info', 1)
    bench.wait(lambda: camera.get_subscription_count() == 1)
    camera.publish(camera_info((64, 128)))
    bench.wait(lambda: bench.node._cameras['']._geometry._info is not None)
    picture = np.zeros((64, 128, 3), np.uint8)
    picture[30:42, 54:74, 2] = 255  # its foot, pixel edge 42, is 10 px below the horizon
    picture[2:20, 10:30, 2] = 204  # in the sky
    bench.publish(picture, 2)
    bench.wait(lambda: bench.received['anomaly_points'])
    (cloud,) = bench.received['anomaly_points']
    assert (cloud.header.frame_id, cloud.header.stamp.sec) == ('base', 1002)
    assert [each.name for each in cloud.fields] == ['x', 'y', 'z', 'energy', 'width_m']
    # f 200: 1.5 m * 200 / 10 px = 30 m ahead, in the middle; 20 px wide: 3 m
    points = np.frombuffer(cloud.data, np.float32).reshape(-1, 5)
    np.testing.assert_allclose(points, [[30, 0, 0, 10, 3]], atol=1e-4)


def camera_info(image_hw):
    """Return a CameraInfo of focal length 200 px and the middle as principal point."""
    height, width = image_hw
    matrix = [200.0, 0.0, width / 2 - 0.5, 0.0, 200.0, height / 2 - 0.5, 0.0, 0.0, 1.0]
    projection = [*matrix[:3], 0.0, *matrix[3:6], 0.0, *matrix[6:], 0.0]
    return CameraInfo(
        height=height,
        width=width,
        k=matrix,
        p=projection,
        distortion_model='plumb_bob',
        d=[0.0] * 5,
    )


def test_only_what_somebody_listens_to_is_published(open_bench):
    bench = open_bench()
    bench.activate('anomaly_mask')
    makers = bench.node._cameras[''].outputs._makers
    made = []
    for topic, make in list(makers.items()):
        makers[topic] = lambda *about, topic=topic, make=make: (made.append(topic), make(*about))[
            1
        ]
    bench.publish(PICTURE_BGR, 0)
    bench.wait(lambda: bench.received['anomaly_mask'])
    assert made == ['anomaly_mask']
