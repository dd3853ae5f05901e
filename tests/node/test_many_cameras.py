"""Three cameras on one engine, over real DDS: own topics, own values, none waits for another."""

import pytest

pytest.importorskip('rclpy')

from diagnostic_msgs.msg import DiagnosticStatus
from sensor_msgs.msg import Image

from tests.node.bench import PICTURE_BGR, FakeEngine, array_of

CAMERAS = ['front', 'left', 'rear']


def test_each_camera_has_its_own_topics_header_and_pixels(open_bench):
    bench = open_bench(cameras=CAMERAS, max_batch_size=3)
    topics = [f'{camera}/energy' for camera in CAMERAS]
    bench.activate(*topics)
    for number, camera in enumerate(CAMERAS):
        encoding = 'rgb8' if camera == 'left' else 'bgr8'
        bench.publish(PICTURE_BGR // (number + 1), number, encoding, camera=camera)
    bench.wait(lambda: all(bench.received[topic] for topic in topics))
    for number, topic in enumerate(topics):
        assert bench.stamps(topic) == [number]
        red = (PICTURE_BGR // (number + 1))[..., 0 if number == 1 else 2]
        assert abs(array_of(bench.received[topic][0]) - red / 25.5).max() < 1e-5


def test_only_the_cameras_somebody_listens_to_are_subscribed_to(open_bench):
    bench = open_bench(FakeEngine(), cameras=CAMERAS)
    bench.activate('left/energy')
    counts = [bench.cameras[camera].get_subscription_count() for camera in CAMERAS]
    assert counts == [0, 1, 0]


def test_a_dead_camera_and_a_broken_one_stall_nobody(open_bench):
    bench = open_bench(FakeEngine(), cameras=CAMERAS, max_batch_size=3, image_timeout_s=60.0)
    bench.activate(*(f'{camera}/energy' for camera in CAMERAS))
    for number in range(5):
        bench.cameras['left'].publish(Image(encoding='nonsense'))
        bench.publish(PICTURE_BGR, number, camera='rear')
        bench.wait(lambda n=number: len(bench.received['rear/energy']) > n)
    assert bench.stamps('rear/energy') == [0, 1, 2, 3, 4]
    bench.wait(lambda: bench.health('left').num_rejected == 5)
    assert bench.status('rear/camera_status').level == DiagnosticStatus.OK
    assert bench.status('left/camera_status').message.startswith('image rejected: unknown')
    assert bench.values('front/camera_status')['state'] == 'waiting'


def test_a_camera_the_engine_fails_on_leaves_the_rest_of_its_batch_alone(open_bench, tmp_path):
    import cv2

    cv2.imwrite(str(tmp_path / 'mask.png'), PICTURE_BGR[:10])  # of another size than the images
    engine = FakeEngine()
    bench = open_bench(
        engine,
        cameras=CAMERAS,
        max_batch_size=3,
        **{'front.ignore_mask': str(tmp_path / 'mask.png')},
    )
    bench.activate(*(f'{camera}/energy' for camera in CAMERAS))
    engine.may_run.clear()
    bench.publish(PICTURE_BGR, 0, camera='left')
    bench.wait(lambda: engine.num_runs == 1)
    for camera in CAMERAS:
        bench.publish(PICTURE_BGR, 1, camera=camera)
        bench.wait(lambda c=camera: bench.health(c).num_received)
    engine.may_run.set()
    bench.wait(lambda: bench.stamps('left/energy') == [0, 1] and bench.stamps('rear/energy'))
    bench.wait(lambda: bench.health('front').num_failed == 1)
    assert 'the ignore mask has height, width (10, 128)' in bench.health('front').last_failure


def test_turns_are_shared_evenly_when_the_engine_is_the_limit(open_bench):
    engine = FakeEngine(seconds=0.01)
    bench = open_bench(engine, cameras=CAMERAS)
    topics = [f'{camera}/energy' for camera in CAMERAS]
    bench.activate(*topics)
    for number in range(60):
        bench.publish(PICTURE_BGR, number, camera='front')  # sends four times as often
        if number % 4 == 0:
            bench.publish(PICTURE_BGR, number, camera='left')
            bench.publish(PICTURE_BGR, number, camera='rear')
        bench.spin_for(0.012)
    counts = {camera: bench.health(camera).num_published for camera in CAMERAS}
    assert counts['left'] >= 14  # of 15: the eager camera takes only what is left over
    assert counts['rear'] >= 14


def test_own_parameters_of_a_camera(open_bench):
    bench = open_bench(FakeEngine(), cameras=CAMERAS, **{'left.energy_threshold': 2.0})
    bench.activate()
    assert bench.set_parameter('rear.energy_threshold', 3.0).successful
    assert bench.set_parameter('energy_threshold', 4.0).successful
    thresholds = [
        bench.values(f'{camera}/camera_status')['energy_threshold'] for camera in CAMERAS
    ]
    assert thresholds == ['4', '2', '3']


def test_bad_camera_names_end_the_start_with_the_reason(open_bench):
    with pytest.raises(ValueError, match='one or more different names'):
        open_bench(FakeEngine(), cameras=['front', 'front'])
