"""The label images of a camera, paired with its images by stamp."""

from collections.abc import Callable, Collection, Mapping

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import LabelSet
from hopfield_pebal_ros.replay.bags import Bag, BagError
from hopfield_pebal_ros.replay.camera_images import to_pixels
from hopfield_pebal_ros.replay.map_messages import to_map
from hopfield_pebal_ros.replay.run_evaluation import check_truth

Labels = npt.NDArray[np.uint8]


class GroundTruth:
    """Label images, found by the stamp of their camera image; maybe none."""

    def __init__(
        self, source: str, stamps_ns: Collection[int], read: Callable[[int], Labels]
    ) -> None:
        """Wrap a source of label images.

        Args:
            source: topic or folder, for messages.
            stamps_ns: of the label images that there are, in order.
            read: stamp -> (H, W) uint8; may raise BagError.
        """
        self.source = source
        self._stamps_ns = dict.fromkeys(stamps_ns)
        self._read = read

    def at(self, stamp_ns: int) -> Labels | None:
        """Return the labels (H, W) uint8 of the frame with this stamp, or None.

        Raises:
            BagError: the label image is not one channel of 8 bits, or damaged.
        """
        return self._read(stamp_ns) if stamp_ns in self._stamps_ns else None

    def num_unpaired(self, frames_ns: Collection[int]) -> int:
        """Return how many label images have the stamp of none of these frames."""
        return len(self._stamps_ns.keys() - set(frames_ns))

    def check_first(
        self, bag: Bag, topic: str, camera_recorded_ns: Mapping[int, int], label_set: LabelSet
    ) -> None:
        """Look at the first label image before hours of work are spent on the bag.

        Args:
            bag: with the camera images.
            topic: of the camera.
            camera_recorded_ns: {header stamp: time of recording} of its images.
            label_set: of the model.

        Raises:
            BagError: no label image has the stamp of a camera image, or the first one that has
                does not fit its camera image or the model.
            ImageMessageError: that camera image cannot be decoded.
        """
        if not self._stamps_ns:
            return
        paired = next((each for each in camera_recorded_ns if each in self._stamps_ns), None)
        if paired is None:
            raise BagError(
                f'no image on {self.source} has the stamp of an image on {topic}: the first are '
                f'{next(iter(self._stamps_ns))} and {next(iter(camera_recorded_ns))} ns; give '
                'label images the header stamps of their camera images'
            )
        pixels, _ = to_pixels(bag.message_at(topic, camera_recorded_ns[paired]).message)
        camera_hw = pixels.shape[0], pixels.shape[1]
        check_truth(self._read(paired), camera_hw, label_set, stamp_ns=paired)


def no_truth() -> GroundTruth:
    """Return the ground truth of a camera that has none."""

    def read(stamp_ns: int) -> Labels:
        raise BagError(f'there are no label images, asked for {stamp_ns} ns')

    return GroundTruth('no labels', (), read)


def truth_on_topic(bag: Bag, topic: str) -> GroundTruth:
    """Return the label images that were recorded on a topic.

    Raises:
        BagError: no such topic, or two messages of one stamp.
    """
    recorded_ns = bag.recorded_by_stamp(topic)

    def read(stamp_ns: int) -> Labels:
        source = f'{topic} at {stamp_ns} ns'
        label_map = to_map(bag.message_at(topic, recorded_ns[stamp_ns]).message, source=source)
        if label_map.dtype != np.uint8:
            raise BagError(f'{source} holds {label_map.dtype}, expected mono8 class ids')
        return label_map

    return GroundTruth(topic, recorded_ns, read)
