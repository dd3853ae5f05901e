"""Whatever comes in as an image: no crash, no wrong header out, every rejection counted.

2 000 generated messages in the plain run, 20 000 with -m slow.
"""

import array
import threading
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip('rclpy')

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from hopfield_pebal_ros.inference.camera_view import CameraView
from hopfield_pebal_ros.inference.detector import AnomalyDetector
from hopfield_pebal_ros.node.compressed_images import any_to_color
from hopfield_pebal_ros.node.frame_slots import FrameSlots
from hopfield_pebal_ros.node.health import Health
from hopfield_pebal_ros.node.image_messages import KNOWN_ENCODINGS
from hopfield_pebal_ros.node.result_messages import ResultMessages
from hopfield_pebal_ros.node.snapshot import Snapshots
from hopfield_pebal_ros.node.worker import Worker
from tests.node.bench import FakeEngine
from tests.tiny_model import TINY_METADATA

PATIENCE_S = 20.0

GOOD_JPEG, GOOD_PNG = (
    cv2.imencode(extension, np.random.default_rng(0).integers(0, 256, (8, 12, 3), np.uint8))[1]
    for extension in ('.jpg', '.png')
)

stamps = st.tuples(st.integers(-(2**31), 2**31 - 1), st.integers(0, 2**32 - 1))
headers = st.builds(
    lambda stamp, frame_id: SimpleNamespace(
        stamp=SimpleNamespace(sec=stamp[0], nanosec=stamp[1]), frame_id=frame_id
    ),
    stamps,
    st.text(max_size=8),
)
sizes = st.one_of(st.integers(0, 20), st.sampled_from([2**16, 2**31, 2**32 - 1]))


@st.composite
def images(draw: Any) -> Any:
    """Images that are nearly right: now and then a field is changed or the data cut."""
    height, width = draw(sizes), draw(sizes)
    fair_step = min(width, 64) * draw(st.integers(1, 8))
    step = draw(st.one_of(st.just(fair_step), sizes))
    length = min(min(height, 64) * fair_step * draw(st.sampled_from([1, 1, 1.5, 2])), 20_000)
    length = max(0, int(length) + draw(st.sampled_from([0, 0, 0, -1, 1, 100])))
    start = draw(st.integers(0, 255))
    return SimpleNamespace(
        header=draw(headers),
        height=height,
        width=width,
        step=step,
        encoding=draw(st.one_of(st.sampled_from(KNOWN_ENCODINGS), st.text(max_size=12))),
        is_bigendian=draw(st.integers(0, 255)),
        data=array.array('B', (np.arange(start, start + length) % 256).astype(np.uint8).tobytes()),
    )


@st.composite
def compressed_images(draw: Any) -> Any:
    data = bytearray(draw(st.sampled_from([GOOD_JPEG, GOOD_PNG])).tobytes())
    for _ in range(draw(st.integers(0, 4))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    if draw(st.booleans()):
        data = data[: draw(st.integers(0, len(data)))] + draw(st.binary(max_size=8))
    name = draw(
        st.one_of(
            st.sampled_from(
                ['jpeg', 'png', 'bayer_rggb8; png compressed ', '16UC1; compressedDepth']
            ),
            st.text(max_size=12),
        )
    )
    return SimpleNamespace(header=draw(headers), format=name, data=bytes(data))


class Outputs:
    """Makes every result as the node does, and keeps the headers."""

    def __init__(self, seen: list[Any]) -> None:
        self._messages = ResultMessages(TINY_METADATA.label_set.palette_rgb(), 'camera')
        self._seen = seen

    def wanted(self) -> tuple[str, ...]:
        return ('energy',)

    def publish(self, frame: Any, detection: Any) -> None:
        for make in (self._messages.segmentation, self._messages.energy):
            message = make(frame, detection)
            assert (message.height, message.width) == detection.placement.camera_hw
            self._seen.append((message.header, (message.height, message.width)))

    def publish_times(self, _: Any) -> None:
        pass


class Bench:
    """A worker without DDS: messages in, headers of results out."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.health = Health([''])
        self._slots: FrameSlots[Any] = FrameSlots([''])
        self.worker = Worker(
            detector=AnomalyDetector(FakeEngine(), TINY_METADATA),
            max_batch_size=1,
            pipeline_depth=1,
            convert=any_to_color,
            slots=self._slots,
            cameras={
                '': SimpleNamespace(  # type: ignore[dict-item]
                    outputs=Outputs(self.seen),
                    view=CameraView(6.0, smoothing=0.5),
                    drift=SimpleNamespace(add=lambda *_: None),
                )
            },
            snapshots=Snapshots(['']),
            health=self.health,
            logger=SimpleNamespace(warning=lambda *_, **__: None, error=self._failed),
            ros_time_ns=lambda: 0,
        )
        self._answered = threading.Event()
        for name in ('published', 'rejected', 'failed'):
            self._watch(name)
        self.worker.start()
        self.errors: list[str] = []

    def send(self, message: Any) -> None:
        self._answered.clear()
        self._slots.put('', message)
        assert self._answered.wait(PATIENCE_S), 'the worker is gone'

    def _watch(self, name: str) -> None:
        report = getattr(self.health, name)

        def watched(*arguments: Any) -> None:
            report(*arguments)
            self._answered.set()

        setattr(self.health, name, watched)

    def _failed(self, text: str, **_: Any) -> None:
        self.errors.append(text)


def run(num_messages: int) -> None:
    bench = Bench()
    sent = 0

    @seed(1)
    @settings(
        max_examples=num_messages,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(images(), images(), compressed_images()))
    def send(message: Any) -> None:
        nonlocal sent
        before, results = bench.health.of(''), len(bench.seen)
        bench.send(message)
        sent += 1
        after = bench.health.of('')
        assert not bench.errors
        if after.num_published > before.num_published:
            made = bench.seen[results:]
            assert [header is message.header for header, _ in made] == [True, True]
            if hasattr(message, 'encoding'):
                assert {image_hw for _, image_hw in made} == {(message.height, message.width)}
        else:
            assert after.num_rejected == before.num_rejected + 1
            assert after.last_rejection

    try:
        send()
    finally:
        bench.worker.stop()
    found = bench.health.of('')
    assert sent >= num_messages
    assert found.num_published + found.num_rejected == sent
    assert found.num_published > num_messages / 20, 'nearly nothing was good: a weak test'
    assert found.num_rejected > num_messages / 20


def test_2000_generated_messages() -> None:
    run(2000)


@pytest.mark.slow
def test_20000_generated_messages() -> None:
    run(20_000)
