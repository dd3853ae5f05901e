"""A checkpoint's network and energy, as they are measured, calibrated and exported."""

from training.checkpoints import Checkpoint
from training.models.deployed import DeployedModel
from training.models.fusion import Fusion, single
from training.networks import trained_network


def fusion_of(checkpoint: Checkpoint) -> Fusion:
    """Return how the energies of a checkpoint make one.

    Raises:
        ValueError: they are to be fused, and the fusion was not fitted yet.
    """
    energies = checkpoint.settings.energies
    if checkpoint.fusion is not None:
        return checkpoint.fusion
    if len(energies) == 1:
        return single(energies[0])
    raise ValueError(
        f'the fusion of {", ".join(energies)} was not fitted yet; let the run come to a '
        'validation of its anomaly stage'
    )


def deployed_model(checkpoint: Checkpoint, output_hw: tuple[int, int]) -> DeployedModel:
    """Return what is exported of a checkpoint, in evaluation mode."""
    network = trained_network(checkpoint.settings, checkpoint.network)
    return DeployedModel(network, fusion_of(checkpoint), output_hw=output_hw).eval()
