"""Scores of a training checkpoint, by torch, in the geometry of the file exported from it."""

from pathlib import Path
from typing import Final

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
from training.checkpoints import load_checkpoint
from training.evaluation.scores import ScoreError, Scorer, Scores
from training.provenance import trained_on, weights_sha256
from training.sliding_window import SlidingWindow
from training.trained_model import deployed_model
from training.validation import OUTPUT_STRIDE

_OVERLAP_DIVISOR: Final = 4


class CheckpointScores:
    """The network of a checkpoint, as training validates it; knows its confidence, too."""

    def __init__(
        self, path: Path, *, num_threads: int = 0, window_hw: tuple[int, int] | None = None
    ) -> None:
        """Load a checkpoint.

        Args:
            path: of a run.
            num_threads: of torch; 0 leaves them as they are.
            window_hw: run the network over windows of this size and blend them; None: over the
                whole image at once.

        Raises:
            FileNotFoundError, CheckpointError: as `load_checkpoint`.
            ValueError: an impossible window.
        """
        if num_threads:
            torch.set_num_threads(num_threads)
        checkpoint = load_checkpoint(path)
        self._geometry = Geometry()
        self._network_hw = checkpoint.settings.network_hw
        height, width = self._network_hw
        seen = window_hw or self._network_hw
        self._windows = window_hw and SlidingWindow(
            window_hw=window_hw, overlap=min(window_hw) // _OVERLAP_DIVISOR
        )
        self._model = deployed_model(
            checkpoint, (seen[0] // OUTPUT_STRIDE, seen[1] // OUTPUT_STRIDE)
        )
        unit = self._model.fusion.description().unit
        calibration = checkpoint.calibration
        sha256 = weights_sha256(checkpoint.network)
        self.scorer = Scorer(
            name=f'{path.parent.name}/{path.name}',
            sha256=sha256,
            label_set=checkpoint.settings.inliers.classes,
            threshold=None if calibration is None else calibration.threshold,
            unit=unit,
            inlier_standard_deviation=(
                None if calibration is None else calibration.inlier_standard_deviation
            ),
            facts=(
                ('checkpoint', f'{path.parent.name}/{path.name}, step {checkpoint.step}'),
                ('sha256 of weights', sha256),
                ('engine', f'torch {torch.__version__} on CPU, fp32'),
                ('network input', f'{width}x{height} px, {self._geometry.mode}'),
                (
                    'deployed threshold',
                    'none: not calibrated'
                    if calibration is None
                    else f'{calibration.threshold:.4g} {unit}',
                ),
                ('trained on', ', '.join(trained_on(checkpoint.settings))),
            ),
        )

    def score(self, name: str, image_rgb: npt.NDArray[np.uint8]) -> Scores:
        """Run the network on an image.

        Raises:
            ScoreError: it answers with energies that are not finite.
        """
        placement = place(
            (image_rgb.shape[0], image_rgb.shape[1]), self._network_hw, self._geometry.mode
        )
        network_image = image_to_network(image_rgb, placement, self._geometry)
        with torch.inference_mode():
            image = torch.from_numpy(network_image)[None].movedim(-1, 1)
            maps = self._windows.run(self._maps, image) if self._windows else self._maps(image)
            logits, energies = maps[:, :-1], maps[:, -1]
            labels = logits.argmax(dim=1).to(torch.uint8)
            confidences = torch.softmax(logits, dim=1).amax(dim=1)
        energy_map = energies[0].numpy()
        if not np.isfinite(energy_map).all():
            raise ScoreError(
                f'{self.scorer.name} answered with energies that are not finite on {name}: '
                'training diverged; use an earlier checkpoint'
            )
        label_map = labels_to_camera(labels[0].numpy(), placement)
        is_seen = label_map != IGNORE_ID
        return Scores(
            energy_map=energy_to_camera(energy_map, placement),
            label_map=label_map,
            confidence_map=np.clip(energy_to_camera(confidences[0].numpy(), placement), 0, 1),
            is_seen=None if is_seen.all() else is_seen,
        )

    def _maps(self, images: Tensor) -> Tensor:
        """Class logits and energy (B, K + 1, h, w) of images (B, 3, H, W) uint8 RGB."""
        batch = images.movedim(1, -1)
        logits = self._model.class_logits(self._model.outputs(batch))
        return torch.cat([logits, self._model(batch)[1][:, None]], dim=1)

    def close(self) -> None:
        """Nothing is held open."""
