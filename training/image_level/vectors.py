"""Pictures to feature vectors: what image-level scores are fitted and measured on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from hopfield_pebal_ros.contract.labels import OUTLIER_ID
from training.image_level.classifiers import ImageClassifier
from training.image_level.image_sets import ImageSet, batches
from training.scores.readings import FitBatch, Readings


@dataclass(frozen=True, eq=False)
class VectorStream:
    """Vectors of inliers and outliers, held in memory once: a few hundred bytes a picture."""

    batches: tuple[FitBatch, ...]
    num_classes: int
    width: int

    def __iter__(self) -> Iterator[FitBatch]:
        return iter(self.batches)


def vectors_of(
    network: ImageClassifier, images: ImageSet, places: Sequence[int], *, crops: int = 0
) -> Readings:
    """Return features, deviations and logits of pictures, (N, ...) float32."""
    found: list[tuple[Tensor, Tensor, Tensor]] = []
    with torch.inference_mode():
        for batch in batches(images, places, image_px=network.info.image_px, crops=crops):
            found.append(network.read(batch))
    features, deviations, logits = (torch.cat(each) for each in zip(*found, strict=True))
    return Readings(logits, features, deviations)


def fit_stream(inliers: Readings, labels: Tensor, outliers: Readings | None) -> VectorStream:
    """Return the stream of training inliers with their classes, and of auxiliary outliers."""
    parts = [_batch(inliers, labels)]
    if outliers is not None:
        count = len(outliers.features)
        parts.append(_batch(outliers, torch.full((count,), OUTLIER_ID)))
    return VectorStream(tuple(parts), inliers.class_logits.shape[1], inliers.features.shape[1])


def _batch(readings: Readings, labels: Tensor) -> FitBatch:
    return FitBatch(readings.features, readings.class_logits, labels, readings.deviations)
