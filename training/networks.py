"""Settings to network: the one place that knows which class is built."""

from collections.abc import Mapping

from torch import Tensor

from hopfield_pebal_ros.contract.labels import CITYSCAPES
from training.initial_weights import take_published
from training.memory.pattern_memory import PatternMemory
from training.models.anomaly_network import AnomalyNetwork
from training.models.espnetv2 import ESPNetv2
from training.models.ladder_network import LadderNetwork
from training.models.lraspp import LRASPP
from training.models.tapped_network import TappedNetwork
from training.network_settings import NetworkSettings
from training.settings import TrainSettings


def build_network(settings: TrainSettings, *, has_weights: bool = True) -> AnomalyNetwork:
    """Return the network of a run as it is before the first step.

    Random weights are drawn from torch's generator.

    Args:
        settings: of the run.
        has_weights: whether published weights that the settings name are read; without them the
            network waits for a state dict.

    Raises:
        OSError: the published file cannot be read.
        ValueError: it does not fit, or the branch reads a tap that the network lacks.
    """
    network, branch = settings.network, settings.branch
    closed_set = _closed_set(network)
    if has_weights:
        take_published(closed_set, network)
    memory = PatternMemory(
        settings.memory,
        class_ids=range(closed_set.num_classes),
        embedding_width=branch.embedding_width,
    )
    return AnomalyNetwork(
        closed_set,
        branch,
        memory=memory if branch.embedding_taps else None,
        is_frozen=network.is_frozen,
        has_frozen_norm=network.has_frozen_norm,
    )


def trained_network(settings: TrainSettings, weights: Mapping[str, Tensor]) -> AnomalyNetwork:
    """Return the network of a run with the weights of its checkpoint, in evaluation mode."""
    network = build_network(settings, has_weights=False)
    network.load_state_dict(dict(weights))
    return network.eval()


def _closed_set(settings: NetworkSettings) -> TappedNetwork:
    num_classes = len(CITYSCAPES)
    if settings.kind == 'espnetv2':
        return ESPNetv2(width_factor=settings.width_factor, num_classes=num_classes)
    if settings.kind == 'lraspp':
        return LRASPP(num_classes=num_classes)
    return LadderNetwork(
        num_classes=num_classes,
        widths=settings.widths,
        blocks=settings.blocks,
        decoder_width=settings.decoder_width,
    )
