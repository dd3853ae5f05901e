"""Train a residual energy: low on features of inliers, high where Langevin dynamics drift to."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from training.scores.readings import ScoreError
from training.scores.residual_energy import ResidualEnergy


@dataclass(frozen=True, kw_only=True)
class DivergenceSettings:
    """Numbers of the training; comments name the authors' values on CIFAR-10."""

    num_epochs: int = 10  # 20
    batch_size: int = 512  # 1024 for the mixtures, 256 for EL
    learning_rate: float = 1e-4  # 1e-5
    num_steps: int = 10  # 40 mixture, 1 mixture of deviations, 50 EL
    step_size: float = 1e-4  # 1e-4 mixtures, 1e-1 EL
    noise: float = 5e-3  # 5e-3 mixtures, 1e-1 EL
    penalty: float = 10.0  # 10 mixtures, 0.1 EL
    data_noise: float = 1e-4  # 1e-4


@dataclass(frozen=True, kw_only=True)
class Prior:
    """What the residual is added to, as the sampler needs it."""

    energy: Callable[[Tensor], Tensor]
    """(N, D) -> (N,) [nat], already divided by its temperature."""
    sample: Callable[[int, torch.Generator], Tensor]
    """Where the chains start: (count, D)."""
    project: Callable[[Tensor], Tensor]
    """Back to where features live, after each step."""
    scale: Tensor
    """(D,) unit of the steps in each direction."""


def train_residual(
    residual: ResidualEnergy,
    examples: Tensor,
    prior: Prior,
    settings: DivergenceSettings,
    *,
    seed: int,
) -> None:
    """Train in place by contrastive divergence (Lafon et al. 2023, HEAT).

    Loss: mean g(z+) - mean g(z-) + penalty (mean g(z+)^2 + mean g(z-)^2), where z- are samples of
    Langevin dynamics on prior + g, and their starts.

    Args:
        residual: g.
        examples: (N, D) float32, features of inliers.
        prior: fixed.
        settings: of the training.
        seed: of order, starts and noise.

    Raises:
        ScoreError: the training diverged.
    """
    generator = torch.Generator().manual_seed(seed)
    residual.standardise_on(examples)
    optimizer = torch.optim.Adam(
        residual.parameters(), lr=settings.learning_rate, betas=(0.0, 0.999)
    )
    for _ in range(settings.num_epochs):
        order = torch.randperm(len(examples), generator=generator)
        for chosen in order.split(settings.batch_size):
            found = examples[chosen]
            starts = prior.project(prior.sample(len(found), generator))
            ends = langevin(starts, residual, prior, settings, generator)
            wrong = _jittered(torch.cat([starts, ends]), prior, settings, generator)
            at_data = residual(_jittered(found, prior, settings, generator))
            at_wrong = residual(wrong)
            penalty = at_data.square().mean() + at_wrong.square().mean()
            loss = at_data.mean() - at_wrong.mean() + settings.penalty * penalty
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    if not all(torch.isfinite(each).all() for each in residual.parameters()):
        raise ScoreError(
            'the contrastive divergence diverged: lower its learning rate or step size, or raise '
            'its penalty'
        )
    residual.requires_grad_(False)


def langevin(
    starts: Tensor,
    residual: ResidualEnergy,
    prior: Prior,
    settings: DivergenceSettings,
    generator: torch.Generator,
) -> Tensor:
    """Return (N, D) after steps z - eta grad E(z) + epsilon n, both falling to a tenth."""
    state = starts.detach()
    for step in range(settings.num_steps):
        left = 1 - step / max(settings.num_steps - 1, 1)
        decay = 0.1 + 0.9 * left * left
        state.requires_grad_()
        energy = prior.energy(state) + residual(state)
        (gradient,) = torch.autograd.grad(energy.sum(), state)
        noise = torch.randn(state.shape, generator=generator)
        moved = state.detach() - settings.step_size * decay * prior.scale.square() * gradient
        state = prior.project(moved + settings.noise * decay * prior.scale * noise)
    return state.detach()


def _jittered(
    features: Tensor, prior: Prior, settings: DivergenceSettings, generator: torch.Generator
) -> Tensor:
    noise = torch.randn(features.shape, generator=generator)
    return features + settings.data_noise * prior.scale * noise
