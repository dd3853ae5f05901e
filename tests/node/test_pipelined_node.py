"""With pipeline_depth above 1: order kept, one failure alone, a stop that waits; over DDS."""

import threading

import pytest

pytest.importorskip('rclpy')

import numpy as np

from hopfield_pebal_ros.inference.engine import NetworkMaps
from tests.node.bench import PATIENCE_S, PICTURE_BGR, FakeEngine


class FailsOnce(FakeEngine):
    """The second run fails."""

    def infer(self, images: np.ndarray) -> NetworkMaps:
        self.error = RuntimeError('device lost') if self.num_runs == 1 else None
        return super().infer(images)


def test_the_next_image_is_taken_during_a_run_and_results_keep_their_order(open_bench):
    engine = FakeEngine()
    bench = open_bench(engine, pipeline_depth=2)
    bench.activate('energy')
    engine.may_run.clear()
    bench.publish(PICTURE_BGR, 0)
    bench.wait(lambda: engine.num_runs == 1)
    bench.publish(PICTURE_BGR, 1)
    slots = bench.node._slots
    bench.wait(lambda: bench.health().num_received == 2 and slots._slots[''].frame is None)
    for number in (2, 3):
        bench.publish(PICTURE_BGR, number)
        bench.wait(lambda n=number: bench.health().num_received == n + 1)
    engine.may_run.set()
    bench.wait(lambda: len(bench.received['energy']) == 3)
    bench.spin_for(0.2)
    assert bench.stamps('energy') == [0, 1, 3]
    assert bench.values('camera_status')['images_dropped'] == '1'


def test_a_run_that_fails_does_not_harm_the_next(open_bench):
    engine = FailsOnce()
    bench = open_bench(engine, pipeline_depth=3)
    bench.activate('energy')
    for number in range(3):
        bench.publish(PICTURE_BGR, number)
        bench.wait(lambda n=number: engine.num_runs == n + 1)
    bench.wait(lambda: len(bench.received['energy']) == 2)
    assert bench.stamps('energy') == [0, 2]
    assert bench.health().num_failed == 1


def test_a_batch_that_fails_is_tried_again_image_by_image(open_bench):
    class FailsTogether(FakeEngine):
        def infer(self, images: np.ndarray) -> NetworkMaps:
            self.error = RuntimeError('too much') if len(images) > 1 else None
            return super().infer(images)

    engine = FailsTogether()
    bench = open_bench(engine, cameras=['a', 'b'], max_batch_size=2, pipeline_depth=2)
    bench.activate('a/energy', 'b/energy')
    engine.may_run.clear()
    bench.publish(PICTURE_BGR, 0, camera='a')
    bench.wait(lambda: engine.num_runs == 1)
    # the pipeline holds two batches; these two images wait for each other
    bench.publish(PICTURE_BGR, 1, camera='a')
    bench.wait(lambda: bench.health('a').num_received == 2)
    bench.wait(lambda: bench.node._slots._slots['a'].frame is None)
    for camera in ('a', 'b'):
        bench.publish(PICTURE_BGR, 2, camera=camera)
        bench.wait(lambda c=camera: bench.node._slots._slots[c].frame is not None)
    engine.may_run.set()
    bench.wait(lambda: bench.received['b/energy'] and len(bench.received['a/energy']) == 3)
    assert bench.stamps('a/energy') == [0, 1, 2]
    assert bench.stamps('b/energy') == [2]
    assert bench.health('a').num_failed == bench.health('b').num_failed == 0


def test_deactivating_waits_for_the_images_in_work(open_bench):
    engine = FakeEngine()
    bench = open_bench(engine, pipeline_depth=2)
    bench.activate('energy')
    engine.may_run.clear()
    bench.publish(PICTURE_BGR, 0)
    bench.wait(lambda: engine.num_runs == 1)
    threading.Timer(0.2, engine.may_run.set).start()
    bench.node.trigger_deactivate()
    assert not [each for each in threading.enumerate() if each.name.startswith(('comp', 'finish'))]
    bench.wait(lambda: bench.received['energy'], PATIENCE_S)
    assert bench.stamps('energy') == [0]
