"""A checkpoint's network and energy, as they are measured, calibrated and exported."""

from training.checkpoints import Checkpoint
from training.models.deployed import DeployedModel, Order
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


def deployed_model(
    checkpoint: Checkpoint, output_hw: tuple[int, int], *, order: Order = 'exact'
) -> DeployedModel:
    """Return what is exported of a checkpoint, in evaluation mode."""
    network = trained_network(checkpoint.settings, checkpoint.network)
    fusion = fusion_of(checkpoint)
    return DeployedModel(
        network,
        fusion,
        output_hw=output_hw,
        order=order,
        scales=checkpoint.settings.scales,
    ).eval()
