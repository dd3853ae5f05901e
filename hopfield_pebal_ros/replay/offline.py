"""Run every frame of a bag through the detector, without ROS: nothing is dropped."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.inference.detector import AnomalyDetector, ColorOrder
from hopfield_pebal_ros.node.image_messages import ImageMessageError
from hopfield_pebal_ros.replay.bag_writer import BagWriter, image_message
from hopfield_pebal_ros.replay.bags import Bag, BagError, RecordedMessage
from hopfield_pebal_ros.replay.camera_images import to_pixels
from hopfield_pebal_ros.replay.cameras import BagCamera
from hopfield_pebal_ros.replay.playback import (
    ENERGY_TOPIC,
    MASK_TOPIC,
    RESULT_TOPICS,
    SEGMENTATION_TOPIC,
    Playback,
    RunningModel,
    camera_topic,
)


def run_offline(
    bag: Bag,
    cameras: Sequence[BagCamera],
    detector: AnomalyDetector,
    *,
    result_bag: Path,
    progress: Callable[[], Any] = lambda: None,
) -> tuple[Playback, ...]:
    """Detect on every frame of the cameras and write the results at the stamps of the frames.

    Args:
        bag: open.
        cameras: whose images.
        detector: open.
        result_bag: bag to make.
        progress: called after each frame.

    Returns:
        What happened to the frames of each camera.

    Raises:
        BagError: the bag is damaged, or no frame of it could be decoded.
        EngineError: the network failed on a frame.
    """
    runs = {each.topic.name: _CameraRun(each) for each in cameras}
    topics = [camera_topic(each.name, topic) for each in cameras for topic in RESULT_TOPICS]
    with BagWriter(result_bag, dict.fromkeys(topics, 'reliable')) as writer:
        for frame in bag.messages(tuple(runs)):
            maps = runs[frame.topic].detect(detector, frame)
            _write(writer, frame, maps, runs[frame.topic].camera.name)
            progress()
        if not any(each.latency_ms for each in runs.values()):
            reasons = [reason for each in runs.values() for reason in each.rejected.values()]
            raise BagError(
                f'no frame on {", ".join(runs)} of {bag.path} could be decoded; the last reason: '
                f'{reasons[-1]}'
            )
    model = running_model(detector)
    return tuple(each.playback(model) for each in runs.values())


Maps = dict[str, tuple[str, npt.NDArray[Any]]]
"""{result topic: (encoding, image of camera size)}"""


@dataclass
class _CameraRun:
    """What happened to the frames of a camera so far."""

    camera: BagCamera
    frames_in: list[int] = field(default_factory=list)
    latency_ms: dict[int, dict[str, float]] = field(default_factory=dict)
    rejected: dict[int, str] = field(default_factory=dict)

    def detect(self, detector: AnomalyDetector, frame: RecordedMessage) -> Maps:
        """Return the result images of a frame; none where it cannot be decoded."""
        self.frames_in.append(frame.stamp_ns)
        start = time.perf_counter()
        try:
            pixels, color_order = to_pixels(frame.message)
        except ImageMessageError as error:
            self.rejected[frame.stamp_ns] = str(error)
            return {}
        decoded = time.perf_counter()
        maps, parts_ms = _detect(detector, pixels, color_order)
        self.latency_ms[frame.stamp_ns] = {
            'decode': (decoded - start) * 1e3,
            **parts_ms,
            'total': (time.perf_counter() - start) * 1e3,
        }
        return maps

    def playback(self, model: RunningModel) -> Playback:
        return Playback(
            mode='offline',
            camera=self.camera.name,
            topic=self.camera.topic.name,
            model=model,
            frames_in=tuple(self.frames_in),
            latency_ms=self.latency_ms,
            inference_ms=tuple(each['inference'] for each in self.latency_ms.values()),
            rejected=self.rejected,
        )


def running_model(detector: AnomalyDetector) -> RunningModel:
    return RunningModel(
        metadata=detector.metadata,
        sha256=detector.model_sha256,
        backend=detector.engine.backend,
        device=detector.engine.device,
        precision=detector.engine.precision,
        threshold=detector.threshold,
        min_region_area_px=detector.min_region_area_px,
    )


def _detect(
    detector: AnomalyDetector, pixels: npt.NDArray[np.uint8], color_order: ColorOrder
) -> tuple[Maps, dict[str, float]]:
    """Return the result images, and the milliseconds of each part."""
    detection = detector.detect([pixels], color_order=color_order)[0]
    start = time.perf_counter()
    maps: Maps = {
        SEGMENTATION_TOPIC: ('mono8', detection.labels_at_camera()),
        ENERGY_TOPIC: ('32FC1', detection.energy_at_camera()),
        MASK_TOPIC: ('mono8', detection.mask_at_camera()),
    }
    return maps, {
        'preprocess': detection.preprocess_ms,
        'inference': detection.inference_ms,
        'postprocess': detection.postprocess_ms,
        'to_camera': (time.perf_counter() - start) * 1e3,
    }


def _write(writer: BagWriter, frame: RecordedMessage, maps: Maps, camera: str) -> None:
    for topic, (encoding, pixels) in maps.items():
        message = image_message(
            pixels, encoding, stamp_ns=frame.stamp_ns, frame_id=frame.message.header.frame_id
        )
        writer.write(camera_topic(camera, topic), frame.stamp_ns, message)
