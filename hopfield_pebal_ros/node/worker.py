"""The thread between the slots and the outputs: newest images in, results out."""

import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from hopfield_pebal_ros.inference.detection import Detection, Inferred, Prepared
from hopfield_pebal_ros.inference.detector import AnomalyDetector
from hopfield_pebal_ros.node.camera import Camera
from hopfield_pebal_ros.node.camera_frame import CameraFrame
from hopfield_pebal_ros.node.frame_slots import FrameSlots
from hopfield_pebal_ros.node.health import FrameTimes, Health
from hopfield_pebal_ros.node.image_converter import ImageConverter
from hopfield_pebal_ros.node.image_messages import ImageMessageError
from hopfield_pebal_ros.node.pipeline import run_pipeline
from hopfield_pebal_ros.node.snapshot import Snapshots
from hopfield_pebal_ros.node.threads import wait_for_the_end_of

_LOG_EVERY_S: Final = 5.0

_LONGEST_GAP_NS: Final = 10**9
"""Between two images that are smoothed as one drive."""


@dataclass(frozen=True, eq=False)
class _Batch:
    """Images of different cameras on their way through the engine."""

    frames: Sequence[CameraFrame]
    prepared: Prepared
    start_s: float
    """When they were taken, on the clock of `time.perf_counter`."""


class Worker:
    """Takes images from the slots until they are closed; no image ends the thread.

    Args:
        detector: used by this worker alone while it runs.
        max_batch_size: images of different cameras that go through the engine together.
        pipeline_depth: batches in work at once; see `run_pipeline`.
        convert: reads an image message.
        slots: where images come from.
        cameras: by name; their views, outputs and drifts are used.
        snapshots: offered every frame.
        health: told of every image.
        logger: of the node.
        ros_time_ns: now, on the clock of the header stamps.
    """

    def __init__(
        self,
        *,
        detector: AnomalyDetector,
        max_batch_size: int,
        pipeline_depth: int,
        convert: ImageConverter,
        slots: FrameSlots[Any],
        cameras: Mapping[str, Camera],
        snapshots: Snapshots,
        health: Health,
        logger: Any,
        ros_time_ns: Callable[[], int],
    ) -> None:
        self._detector = detector
        self._max_batch_size = max_batch_size
        self._pipeline_depth = pipeline_depth
        self._convert = convert
        self._slots = slots
        self._cameras = cameras
        self._snapshots = snapshots
        self._health = health
        self._logger = logger
        self._ros_time_ns = ros_time_ns
        self._last_stamp_ns: dict[str, int] = {}
        self._native_ids: list[int] = []
        self._thread = threading.Thread(target=self._run, name='detector worker', daemon=True)

    def start(self) -> None:
        self._slots.open()
        self._thread.start()

    def stop(self) -> None:
        """Let the images in work be finished, and wait for that."""
        self._slots.close()
        if self._thread.ident is not None:
            self._thread.join()
            wait_for_the_end_of(self._native_ids)

    def _run(self) -> None:
        self._note_thread()
        run_pipeline(
            self._take,
            lambda batch: self._detector.infer(batch.prepared),
            self._finish,
            depth=self._pipeline_depth,
            num_computing=self._detector.engine.num_streams,
            on_thread=self._note_thread,
        )

    def _note_thread(self) -> None:
        self._native_ids.append(threading.get_native_id())

    def _take(self) -> _Batch | None:
        """Wait for images that can be read, and prepare them; None when the slots are closed."""
        while taken := self._slots.take(at_most=self._max_batch_size):
            start_s = time.perf_counter()
            frames = [frame for each in taken if (frame := self._read(*each)) is not None]
            if not frames:
                continue
            try:
                prepared = self._detector.prepare(
                    [frame.image for frame in frames],
                    color_order=[frame.color_order for frame in frames],
                )
            except Exception as error:
                for frame in frames:
                    self._failed(frame, error)
                continue
            return _Batch(frames, prepared, start_s)
        return None

    def _read(self, camera: str, message: Any) -> CameraFrame | None:
        """Return a message's image; None, and counted, without a listener or if unreadable."""
        topics = self._cameras[camera].outputs.wanted()
        if not topics and not self._snapshots.is_asked(camera):
            self._health.idle(camera)
            return None
        start_s = time.perf_counter()
        try:
            image, color_order = self._convert(message)
        except Exception as error:
            known = isinstance(error, ImageMessageError)
            reason = str(error) if known else f'{type(error).__name__}: {error}'
            self._health.rejected(camera, reason)
            self._logger.warning(
                f'image rejected{_of(camera)}: {reason}', throttle_duration_sec=_LOG_EVERY_S
            )
            return None
        decode_ms = (time.perf_counter() - start_s) * 1e3
        return CameraFrame(camera, message.header, topics, image, color_order, decode_ms)

    def _finish(self, batch: _Batch, inferred: Callable[[], Inferred]) -> None:
        """Publish what the engine said; a batch that fails is tried again image by image."""
        try:
            detections = self._detections(batch.frames, inferred())
        except Exception as error:
            if len(batch.frames) == 1:
                self._failed(batch.frames[0], error)
                return
            for number, frame in enumerate(batch.frames):
                alone = _Batch([frame], batch.prepared.only(number), batch.start_s)
                self._finish(alone, partial(self._detector.infer, alone.prepared))
            return
        for frame, detection in zip(batch.frames, detections, strict=True):
            try:
                self._publish(frame, detection, batch.start_s)
            except Exception as error:
                self._failed(frame, error)

    def _detections(self, frames: Sequence[CameraFrame], inferred: Inferred) -> list[Detection]:
        for frame in frames:
            last_ns = self._last_stamp_ns.get(frame.camera, 0)
            if not 0 < frame.stamp_ns - last_ns <= _LONGEST_GAP_NS:
                self._cameras[frame.camera].view.forget()
            self._last_stamp_ns[frame.camera] = frame.stamp_ns
        views = [self._cameras[frame.camera].view for frame in frames]
        return self._detector.finish(inferred, views=views)

    def _publish(self, frame: CameraFrame, detection: Detection, start_s: float) -> None:
        detected_s = time.perf_counter()
        camera = self._cameras[frame.camera]
        camera.outputs.publish(frame, detection)
        published_s = time.perf_counter()
        times = FrameTimes(
            latency_ms=(self._ros_time_ns() - frame.stamp_ns) / 1e6,
            processing_ms=(published_s - start_s) * 1e3,
            decode_ms=frame.decode_ms,
            preprocess_ms=detection.preprocess_ms,
            inference_ms=detection.inference_ms,
            postprocess_ms=detection.postprocess_ms,
            publish_ms=(published_s - detected_s) * 1e3,
        )
        self._health.published(frame.camera, times)
        camera.outputs.publish_times(times)
        camera.drift.add(detection.energy_map, detection.threshold)
        self._snapshots.offer(frame, detection)

    def _failed(self, frame: CameraFrame, error: Exception) -> None:
        self._health.failed(frame.camera, f'{type(error).__name__}: {error}')
        trace = ''.join(traceback.format_exception(error))
        self._logger.error(
            f'inference failed{_of(frame.camera)}, going on with the next image:\n{trace}',
            throttle_duration_sec=_LOG_EVERY_S,
        )


def _of(camera: str) -> str:
    return f' of camera {camera}' if camera else ''
