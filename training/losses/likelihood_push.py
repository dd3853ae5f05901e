"""The bounded push of outliers towards low likelihood, of DenseHybrid and RPL."""

from torch import Tensor

from training.losses.selection import mean_of
from training.losses.world import ALONE, World


def likelihood_push_loss(
    energy: Tensor, outlier: Tensor, *, energy_limit: float | None = 0.0, world: World = ALONE
) -> Tensor:
    """Mean of relu(E_limit - E) over outliers, where -E = LSE(f) is a log-likelihood but for Z.

    Grcic et al. 2022, "DenseHybrid": their code minimises the mean LSE without a lower bound.
    Liu et al. 2023, "Residual Pattern Learning": the same stopped at LSE 0, the default here.
    Unlike `energy_margin_loss` the pull is as strong near the limit as far from it.

    Args:
        energy: (B, H, W) float [nat], higher is more anomalous; computed in float32.
        outlier: (B, H, W) bool.
        energy_limit: where the push ends [nat]; None: DenseHybrid as published, nowhere.
        world: processes that share the batch.

    Returns:
        Scalar float32 [nat]; negative only without a limit.
    """
    if energy_limit is None:
        return mean_of(-energy.float(), outlier, world=world)
    return mean_of((energy_limit - energy.float()).relu(), outlier, world=world)
