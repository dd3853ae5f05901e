"""Measure a network on held-back frames: AP of the energy on drives, mIoU on CamVid."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from hopfield_pebal_ros.contract.geometry import Geometry, Placement, place
from hopfield_pebal_ros.contract.labels import CITYSCAPES, IGNORE_ID, OUTLIER_ID
from hopfield_pebal_ros.contract.resizing import (
    image_to_network,
    labels_to_camera,
    labels_to_network,
)
from hopfield_pebal_ros.evaluation.pixel_metrics import PixelCounter
from hopfield_pebal_ros.evaluation.segmentation_metrics import ConfusionMatrix
from training.data.camvid import CAMVID_CLASSES, camvid_ids_of_train
from training.data.frames import Frame, FrameSource
from training.models.deployed import DeployedModel
from training.models.ladder_network import LadderNetwork

OUTPUT_STRIDE = 2
"""Of validation and calibration, and the default of the exported file."""


@dataclass(frozen=True)
class Prediction:
    """What a network makes of one frame, at output size."""

    frame: Frame
    placement: Placement
    label_map: npt.NDArray[np.uint8]
    energy_map: npt.NDArray[np.float32]

    def truth(self) -> npt.NDArray[np.uint8]:
        """Return the frame's labels at output size, nearest neighbour; padding is ignored."""
        stride = self.placement.network_hw[0] // self.label_map.shape[0]
        return labels_to_network(self.frame.label_map, self.placement)[::stride, ::stride]


@dataclass(frozen=True)
class Figures:
    """Fractions 0..1; None where the data for it was not given."""

    ap: float
    fpr95: float
    auroc: float
    drives_miou: float
    camvid_miou: float | None


def predictions(
    network: LadderNetwork,
    frames: Sequence[Frame] | FrameSource,
    *,
    network_hw: tuple[int, int],
    precision: str = 'fp32',
) -> Iterator[Prediction]:
    """Run a network over frames as the vehicle would: letterboxed, one at a time.

    The network is left in evaluation mode.
    """
    output_hw = (network_hw[0] // OUTPUT_STRIDE, network_hw[1] // OUTPUT_STRIDE)
    model = DeployedModel(network, num_classes=network.num_classes, output_hw=output_hw).eval()
    geometry = Geometry()
    for index in range(len(frames)):
        frame = frames[index]
        placement = place(frame.label_map.shape[:2], network_hw, geometry.mode)
        image = torch.from_numpy(image_to_network(frame.image_rgb, placement, geometry))[None]
        with torch.inference_mode(), torch.autocast('cpu', enabled=precision == 'bf16'):
            label_map, energy_map = model(image)
        yield Prediction(frame, placement, label_map[0].numpy(), energy_map[0].numpy())


def measure(
    network: LadderNetwork,
    *,
    drives: Sequence[Frame] | FrameSource,
    camvid: Sequence[Frame] | FrameSource | None,
    network_hw: tuple[int, int],
    precision: str,
) -> Figures:
    """Return the figures of a network on drives with outliers and, where given, on CamVid."""
    pixels, classes = PixelCounter(), ConfusionMatrix(len(CITYSCAPES))
    for each in predictions(network, drives, network_hw=network_hw, precision=precision):
        truth = each.truth()
        pixels.add(each.energy_map, truth == OUTLIER_ID, truth != IGNORE_ID)
        classes.add(each.label_map, truth)
    figures = pixels.figures()
    return Figures(
        figures.ap,
        figures.fpr95,
        figures.auroc,
        classes.miou(),
        None if camvid is None else camvid_miou(network, camvid, network_hw, precision),
    )


def camvid_miou(
    network: LadderNetwork,
    frames: Sequence[Frame] | FrameSource,
    network_hw: tuple[int, int],
    precision: str,
) -> float:
    """Return the mIoU over CamVid's 11 classes at camera size.

    Predictions count as the CamVid class that contains them: rider and bicycle as bicyclist, truck
    and bus as car, and so on (`ALSO_COUNTED_AS`).
    """
    to_camvid, classes = camvid_ids_of_train(), ConfusionMatrix(len(CAMVID_CLASSES))
    for each in predictions(network, frames, network_hw=network_hw, precision=precision):
        predicted = labels_to_camera(each.label_map, each.placement)
        truth = to_camvid[each.frame.label_map]
        classes.add(to_camvid[predicted], truth)
    return classes.miou()
