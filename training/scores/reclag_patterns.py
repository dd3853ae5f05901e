"""Learn a class's patterns as a stochastic auto-encoder that answers with one of them."""

from dataclasses import dataclass

import torch
from torch import Tensor

from training.scores.readings import ScoreError


@dataclass(frozen=True, kw_only=True)
class PatternTraining:
    """Numbers of the training; comments name the authors' values."""

    num_epochs: int = 20  # 50
    batch_size: int = 250  # 50
    learning_rate: float = 1e-2
    num_draws: int = 5  # 5


def learned_patterns(
    examples: Tensor, start: Tensor, *, beta: float, settings: PatternTraining, seed: int
) -> Tensor:
    """Train patterns W (H, D) on the features of one class.

    Moriai et al. 2025: a hidden answer y is drawn from softmax(beta W^T x), the reconstruction is
    the pattern w_y, and the loss is the mean over draws of u_y (|x - w_y|^2 / D - log p(y | x))
    with importance weights u_y proportional to N(x; w_y, s^2). The released code draws from
    probabilities as if they were logits and its weights vanish; here they are log-probabilities,
    normalised over the draws, with s^2 the variance of the class.

    Args:
        examples: (N, D) float32.
        start: (H, D) float32.
        beta: inverse temperature.
        settings: of the training.
        seed: of order and draws.

    Raises:
        ScoreError: the training diverged.
    """
    generator = torch.Generator().manual_seed(seed)
    patterns = start.clone().requires_grad_()
    variance = examples.var(dim=0, correction=0).sum().clamp(min=1e-12)  # of the whole vector
    optimizer = torch.optim.Adam([patterns], lr=settings.learning_rate, betas=(0.9, 0.98))
    for _ in range(settings.num_epochs):
        order = torch.randperm(len(examples), generator=generator)
        for chosen in order.split(settings.batch_size):
            x = examples[chosen]
            log_probs = (beta * x @ patterns.T).log_softmax(dim=1)
            draws = torch.multinomial(
                log_probs.detach().exp(), settings.num_draws, replacement=True, generator=generator
            )
            distances = (x[:, None] - patterns[draws]).square().sum(dim=2)
            shares = (-0.5 * distances.detach() / variance).softmax(dim=1)
            errors = distances / x.shape[1] - log_probs.gather(1, draws)
            loss = (shares * errors).sum(dim=1).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    if not torch.isfinite(patterns).all():
        raise ScoreError(
            'the training of RecLag patterns diverged: lower its learning rate, or beta'
        )
    return patterns.detach()
