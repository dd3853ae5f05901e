"""Result images of a result bag, put together frame by frame."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.geometry import Box, Placement
from hopfield_pebal_ros.inference.regions import Region, find_regions
from hopfield_pebal_ros.replay.bags import Bag, BagError
from hopfield_pebal_ros.replay.map_messages import to_map
from hopfield_pebal_ros.replay.playback import (
    ENERGY_TOPIC,
    MASK_TOPIC,
    RESULT_TOPICS,
    SEGMENTATION_TOPIC,
    camera_topic,
)


@dataclass(frozen=True, eq=False)
class FrameResult:
    """What was published for one frame, all of camera size."""

    stamp_ns: int
    frame_id: str
    label_map: npt.NDArray[np.uint8]
    """(H, W) uint8."""
    energy_map: npt.NDArray[np.float32]
    """(H, W) float32; NaN where the network saw nothing."""
    anomaly_mask: npt.NDArray[np.uint8]
    """(H, W) uint8, 255 where anomalous, else 0."""

    def regions(self, *, min_area_px: int) -> tuple[Region, ...]:
        """Return the connected regions of the mask, those with the largest peak energy first."""
        camera_hw = self.energy_map.shape[0], self.energy_map.shape[1]
        whole = Box(0, 0, *camera_hw)
        placement = Placement(camera_hw, camera_hw, whole, whole)
        return find_regions(self.anomaly_mask, self.energy_map, placement, min_area_px=min_area_px)


def read_result(result_bag: Bag, stamp_ns: int, *, camera: str = '') -> FrameResult:
    """Read the result of a camera's frame with this stamp, where the result bag has it recorded.

    Raises:
        BagError: an image is missing or damaged, or the three are not of one size.
    """
    images = {
        topic: result_bag.message_at(camera_topic(camera, topic), stamp_ns).message
        for topic in RESULT_TOPICS
    }
    maps = {
        topic: to_map(image, source=f'{topic} at {stamp_ns} ns') for topic, image in images.items()
    }
    sizes = {topic: each.shape for topic, each in maps.items()}
    if len(set(sizes.values())) != 1:
        raise BagError(f'results at {stamp_ns} ns differ in size: {sizes}; record them again')
    return FrameResult(
        stamp_ns=stamp_ns,
        frame_id=images[SEGMENTATION_TOPIC].header.frame_id,
        label_map=maps[SEGMENTATION_TOPIC],
        energy_map=maps[ENERGY_TOPIC],
        anomaly_mask=maps[MASK_TOPIC],
    )
