"""The label images of a bag, paired with its camera images by stamp."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import LabelSet
from hopfield_pebal_ros.replay.bags import LABEL_TOPIC, Bag, BagError
from hopfield_pebal_ros.replay.camera_images import to_pixels
from hopfield_pebal_ros.replay.map_messages import to_map
from hopfield_pebal_ros.replay.run_evaluation import check_truth


class GroundTruth:
    """Label images, found by the stamp of their camera image; none where the bag has none."""

    def __init__(self, bag: Bag) -> None:
        self._bag = bag
        has_labels = bag.has_messages_on(LABEL_TOPIC)
        self._recorded = bag.recorded_by_stamp(LABEL_TOPIC) if has_labels else {}

    def at(self, stamp_ns: int) -> npt.NDArray[np.uint8] | None:
        """Return the labels (H, W) uint8 of the frame with this stamp, or None.

        Raises:
            BagError: the label image is not one channel of 8 bits, or damaged.
        """
        if stamp_ns not in self._recorded:
            return None
        source = f'{LABEL_TOPIC} at {stamp_ns} ns'
        message = self._bag.message_at(LABEL_TOPIC, self._recorded[stamp_ns]).message
        label_map = to_map(message, source=source)
        if label_map.dtype != np.uint8:
            raise BagError(f'{source} holds {label_map.dtype}, expected mono8 class ids')
        return label_map

    def check_first(
        self, topic: str, camera_recorded_ns: Mapping[int, int], label_set: LabelSet
    ) -> None:
        """Look at the first label image before hours of work are spent on the bag.

        Args:
            topic: of the camera.
            camera_recorded_ns: {header stamp: time of recording} of its images.
            label_set: of the model.

        Raises:
            BagError: no label image has the stamp of a camera image, or the first one that has
                does not fit its camera image or the model.
            ImageMessageError: that camera image cannot be decoded.
        """
        if not self._recorded:
            return
        paired = [stamp_ns for stamp_ns in camera_recorded_ns if stamp_ns in self._recorded]
        if not paired:
            raise BagError(
                f'no image on {LABEL_TOPIC} has the stamp of an image on {topic}: the first are '
                f'{next(iter(self._recorded))} and {next(iter(camera_recorded_ns))} ns; give '
                'label images the header stamps of their camera images'
            )
        label_map = self.at(paired[0])
        assert label_map is not None
        message = self._bag.message_at(topic, camera_recorded_ns[paired[0]]).message
        pixels, _ = to_pixels(message)
        camera_hw = pixels.shape[0], pixels.shape[1]
        check_truth(label_map, camera_hw, label_set, stamp_ns=paired[0])
