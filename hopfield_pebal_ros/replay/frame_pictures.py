"""Paint the panels of a frame from its camera image and its recorded results."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.geometry import Box, Placement
from hopfield_pebal_ros.contract.labels import OUTLIER_ID
from hopfield_pebal_ros.inference.detection import Detection
from hopfield_pebal_ros.inference.overlay import draw_overlay
from hopfield_pebal_ros.replay.bags import Bag
from hopfield_pebal_ros.replay.camera_images import to_rgb
from hopfield_pebal_ros.replay.evaluated_run import FrameRecord
from hopfield_pebal_ros.replay.ground_truth import GroundTruth
from hopfield_pebal_ros.replay.playback import OVERLAY_TOPIC, RunningModel, camera_topic
from hopfield_pebal_ros.replay.results import FrameResult, read_result
from hopfield_pebal_ros.report.panels import Panel, frame_panels

NOT_MEASURED: Final = 0.0


@dataclass(frozen=True, kw_only=True)
class CameraFrames:
    """Where the images of a camera are, and their ground truth."""

    topic: str
    """In the bag."""
    recorded_ns: Mapping[int, int]
    """{header stamp: time of recording}."""
    truth: GroundTruth


@dataclass(frozen=True, kw_only=True)
class FramePainter:
    """What is needed to paint any frame of a run."""

    bag: Bag
    cameras: Mapping[str, CameraFrames]
    """By name."""
    result_bag: Bag
    model: RunningModel

    def panels(self, frame: FrameRecord) -> tuple[Panel, ...]:
        """Return the panels of a frame that has a result."""
        camera = self.cameras[frame.camera]
        recorded_ns = camera.recorded_ns[frame.stamp_ns]
        image_rgb = to_rgb(self.bag.message_at(camera.topic, recorded_ns).message)
        result = read_result(self.result_bag, frame.stamp_ns, camera=frame.camera)
        truth = camera.truth.at(frame.stamp_ns)
        metadata = self.model.metadata
        return frame_panels(
            image_rgb,
            label_map=result.label_map,
            energy_map=result.energy_map,
            regions_rgb=self._regions_rgb(image_rgb, result, frame.camera),
            palette_rgb=metadata.label_set.palette_rgb(),
            threshold=self.model.threshold,
            energy_scale=metadata.calibration.inlier_standard_deviation,
            outlier_truth=None if truth is None else truth == OUTLIER_ID,
        )

    def _regions_rgb(
        self, image_rgb: npt.NDArray[np.uint8], result: FrameResult, camera: str
    ) -> npt.NDArray[np.uint8]:
        """Return the overlay that the node published, or draw the same from the results."""
        topic = camera_topic(camera, OVERLAY_TOPIC)
        if self.result_bag.has_messages_on(topic):
            published = self.result_bag.find_message(topic, result.stamp_ns)
            if published is not None:
                return to_rgb(published.message)
        palette_rgb = self.model.metadata.label_set.palette_rgb()
        return draw_overlay(image_rgb, _detection(result, self.model), palette_rgb)


def _detection(result: FrameResult, model: RunningModel) -> Detection:
    """Return the result of a frame as if the network had camera size."""
    camera_hw = result.energy_map.shape[0], result.energy_map.shape[1]
    whole = Box(0, 0, *camera_hw)
    return Detection(
        placement=Placement(camera_hw, camera_hw, whole, whole),
        label_map=result.label_map,
        energy_map=result.energy_map,
        anomaly_mask=result.anomaly_mask,
        regions=result.regions(min_area_px=model.min_region_area_px),
        threshold=model.threshold,
        preprocess_ms=NOT_MEASURED,
        inference_ms=NOT_MEASURED,
        postprocess_ms=NOT_MEASURED,
        energy_scale=model.metadata.calibration.inlier_standard_deviation,
    )
