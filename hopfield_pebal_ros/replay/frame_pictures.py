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
from hopfield_pebal_ros.replay.ground_truth import GroundTruth
from hopfield_pebal_ros.replay.playback import OVERLAY_TOPIC, RunningModel
from hopfield_pebal_ros.replay.results import FrameResult, read_result
from hopfield_pebal_ros.report.panels import Panel, frame_panels

NOT_MEASURED: Final = 0.0


@dataclass(frozen=True, kw_only=True)
class FramePainter:
    """What is needed to paint any frame of a run."""

    bag: Bag
    camera_recorded_ns: Mapping[int, int]
    """{header stamp: time of recording} of the camera images."""
    topic: str
    result_bag: Bag
    truth: GroundTruth
    model: RunningModel

    def panels(self, stamp_ns: int) -> tuple[Panel, ...]:
        """Return the panels of the frame with this stamp, which has a result."""
        recorded_ns = self.camera_recorded_ns[stamp_ns]
        image_rgb = to_rgb(self.bag.message_at(self.topic, recorded_ns).message)
        result = read_result(self.result_bag, stamp_ns)
        truth = self.truth.at(stamp_ns)
        metadata = self.model.metadata
        return frame_panels(
            image_rgb,
            label_map=result.label_map,
            energy_map=result.energy_map,
            regions_rgb=self._regions_rgb(image_rgb, result),
            palette_rgb=metadata.label_set.palette_rgb(),
            threshold=self.model.threshold,
            energy_scale=metadata.calibration.inlier_standard_deviation,
            outlier_truth=None if truth is None else truth == OUTLIER_ID,
        )

    def _regions_rgb(
        self, image_rgb: npt.NDArray[np.uint8], result: FrameResult
    ) -> npt.NDArray[np.uint8]:
        """Return the overlay that the node published, or draw the same from the results."""
        if self.result_bag.has_messages_on(OVERLAY_TOPIC):
            published = self.result_bag.find_message(OVERLAY_TOPIC, result.stamp_ns)
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
