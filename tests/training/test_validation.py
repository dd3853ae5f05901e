import numpy as np
import pytest

torch = pytest.importorskip('torch')
from torch import nn

from hopfield_pebal_ros.contract.labels import CITYSCAPES, OUTLIER_ID
from training.data.benchmarks.benchmark import INLIER_ID
from training.data.frames import Frame
from training.models.anomaly_network import AnomalyNetwork
from training.models.fusion import single
from training.models.tapped_network import TappedNetwork
from training.validation import anomaly_figures, camvid_miou, predictions, validation_model

ROAD, SKY, RIDER = (CITYSCAPES.id_of(name) for name in ('road', 'sky', 'rider'))


HW = (128, 256)


class KnowsThePainting(TappedNetwork):
    """Blue is sky, grey is road, both surely; pink is nothing known."""

    num_classes = len(CITYSCAPES)

    def __init__(self):
        super().__init__()
        self.tap_widths, self.tap_strides = {'logits': self.num_classes + 1}, {'logits': 4}
        self.unused = nn.Parameter(torch.zeros(1))

    def taps(self, image):
        red, green, blue = nn.functional.avg_pool2d(image, 4).unbind(dim=1)
        pink = (red - green) > 1.5
        logits = torch.zeros(image.shape[0], self.num_classes + 1, *red.shape[1:])
        logits[:, SKY] = torch.where(pink, 0.0, 20.0 * (blue - red > 0.8))
        logits[:, ROAD] = torch.where(pink, 0.0, 20.0 * (blue - red <= 0.8))
        return {'logits': logits}


def model_of(closed_set):
    return validation_model(AnomalyNetwork(closed_set), single('pebal_energy'), HW)


def test_a_network_that_knows_the_scene_scores_nearly_one(painted_frames):
    figures = anomaly_figures(
        predictions(model_of(KnowsThePainting()), painted_frames, network_hw=HW), num_classes=19
    )
    assert figures['ap'] > 0.85
    assert figures['miou'] > 0.95


def test_inliers_without_a_class_have_no_miou():
    labels = np.full((128, 256), INLIER_ID, np.uint8)
    labels[80:100, 50:90] = OUTLIER_ID
    frame = Frame(np.full((128, 256, 3), 90, np.uint8), labels, 'a')
    found = predictions(model_of(KnowsThePainting()), [frame], network_hw=HW)
    assert sorted(anomaly_figures(found, num_classes=19)) == ['ap', 'auroc', 'fpr95']


def test_truth_is_at_output_size_with_the_padding_ignored():
    frame = Frame(np.zeros((128, 128, 3), np.uint8), np.full((128, 128), ROAD, np.uint8), 'a')
    [found] = predictions(model_of(KnowsThePainting()), [frame], network_hw=HW)
    truth = found.truth()
    assert truth.shape == found.energy_map.shape == (64, 128)
    assert (truth == ROAD).sum() == 64 * 64


def test_camvid_counts_a_bicycle_as_bicyclist():
    class AlwaysBicycle(KnowsThePainting):
        def taps(self, image):
            logits = super().taps(image)['logits'] * 0
            logits[:, CITYSCAPES.id_of('bicycle')] = 9
            return {'logits': logits}

    frame = Frame(np.zeros((90, 120, 3), np.uint8), np.full((90, 120), RIDER, np.uint8), 'a')
    assert camvid_miou(model_of(AlwaysBicycle()), [frame], network_hw=HW) == 1.0


def test_outliers_of_the_truth_are_the_positives(painted_frames):
    [found] = predictions(model_of(KnowsThePainting()), [painted_frames[0]], network_hw=HW)
    outlier = found.truth() == OUTLIER_ID
    assert found.energy_map[outlier].mean() > found.energy_map[~outlier].mean() + 10
