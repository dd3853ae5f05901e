"""The lifecycle through its services: there and back, failures, illegal requests."""

import importlib.util

import pytest

pytest.importorskip('rclpy')

from diagnostic_msgs.msg import DiagnosticStatus
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState

from tests.node.bench import PICTURE_BGR


def change_state(bench, transition_id):
    request = ChangeState.Request(transition=Transition(id=transition_id))
    return bench.call(ChangeState, 'detector/change_state', request).success


def state(bench):
    return bench.call(GetState, 'detector/get_state', GetState.Request()).current_state.label


def test_the_way_through_the_lifecycle_and_back(open_bench):
    bench = open_bench()
    for transition, expected in [
        (Transition.TRANSITION_CONFIGURE, 'inactive'),
        (Transition.TRANSITION_ACTIVATE, 'active'),
        (Transition.TRANSITION_DEACTIVATE, 'inactive'),
        (Transition.TRANSITION_ACTIVATE, 'active'),
    ]:
        assert change_state(bench, transition)
        assert state(bench) == expected
    bench.listen('energy')
    bench.publish(PICTURE_BGR, 3)
    bench.wait(lambda: bench.received['energy'])
    assert change_state(bench, Transition.TRANSITION_DEACTIVATE)
    assert change_state(bench, Transition.TRANSITION_CLEANUP)
    assert state(bench) == 'unconfigured'
    assert bench.node.count_publishers('energy') == 0
    assert bench.values('node_status') == {'lifecycle_state': 'unconfigured'}


def test_a_failed_configure_keeps_the_node_which_can_be_mended(open_bench, tiny_model):
    bench = open_bench(model='/nowhere/model.onnx')
    assert not change_state(bench, Transition.TRANSITION_CONFIGURE)
    assert state(bench) == 'unconfigured'
    status = bench.status('node_status')
    assert status.level == DiagnosticStatus.ERROR
    assert 'configure failed: no model file /nowhere/model.onnx' in status.message
    assert bench.set_parameter('model', str(tiny_model)).successful
    assert change_state(bench, Transition.TRANSITION_CONFIGURE)
    assert bench.status('node_status').level == DiagnosticStatus.OK


@pytest.mark.skipif(importlib.util.find_spec('cv_bridge') is not None, reason='has cv_bridge')
def test_cv_bridge_is_refused_where_it_is_not(open_bench):
    bench = open_bench(image_converter='cv_bridge')
    assert not change_state(bench, Transition.TRANSITION_CONFIGURE)
    assert 'set image_converter to builtin' in bench.status('node_status').message
    assert bench.node.count_publishers('energy') == 0


def test_an_illegal_transition_is_refused_and_the_node_lives(open_bench):
    bench = open_bench()
    assert not change_state(bench, Transition.TRANSITION_ACTIVATE)
    assert not change_state(bench, 250)
    assert state(bench) == 'unconfigured'


def test_shutdown_from_active_ends_finalized(open_bench):
    bench = open_bench()
    bench.activate()
    assert change_state(bench, Transition.TRANSITION_ACTIVE_SHUTDOWN)
    assert state(bench) == 'finalized'
    assert bench.values('node_status') == {'lifecycle_state': 'finalized'}
