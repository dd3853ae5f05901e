"""The services over real DDS: enable, save_snapshot, reset_statistics."""

import pytest

pytest.importorskip('rclpy')

from std_srvs.srv import SetBool, Trigger

from tests.node.bench import PICTURE_BGR, FakeEngine


def test_disabled_means_no_images_and_says_so(open_bench):
    bench = open_bench(FakeEngine())
    bench.activate('energy')
    answer = bench.call(SetBool, 'detector/enable', SetBool.Request(data=False))
    assert (answer.success, answer.message) == (True, 'disabled: no image is asked for')
    bench.wait(lambda: bench.cameras[''].get_subscription_count() == 0)
    assert bench.status('node_status').message == 'active, disabled by request'
    bench.call(SetBool, 'detector/enable', SetBool.Request(data=True))
    bench.wait(lambda: bench.cameras[''].get_subscription_count() == 1)
    bench.publish(PICTURE_BGR, 1)
    bench.wait(lambda: bench.stamps('energy') == [1])
    assert bench.status('node_status').message == 'active'


def test_statistics_begin_again(open_bench):
    bench = open_bench(FakeEngine())
    bench.activate('energy')
    bench.publish(PICTURE_BGR, 1)
    bench.wait(lambda: bench.health().num_published == 1)
    assert bench.call(Trigger, 'detector/reset_statistics', Trigger.Request()).success
    assert bench.values('camera_status')['images_published'] == '0'


def test_a_snapshot_is_taken_although_nobody_listens(open_bench, tmp_path):
    bench = open_bench(snapshot_folder=str(tmp_path / 'snapshots'))
    bench.activate()
    client = bench.probe.create_client(Trigger, 'detector/save_snapshot')
    bench.wait(client.service_is_ready)
    answer = client.call_async(Trigger.Request())
    bench.wait(lambda: bench.cameras[''].get_subscription_count() == 1)
    bench.publish(PICTURE_BGR, 1)
    bench.wait(answer.done)
    assert answer.result().success, answer.result().message
    (folder,) = (tmp_path / 'snapshots').iterdir()
    assert folder.name == '00000001001000000001'
    assert answer.result().message == str(folder)
    bench.wait(lambda: bench.cameras[''].get_subscription_count() == 0)


def test_a_snapshot_of_a_node_that_is_not_at_work_is_refused(open_bench):
    bench = open_bench(FakeEngine())
    answer = bench.call(Trigger, 'detector/save_snapshot', Trigger.Request())
    assert (answer.success, answer.message) == (
        False,
        'the node is unconfigured and not at work; activate and enable it',
    )
