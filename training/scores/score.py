"""An anomaly score: fitted on a stream of features, evaluated on maps or vectors, exported."""

import copy
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Literal, TypeVar

from torch import Tensor, nn

from training.scores.readings import FeatureStream, Readings

Unit = Literal['nat', 'inlier standard deviation', 'feature']
"""As `contract.energy.ENERGY_UNITS`."""


@dataclass(frozen=True, kw_only=True)
class ScoreSettings:
    """Numbers of a score that are chosen, not fitted."""

    seed: int = 0
    memory_bound_mib: int = 512
    """Most memory that statistics and reservoirs may take while fitting."""
    leaves_out_empty_classes: bool = False
    """Whether a class without a correctly classified example is left out, or ends the fit."""


SettingsT = TypeVar('SettingsT', bound=ScoreSettings)


class Score(nn.Module, Generic[SettingsT]):
    """One anomaly energy, higher is more anomalous; its fitted numbers are its buffers."""

    name: ClassVar[str]
    unit: ClassVar[Unit]
    reads_features: ClassVar[bool] = True
    """False for scores of class logits alone, which then are best taken at full resolution."""
    reads_classifier_input: ClassVar[bool] = False
    """Whether the features must be those that a linear classifier turns into the logits."""

    def __init__(self, settings: SettingsT, **tensors: Tensor) -> None:
        super().__init__()
        self.settings = settings
        for name, tensor in tensors.items():
            self.register_buffer(name, tensor)

    @classmethod
    @abstractmethod
    def fit(cls, stream: FeatureStream, settings: SettingsT) -> 'Score[SettingsT]':
        """Return the score fitted on a stream, in bounded memory.

        Raises:
            ScoreError: no usable statistics: an empty class, NaN, a singular covariance.
            MemoryError: it would need more than the settings allow.
        """

    @classmethod
    def from_tensors(
        cls, settings: SettingsT, tensors: Mapping[str, Tensor]
    ) -> 'Score[SettingsT]':
        """Return the score whose `state_dict` is given."""
        return cls(settings, **tensors)

    @abstractmethod
    def energy(self, readings: Readings) -> Tensor:
        """Return (B, H, W) float32 for maps and (N,) for vectors; higher is more anomalous."""

    def forward(
        self, class_logits: Tensor, features: Tensor, abstention_logit: Tensor | None = None
    ) -> Tensor:
        """The energy of tensors, as a graph takes them."""
        return self.energy(Readings(class_logits, features, abstention_logit=abstention_logit))

    def export(self) -> 'Score[SettingsT]':
        """Return a copy for an exported graph: in evaluation mode, nothing in it trainable."""
        return copy.deepcopy(self).eval().requires_grad_(False)


AnyScore = Score[Any]
"""A score of whatever settings."""


def tensors_of(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the entries below a prefix, without it."""
    return {
        name.removeprefix(prefix): each
        for name, each in tensors.items()
        if name.startswith(prefix)
    }
