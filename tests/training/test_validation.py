import numpy as np
import pytest

torch = pytest.importorskip('torch')
from torch import nn

from hopfield_pebal_ros.contract.labels import CITYSCAPES, OUTLIER_ID
from training.data.frames import Frame
from training.validation import camvid_miou, measure, predictions

ROAD, SKY, RIDER = (CITYSCAPES.id_of(name) for name in ('road', 'sky', 'rider'))


class KnowsThePainting(nn.Module):
    """Blue is sky, grey is road, both surely; pink is nothing known."""

    num_classes = len(CITYSCAPES)

    def forward(self, image):
        red, green, blue = nn.functional.avg_pool2d(image, 4).unbind(dim=1)
        pink = (red - green) > 1.5
        logits = torch.zeros(image.shape[0], self.num_classes + 1, *red.shape[1:])
        logits[:, SKY] = torch.where(pink, 0.0, 20.0 * (blue - red > 0.8))
        logits[:, ROAD] = torch.where(pink, 0.0, 20.0 * (blue - red <= 0.8))
        return logits


def test_a_network_that_knows_the_scene_scores_nearly_one(painted_frames):
    figures = measure(
        KnowsThePainting(),
        drives=painted_frames,
        camvid=None,
        network_hw=(128, 256),
        precision='fp32',
    )
    assert figures.ap > 0.85
    assert figures.drives_miou > 0.95
    assert figures.camvid_miou is None


def test_truth_is_at_output_size_with_the_padding_ignored():
    frame = Frame(np.zeros((128, 128, 3), np.uint8), np.full((128, 128), ROAD, np.uint8), 'a')
    [found] = predictions(KnowsThePainting(), [frame], network_hw=(128, 256))
    truth = found.truth()
    assert truth.shape == found.energy_map.shape == (64, 128)
    assert (truth == ROAD).sum() == 64 * 64


def test_camvid_counts_a_bicycle_as_bicyclist():
    class AlwaysBicycle(KnowsThePainting):
        def forward(self, image):
            logits = super().forward(image) * 0
            logits[:, CITYSCAPES.id_of('bicycle')] = 9
            return logits

    frame = Frame(np.zeros((90, 120, 3), np.uint8), np.full((90, 120), RIDER, np.uint8), 'a')
    assert camvid_miou(AlwaysBicycle(), [frame], (128, 256), 'fp32') == 1.0


def test_outliers_of_the_truth_are_the_positives(painted_frames):
    [found] = predictions(KnowsThePainting(), [painted_frames[0]], network_hw=(128, 256))
    outlier = found.truth() == OUTLIER_ID
    assert found.energy_map[outlier].mean() > found.energy_map[~outlier].mean() + 10
