"""Run every frame of a bag through the detector, without ROS: nothing is dropped."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.evaluation.latency import percentiles_ms
from hopfield_pebal_ros.inference.detector import AnomalyDetector, ColorOrder
from hopfield_pebal_ros.node.image_messages import ImageMessageError
from hopfield_pebal_ros.replay.bag_writer import BagWriter, image_message
from hopfield_pebal_ros.replay.bags import Bag, BagError, ImageTopic, RecordedMessage
from hopfield_pebal_ros.replay.camera_images import to_pixels
from hopfield_pebal_ros.replay.playback import (
    ENERGY_TOPIC,
    MASK_TOPIC,
    RESULT_TOPICS,
    SEGMENTATION_TOPIC,
    Playback,
    RunningModel,
)


def run_offline(
    bag: Bag,
    topic: ImageTopic,
    detector: AnomalyDetector,
    *,
    result_bag: Path,
    progress: Callable[[], Any] = lambda: None,
) -> Playback:
    """Detect on every frame of `topic` and write the results at the stamps of the frames.

    Args:
        bag: open.
        topic: camera images.
        detector: open.
        result_bag: bag to make.
        progress: called after each frame.

    Raises:
        BagError: the bag is damaged, or no frame of it could be decoded.
        EngineError: the network failed on a frame.
    """
    frames_in: list[int] = []
    latency_ms: dict[int, dict[str, float]] = {}
    rejected: dict[int, str] = {}
    with BagWriter(result_bag, dict.fromkeys(RESULT_TOPICS, 'reliable')) as writer:
        for frame in bag.messages([topic.name]):
            frames_in.append(frame.stamp_ns)
            start = time.perf_counter()
            try:
                pixels, color_order = to_pixels(frame.message)
            except ImageMessageError as error:
                rejected[frame.stamp_ns] = str(error)
                progress()
                continue
            decoded = time.perf_counter()
            maps, parts_ms = _detect(detector, pixels, color_order)
            latency_ms[frame.stamp_ns] = {
                'decode': (decoded - start) * 1e3,
                **parts_ms,
                'total': (time.perf_counter() - start) * 1e3,
            }
            _write(writer, frame, maps)
            progress()
        if not latency_ms:
            raise BagError(
                f'no frame on {topic.name} of {bag.path} could be decoded; the last reason: '
                f'{rejected[frames_in[-1]]}'
            )
    return Playback(
        mode='offline',
        topic=topic.name,
        model=running_model(detector),
        frames_in=tuple(frames_in),
        latency_ms=latency_ms,
        inference_ms=percentiles_ms(each['inference'] for each in latency_ms.values()),
        rejected=rejected,
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
) -> tuple[dict[str, tuple[str, npt.NDArray[Any]]], dict[str, float]]:
    """Return {topic: (encoding, image of camera size)}, and the milliseconds of each part."""
    detection = detector.detect([pixels], color_order=color_order)[0]
    start = time.perf_counter()
    maps: dict[str, tuple[str, npt.NDArray[Any]]] = {
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


def _write(
    writer: BagWriter,
    frame: RecordedMessage,
    maps: dict[str, tuple[str, npt.NDArray[Any]]],
) -> None:
    for topic, (encoding, pixels) in maps.items():
        message = image_message(
            pixels, encoding, stamp_ns=frame.stamp_ns, frame_id=frame.message.header.frame_id
        )
        writer.write(topic, frame.stamp_ns, message)
