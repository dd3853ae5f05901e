"""Settings to network: the one place that knows which class is built."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from training.checkpoint_files.networks_by_name import NETWORKS
from training.initial_weights import take_published
from training.memory.pattern_memory import PatternMemory
from training.models.anomaly_network import AnomalyNetwork
from training.models.ladder_network import LadderNetwork
from training.models.tapped_network import TappedNetwork
from training.network_settings import WITH_POSTERIOR, NetworkSettings
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
    closed_set = _closed_set(network, num_classes=len(settings.inliers.classes))
    closed_set.recomputes_activations = network.recomputes_activations
    if network.trained_parts:
        for name, weights in closed_set.named_parameters():
            weights.requires_grad_(name.startswith(network.trained_parts))
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
    """Return the network of a run with the weights of its checkpoint, in evaluation mode.

    Raises:
        MemoryStateError: its memory is empty, or holds patterns of another network.
    """
    network = build_network(settings, has_weights=False)
    network.load_state_dict(dict(weights))
    network.require_memory()
    return network.eval()


def _closed_set(settings: NetworkSettings, *, num_classes: int) -> TappedNetwork:
    arguments: dict[str, Any] = {'num_classes': num_classes}
    if settings.kind == 'ladder':
        return LadderNetwork(
            **arguments,
            widths=settings.widths,
            blocks=settings.blocks,
            decoder_width=settings.decoder_width,
        )
    if settings.kind == 'espnetv2':
        arguments['width_factor'] = settings.width_factor
    elif settings.kind != 'lraspp':
        arguments['has_abstention'] = settings.has_abstention
    if settings.kind in WITH_POSTERIOR:
        arguments['has_posterior'] = settings.has_posterior
    if settings.kind == 'deepwv3plus':
        arguments['width'] = settings.width
    if settings.kind == 'segmenter':
        from training.models.segmenter import Segmenter  # timm takes seconds to import

        return Segmenter(**arguments, encoder=settings.encoder)
    return NETWORKS[settings.kind](**arguments)
