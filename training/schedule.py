"""The learning rate of each step."""

import math

from training.settings import TrainSettings


def learning_rate_at(step: int, settings: TrainSettings) -> float:
    """Linear warm-up, then half a cosine to zero; each stage has its own."""
    peak, count = settings.learning_rate, settings.closed_set_steps
    if step >= count:
        step, peak, count = step - count, settings.anomaly_learning_rate, settings.anomaly_steps
    warmup = max(1, round(settings.warmup_share * count))
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, count - warmup)))
