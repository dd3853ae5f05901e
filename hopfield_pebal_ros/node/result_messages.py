"""The results of one camera as messages; those that hold images are used again."""

import array
from typing import Any, Final, Literal

import cv2
import numpy as np
import numpy.typing as npt
from sensor_msgs.msg import CompressedImage, Image

from hopfield_pebal_ros.inference.detection import Detection
from hopfield_pebal_ros.inference.overlay import draw_overlay
from hopfield_pebal_ros.node.camera_frame import CameraFrame
from hopfield_pebal_ros.node.image_messages import lend, pixels_in

OutputSize = Literal['camera', 'network']

_PNG_FORMAT: Final = 'mono8; png compressed '
"""As image_transport's compressed plugin writes it."""

_PNG_SPEED: Final = (cv2.IMWRITE_PNG_COMPRESSION, 1)


class ResultMessages:
    """Makes image messages with the header of the camera image.

    A message is valid until the next of its kind, and while the detection's maps stay as they are:
    `publish` has copied it when it returns.

    Args:
        palette_rgb: (256, 3) uint8, colours of the overlay.
        size: of labels, energy and mask.
    """

    def __init__(self, palette_rgb: npt.NDArray[np.uint8], size: OutputSize) -> None:
        self._palette_rgb = palette_rgb
        self._size = size
        names = ('segmentation', 'energy', 'anomaly_mask')
        self._images = {name: Image() for name in names}

    def segmentation(self, frame: CameraFrame, detection: Detection) -> Image:
        if self._size == 'network':
            return _lent(detection.label_map, 'mono8', frame.header)
        message = self._images['segmentation']
        view = pixels_in(message, detection.placement.camera_hw, 'mono8', frame.header)
        detection.labels_at_camera(out=view)
        return message

    def energy(self, frame: CameraFrame, detection: Detection) -> Image:
        if self._size == 'network':
            return _lent(detection.energy_map, '32FC1', frame.header)
        message = self._images['energy']
        view = pixels_in(message, detection.placement.camera_hw, '32FC1', frame.header)
        detection.energy_at_camera(out=view)
        return message

    def anomaly_mask(self, frame: CameraFrame, detection: Detection) -> Image:
        if self._size == 'network':
            return _lent(detection.anomaly_mask, 'mono8', frame.header)
        message = self._images['anomaly_mask']
        view = pixels_in(message, detection.placement.camera_hw, 'mono8', frame.header)
        detection.mask_at_camera(out=view)
        return message

    def overlay(self, frame: CameraFrame, detection: Detection, label_alpha: float) -> Image:
        """Draw on the camera image, at its size; `label_alpha` is the classes' share, 0..1."""
        picture = draw_overlay(
            frame.image,
            detection,
            self._palette_rgb,
            color_order=frame.color_order,
            label_alpha=label_alpha,
        )
        if frame.color_order == 'rgb':
            cv2.cvtColor(picture, cv2.COLOR_RGB2BGR, dst=picture)
        return _lent(picture, 'bgr8', frame.header)

    def segmentation_png(self, frame: CameraFrame, detection: Detection) -> CompressedImage:
        """Encode the labels without loss; JPEG would change them at the borders."""
        at_network = self._size == 'network'
        labels = detection.label_map if at_network else detection.labels_at_camera()
        encoded = cv2.imencode('.png', labels, _PNG_SPEED)[1]
        data = array.array('B', encoded.tobytes())
        return CompressedImage(header=frame.header, format=_PNG_FORMAT, data=data)

    def map_hw(self, detection: Detection) -> tuple[int, int] | None:
        """Return the size of the maps where it is the network's, else None."""
        if self._size == 'camera':
            return None
        height, width = detection.label_map.shape
        return height, width


def _lent(pixels: npt.NDArray[Any], encoding: str, header: Any) -> Image:
    message = Image()
    lend(message, pixels, encoding, header)
    return message
