"""Settings to network: the one place that knows which class is built."""

from hopfield_pebal_ros.contract.labels import CITYSCAPES
from training.checkpoints import Checkpoint
from training.models.ladder_network import LadderNetwork
from training.settings import NetworkSettings


def build_network(settings: NetworkSettings) -> LadderNetwork:
    """Return a network with random weights, drawn from torch's generator."""
    return LadderNetwork(
        num_classes=len(CITYSCAPES),
        widths=settings.widths,
        blocks=settings.blocks,
        decoder_width=settings.decoder_width,
    )


def trained_network(checkpoint: Checkpoint) -> LadderNetwork:
    """Return the network of a checkpoint, in evaluation mode."""
    network = build_network(checkpoint.settings.network)
    network.load_state_dict(dict(checkpoint.network))
    return network.eval()
