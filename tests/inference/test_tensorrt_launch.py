import logging
from typing import Any

import numpy as np
import pytest

from hopfield_pebal_ros.contract.deployment import ENERGY_OUTPUT, IMAGE_INPUT, LABEL_OUTPUT
from hopfield_pebal_ros.inference.engine import EngineError, empty_maps
from hopfield_pebal_ros.inference.tensorrt_launch import BatchLaunch
from tests.inference.tensorrt_stand_in import StandInContext, StandInStream
from tests.tiny_model import TINY_METADATA

ONE_LAUNCH = ['buffer 0 in', 'run', 'buffer 1 out', 'buffer 2 out']


def open_launch(stream: StandInStream, context: Any = None, batch_size: int = 2) -> BatchLaunch:
    return BatchLaunch(
        context or StandInContext(stream),
        stream,
        input_shape=(batch_size, 64, 128, 3),
        output_hw=(64, 128),
    )


def random_images(count: int) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, 64, 128, 3), np.uint8)


def assert_answers(launch: BatchLaunch, images: np.ndarray) -> None:
    out = empty_maps(len(images), TINY_METADATA)
    launch.run(images, out)
    np.testing.assert_array_equal(out.label_maps, images[..., 1] // 16)
    np.testing.assert_allclose(out.energy_maps, images[..., 0] / 25.5, atol=2e-6)


@pytest.mark.parametrize('can_capture', [True, False])
def test_results_are_read_after_the_stream_is_done(can_capture: bool):
    stream = StandInStream()
    stream.can_capture = can_capture
    launch = open_launch(stream)
    for count in (2, 1, 2):
        assert_answers(launch, random_images(count))


def test_copy_in_run_copy_out_are_recorded_once_after_a_first_run():
    stream = StandInStream()
    launch = open_launch(stream)
    assert stream.done == ONE_LAUNCH
    assert_answers(launch, random_images(2))
    assert stream.done == [*ONE_LAUNCH, 'graph', *ONE_LAUNCH]


def test_a_plan_that_cannot_be_recorded_still_runs_and_says_so(
    caplog: pytest.LogCaptureFixture,
):
    stream = StandInStream()
    stream.can_capture = False
    with caplog.at_level(logging.WARNING):
        launch = open_launch(stream)
    assert 'cannot be a CUDA graph' in caplog.text
    assert 'cudaErrorStreamCaptureUnsupported' in caplog.text
    assert_answers(launch, random_images(1))
    assert stream.done == ONE_LAUNCH * 2


def test_addresses_are_bound_once_for_good():
    stream = StandInStream()
    context = StandInContext(stream)
    launch = open_launch(stream, context)
    bound = dict(context.addresses)
    assert set(bound) == {IMAGE_INPUT, LABEL_OUTPUT, ENERGY_OUTPUT}
    assert_answers(launch, random_images(2))
    assert context.addresses == bound


def test_a_refused_buffer_is_an_error():
    stream = StandInStream()
    context = StandInContext(stream, addresses={LABEL_OUTPUT: 1})
    with pytest.raises(EngineError, match="refuses the buffer of 'label_map'"):
        open_launch(stream, context)


def test_a_refused_launch_is_an_error():
    stream = StandInStream()
    with pytest.raises(EngineError, match='could not launch'):
        open_launch(stream, StandInContext(stream, can_launch=False))
