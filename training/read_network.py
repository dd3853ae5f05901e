"""A network whose pixels are scored: a run's checkpoint or a published file, and its taps."""

from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from hopfield_pebal_ros.contract.labels import CITYSCAPES, LabelSet
from hopfield_pebal_ros.contract.metadata import Provenance
from training.checkpoints import load_checkpoint
from training.models.anomaly_network import AnomalyNetwork
from training.models.anomaly_outputs import at_size
from training.models.deployed import normalised
from training.models.espnetv2_weights import load_espnetv2
from training.models.fusion import Fusion
from training.models.tapped_network import LOGITS_TAP, TappedNetwork
from training.networks import trained_network
from training.provenance import git_revision, provenance_of, weights_sha256
from training.scores.readings import Readings
from training.settings import TrainSettings

EMBEDDING: Final = 'embedding'
"""Beside the names of taps: the trained embedding of a run's anomaly branch."""

_CLASSIFIER_INPUTS: Final = ('penultimate', 'decoder')
"""What networks call the map that a linear classifier turns into logits."""

PUBLISHED_HW: Final = (512, 1024)
"""Input that published files were trained at [px]."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ReadNetwork:
    """A network in evaluation mode."""

    path: Path
    sha256: str
    network_hw: tuple[int, int]
    provenance: Provenance
    label_set: LabelSet
    closed_set: TappedNetwork
    anomaly: AnomalyNetwork | None = None
    """The same network with its branch, of a run."""
    fusion: Fusion | None = None
    """Of the run's own energies."""
    settings: TrainSettings | None = None
    """Of the run."""

    @property
    def name(self) -> str:
        return f'{self.path.parent.name}/{self.path.name}'

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.label_set.names

    @property
    def classifier_input(self) -> str | None:
        """Name of the map that a linear classifier turns into logits, if the network has one."""
        names = self.closed_set.tap_widths
        return next((each for each in _CLASSIFIER_INPUTS if each in names), None)

    def check_features(self, features: str) -> None:
        """Refuse feature maps that the network does not have.

        Raises:
            ValueError: the message lists those that there are.
        """
        known = list(self.closed_set.tap_widths)
        if self.anomaly is not None and self.anomaly.embedding is not None:
            known.append(EMBEDDING)
        unknown = [each for each in features.split(',') if each not in known]
        if unknown:
            raise ValueError(
                f'{self.name} has no feature map {unknown[0]!r}; give --features one of '
                f'{", ".join(known)}, or several with commas'
            )


def read_network(path: Path) -> ReadNetwork:
    """Open a checkpoint of a run (.pt) or a published ESPNetv2 file (.pth).

    Raises:
        OSError, ValueError: it cannot be read or is of another kind.
    """
    if path.suffix == '.pth':
        published = load_espnetv2(path)
        sha256 = weights_sha256(published.state_dict())
        return ReadNetwork(
            path=path,
            sha256=sha256,
            network_hw=PUBLISHED_HW,
            provenance=Provenance(
                trained_on=(f'published weights {path.name}',),
                licence='That of the weights file; ask its publisher',
                created=datetime.now(timezone.utc).isoformat(timespec='seconds'),
                git_revision=git_revision(),
                weights_sha256=sha256,
            ),
            label_set=CITYSCAPES,
            closed_set=published,
        )
    checkpoint = load_checkpoint(path)
    anomaly = trained_network(checkpoint.settings, checkpoint.network)
    return ReadNetwork(
        path=path,
        sha256=weights_sha256(checkpoint.network),
        network_hw=checkpoint.settings.network_hw,
        provenance=provenance_of(checkpoint),
        label_set=checkpoint.settings.inliers.classes,
        closed_set=anomaly.closed_set,
        anomaly=anomaly,
        fusion=checkpoint.fusion,
        settings=checkpoint.settings,
    )


class PixelReadings(nn.Module):
    """Images to what scores read: logits at full resolution, and features with their logits."""

    def __init__(self, network: ReadNetwork, *features: str) -> None:
        """Choose what is read.

        Args:
            network: of which.
            *features: each the names of taps or `EMBEDDING`, separated by commas; the maps are
                brought to the stride of the first and joined.

        Raises:
            ValueError: the network has no such map.
        """
        super().__init__()
        for each in features:
            network.check_features(each)
        self._features = features
        self.closed_set = network.closed_set
        has_embedding = any(EMBEDDING in each.split(',') for each in features)
        self.anomaly = network.anomaly if has_embedding else None

    def forward(self, image: Tensor) -> tuple[Readings, tuple[Readings, ...]]:
        """Read images (B, 3, H, W) uint8 RGB.

        Returns:
            For scores of logits: logits at their own stride, not brought to any features' one;
            its `features` are the logits. For scores of features, in the order of the features:
            features and logits at the features' stride.
        """
        pixels = normalised(image)
        taps = self.closed_set.taps(pixels)
        if self.anomaly is not None:
            embedding = self.anomaly(pixels).embedding
            if embedding is not None:
                taps[EMBEDDING] = embedding
        logits, height = taps[LOGITS_TAP].float(), image.shape[2]
        fine = self._readings(logits, logits, stride=height // logits.shape[2])
        coarse = []
        for names in self._features:
            maps = [taps[name].float() for name in names.split(',')]
            feature_hw = (maps[0].shape[2], maps[0].shape[3])
            features = torch.cat([at_size(each, feature_hw) for each in maps], dim=1)
            sized = at_size(logits, feature_hw)
            coarse.append(self._readings(sized, features, stride=height // feature_hw[0]))
        return fine, tuple(coarse)

    def _readings(self, logits: Tensor, features: Tensor, *, stride: int) -> Readings:
        num_classes = self.closed_set.num_classes
        has_more = logits.shape[1] > num_classes
        return Readings(
            logits[:, :num_classes],
            features,
            abstention_logit=logits[:, num_classes] if has_more else None,
            stride=stride,
        )
