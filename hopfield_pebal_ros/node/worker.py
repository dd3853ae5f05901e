"""The one thread that owns the engine: newest image in, results out."""

import threading
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from hopfield_pebal_ros.inference.detection import Detection
from hopfield_pebal_ros.inference.detector import AnomalyDetector
from hopfield_pebal_ros.node.frame_slots import FrameSlots
from hopfield_pebal_ros.node.health import FrameTimes, Health
from hopfield_pebal_ros.node.image_converter import ImageConverter
from hopfield_pebal_ros.node.image_messages import ImageMessageError
from hopfield_pebal_ros.node.outputs import Outputs

_LOG_EVERY_S: Final = 5.0


class Worker:
    """Takes images from the slots until they are closed; no image ends the thread.

    Args:
        detector: used by this thread alone while it runs.
        convert: reads an image message.
        slots: where images come from.
        outputs: of each camera.
        health: told of every image.
        logger: of the node.
        ros_time_ns: now, on the clock of the header stamps.
    """

    def __init__(
        self,
        *,
        detector: AnomalyDetector,
        convert: ImageConverter,
        slots: FrameSlots[Any],
        outputs: Mapping[str, Outputs],
        health: Health,
        logger: Any,
        ros_time_ns: Callable[[], int],
    ) -> None:
        self._detector = detector
        self._convert = convert
        self._slots = slots
        self._outputs = outputs
        self._health = health
        self._logger = logger
        self._ros_time_ns = ros_time_ns
        self._thread = threading.Thread(target=self._run, name='detector worker', daemon=True)

    def start(self) -> None:
        self._slots.open()
        self._thread.start()

    def stop(self) -> None:
        """Let the image in work be finished, and wait for that."""
        self._slots.close()
        if self._thread.ident is not None:
            self._thread.join()
            _wait_for_the_end_of(self._thread)

    def _run(self) -> None:
        while (taken := self._slots.take()) is not None:
            camera, message = taken
            try:
                self._process(camera, message)
            except ImageMessageError as error:
                self._health.rejected(camera, str(error))
                self._logger.warning(
                    f'image rejected: {error}', throttle_duration_sec=_LOG_EVERY_S
                )
            except Exception as error:
                self._health.failed(camera, f'{type(error).__name__}: {error}')
                self._logger.error(
                    f'inference failed, going on with the next image:\n{traceback.format_exc()}',
                    throttle_duration_sec=_LOG_EVERY_S,
                )

    def _process(self, camera: str, message: Any) -> None:
        outputs = self._outputs[camera]
        topics = outputs.wanted()
        if not topics:
            self._health.idle(camera)
            return
        taken_s = time.perf_counter()
        image, color_order = self._convert(message)
        decoded_s = time.perf_counter()
        (detection,) = self._detector.detect([image], color_order=color_order)
        detected_s = time.perf_counter()
        outputs.publish(
            topics, detection, image=image, color_order=color_order, header=message.header
        )
        published_s = time.perf_counter()
        self._health.published(
            camera,
            self._times(
                detection,
                latency_ms=(self._ros_time_ns() - _stamp_ns(message)) / 1e6,
                decode_ms=(decoded_s - taken_s) * 1e3,
                publish_ms=(published_s - detected_s) * 1e3,
                processing_ms=(published_s - taken_s) * 1e3,
            ),
        )

    @staticmethod
    def _times(detection: Detection, **measured_ms: float) -> FrameTimes:
        return FrameTimes(
            preprocess_ms=detection.preprocess_ms,
            inference_ms=detection.inference_ms,
            postprocess_ms=detection.postprocess_ms,
            **measured_ms,
        )


def _stamp_ns(message: Any) -> int:
    return int(message.header.stamp.sec * 10**9 + message.header.stamp.nanosec)


def _wait_for_the_end_of(thread: threading.Thread) -> None:
    """Wait until the operating system's thread is gone; before Python 3.13 `join` comes earlier.

    In that moment the runtime cleans up after the thread, and OpenVINO 2026.4
    crashes when its engine is closed meanwhile.
    """
    task = Path(f'/proc/self/task/{thread.native_id}')
    while task.exists():
        time.sleep(0.001)
