"""SHE: nearness to the mean pattern of the predicted class (Zhang et al. 2023)."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from training.scores.class_moments import ClassMoments
from training.scores.readings import FeatureStream, Readings, checked
from training.scores.score import Score, ScoreSettings, Unit
from training.scores.similarities import inner_products, of_predicted_class, unit_length


@dataclass(frozen=True, kw_only=True)
class SheSettings(ScoreSettings):
    is_cosine: bool = False
    """Compare directions; inner products as published also follow the length of the feature."""
    is_class_conditional: bool = True
    """Compare with the predicted class alone; otherwise with the nearest of all classes."""


class She(Score[SheSettings]):
    """E = -<z, S_c>, S_c the mean feature of the correctly classified examples of class c."""

    name: ClassVar[str] = 'she'
    unit: ClassVar[Unit] = 'feature'
    class_ids: Tensor
    means: Tensor

    @classmethod
    def fit(cls, stream: FeatureStream, settings: SheSettings) -> 'She':
        moments = ClassMoments(
            stream.num_classes,
            stream.width,
            bound_mib=settings.memory_bound_mib,
            has_scatter=False,
        )
        for batch in checked(stream):
            correct = batch.correct()
            moments.add(correct.features, correct.labels)
        ids = moments.present(leaves_out_empty=settings.leaves_out_empty_classes)
        return cls(settings, class_ids=ids, means=moments.means()[ids].float())

    def energy(self, readings: Readings) -> Tensor:
        features, means = readings.features, self.means
        if self.settings.is_cosine:
            features, means = unit_length(features), unit_length(means)
        nearness = inner_products(features, means)
        if not self.settings.is_class_conditional:
            return -nearness.amax(dim=1)
        return -of_predicted_class(nearness, readings.class_logits, self.class_ids)
