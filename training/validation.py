"""Measure a network on frames that it was not trained on, as the vehicle would run it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from hopfield_pebal_ros.contract.geometry import Geometry, Placement, place
from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from hopfield_pebal_ros.contract.resizing import (
    image_to_network,
    labels_to_camera,
    labels_to_network,
)
from hopfield_pebal_ros.evaluation.pixel_metrics import PixelCounter
from hopfield_pebal_ros.evaluation.segmentation_metrics import ConfusionMatrix
from training.data.benchmarks.benchmark import INLIER_ID
from training.data.camvid import CAMVID_CLASSES, camvid_ids_of_train
from training.data.frames import Frame, FrameSource
from training.models.anomaly_network import AnomalyNetwork
from training.models.deployed import DeployedModel
from training.models.fusion import Fusion
from training.models.scales import OWN_SCALE, Scales

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


def predictions(
    model: DeployedModel,
    frames: Sequence[Frame] | FrameSource,
    *,
    network_hw: tuple[int, int],
    precision: str = 'fp32',
) -> Iterator[Prediction]:
    """Run a network over frames as the vehicle would: letterboxed, one at a time.

    Args:
        model: from `validation_model`.
        frames: to run it over.
        network_hw: its input size.
        precision: of convolutions.
    """
    geometry = Geometry()
    device = next(model.parameters()).device
    for index in range(len(frames)):
        frame = frames[index]
        placement = place(frame.label_map.shape[:2], network_hw, geometry.mode)
        image = torch.from_numpy(image_to_network(frame.image_rgb, placement, geometry))[None]
        is_reduced = precision != 'fp32'
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, is_reduced):
            label_map, energy_map = model(image.to(device))
        yield Prediction(
            frame, placement, label_map[0].cpu().numpy(), energy_map[0].float().cpu().numpy()
        )


def validation_model(
    network: AnomalyNetwork,
    fusion: Fusion,
    network_hw: tuple[int, int],
    *,
    scales: Scales = OWN_SCALE,
) -> DeployedModel:
    """Return what would be exported of a network, which is left in evaluation mode."""
    output_hw = (network_hw[0] // OUTPUT_STRIDE, network_hw[1] // OUTPUT_STRIDE)
    return DeployedModel(network, fusion, output_hw=output_hw, scales=scales).eval()


def anomaly_figures(found: Iterable[Prediction], *, num_classes: int) -> dict[str, float]:
    """Return ap, fpr95 and auroc of the energy, and miou where labels have classes, in 0..1."""
    pixels, classes = PixelCounter(), ConfusionMatrix(num_classes)
    for each in found:
        truth = each.truth()
        pixels.add(each.energy_map, truth == OUTLIER_ID, truth != IGNORE_ID)
        classes.add(each.label_map, np.where(truth == INLIER_ID, IGNORE_ID, truth))
    figures = pixels.figures()
    named = {'ap': figures.ap, 'fpr95': figures.fpr95, 'auroc': figures.auroc}
    return {**named, 'miou': classes.miou()} if classes.counts.any() else named


def camvid_miou(
    model: DeployedModel,
    frames: Sequence[Frame] | FrameSource,
    *,
    network_hw: tuple[int, int],
    precision: str = 'fp32',
) -> float:
    """Return the mIoU over CamVid's 11 classes at camera size.

    Predictions count as the CamVid class that contains them: rider and bicycle as bicyclist, truck
    and bus as car, and so on (`ALSO_COUNTED_AS`).
    """
    to_camvid, classes = camvid_ids_of_train(), ConfusionMatrix(len(CAMVID_CLASSES))
    for each in predictions(model, frames, network_hw=network_hw, precision=precision):
        predicted = labels_to_camera(each.label_map, each.placement)
        truth = to_camvid[each.frame.label_map]
        classes.add(to_camvid[predicted], truth)
    return classes.miou()
