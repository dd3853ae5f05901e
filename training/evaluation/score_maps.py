"""One pass of a network over an image, and the energy map of each of many scores."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hopfield_pebal_ros.contract.geometry import Geometry, place
from hopfield_pebal_ros.contract.labels import IGNORE_ID
from hopfield_pebal_ros.contract.resizing import (
    energy_to_camera,
    image_to_network,
    labels_to_camera,
)
from training.evaluation.scores import ScoreError, Scores
from training.models.anomaly_outputs import ENERGIES, AnomalyOutputs, at_size
from training.models.deployed import normalised
from training.read_network import PixelReadings, ReadNetwork
from training.scored_model import at_output
from training.scores.readings import Readings
from training.scores.score import AnyScore
from training.validation import OUTPUT_STRIDE

OWN: Final = 'own '
"""Before the names of energies that a run's trained branch gives by itself."""


class ScoredFeatures(NamedTuple):
    """A score and the feature maps that it is taken of."""

    score: AnyScore
    features: str
    """As of `PixelReadings`."""


@dataclass(frozen=True, eq=False)
class ImageScores:
    """What every score says of one image."""

    scores: dict[str, Scores]
    """At the size of the image."""
    milliseconds: dict[str, float]
    """Of each score alone, without the network."""
    network_milliseconds: float


class ManyScores:
    """A network whose feature maps are read once for all scores."""

    def __init__(self, network: ReadNetwork, scores: Mapping[str, ScoredFeatures]) -> None:
        """Choose what is read and by whom.

        Raises:
            ValueError: the network lacks a feature map.
        """
        self._network = network
        self._features = tuple(dict.fromkeys(each.features for each in scores.values()))
        self._readings = PixelReadings(network, *self._features).eval()
        self._scores = dict(scores)
        self._geometry = Geometry()
        height, width = network.network_hw
        self._output_hw = height // OUTPUT_STRIDE, width // OUTPUT_STRIDE

    def score(self, name: str, image_rgb: npt.NDArray[np.uint8]) -> ImageScores:
        """Score one image.

        Args:
            name: of it, for messages.
            image_rgb: (H, W, 3) uint8 RGB.

        Raises:
            ScoreError: energies that are not finite.
        """
        network_hw = self._network.network_hw
        camera_hw = image_rgb.shape[0], image_rgb.shape[1]
        placement = place(camera_hw, network_hw, self._geometry.mode)
        pixels = image_to_network(image_rgb, placement, self._geometry)
        batch = torch.from_numpy(pixels).permute(2, 0, 1)[None]
        start = time.perf_counter()
        with torch.inference_mode():
            fine, coarse = self._readings(batch)
            fine = at_output(fine, self._output_hw, stride=OUTPUT_STRIDE)
            network_ms = 1000 * (time.perf_counter() - start)
            maps, milliseconds = self._maps(fine, coarse)
            self._add_own(batch, maps, milliseconds)
        labels = fine.class_logits[0].argmax(dim=0).to(torch.uint8).numpy()
        label_map = labels_to_camera(labels, placement)
        is_seen = label_map != IGNORE_ID
        seen = None if is_seen.all() else is_seen
        found = {}
        for score_name, energy in maps.items():
            if not np.isfinite(energy).all():
                raise ScoreError(
                    f'{score_name} has energies that are not finite on {name}: fit it again on '
                    'finite features, or leave it out'
                )
            camera = energy_to_camera(energy, placement)
            found[score_name] = Scores(energy_map=camera, label_map=label_map, is_seen=seen)
        return ImageScores(found, milliseconds, network_ms)

    def _maps(
        self, fine: Readings, coarse: Sequence[Readings]
    ) -> tuple[dict[str, npt.NDArray[np.float32]], dict[str, float]]:
        maps, milliseconds = {}, {}
        read = dict(zip(self._features, coarse, strict=True))
        for name, (score, features) in self._scores.items():
            start = time.perf_counter()
            energy = score.energy(read[features] if score.reads_features else fine)
            maps[name] = self._as_map(energy)
            milliseconds[name] = 1000 * (time.perf_counter() - start)
        return maps, milliseconds

    def _add_own(
        self,
        batch: Tensor,
        maps: dict[str, npt.NDArray[np.float32]],
        milliseconds: dict[str, float],
    ) -> None:
        """Add the energies of the run's own branch, and their fusion."""
        if self._network.anomaly is None:
            return
        outputs: AnomalyOutputs = self._network.anomaly(normalised(batch))
        for name, energy_of in ENERGIES.items():
            start = time.perf_counter()
            energy = energy_of(outputs)
            if energy is not None:
                maps[OWN + name] = self._as_map(energy)
                milliseconds[OWN + name] = 1000 * (time.perf_counter() - start)
        if self._network.fusion is not None:
            start = time.perf_counter()
            fused = self._network.fusion.energy(outputs, size_hw=self._output_hw)
            maps[f'{OWN}fused'] = self._as_map(fused)
            milliseconds[f'{OWN}fused'] = 1000 * (time.perf_counter() - start)

    def _as_map(self, energy: Tensor) -> npt.NDArray[np.float32]:
        """Return (h, w) of `output_hw` of an energy (1, h', w')."""
        sized = at_size(energy.float()[:, None], self._output_hw)[0, 0]
        found: npt.NDArray[np.float32] = sized.numpy()
        return found
