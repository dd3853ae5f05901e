"""The learning rate of each step."""

import math
from typing import Final

from training.settings import TrainSettings

_POLY_POWER: Final = 0.9


def learning_rate_at(step: int, settings: TrainSettings) -> float:
    """Linear warm-up, then the schedule of the settings; each stage has its own."""
    peak, count = settings.learning_rate, settings.closed_set_steps
    if step >= count:
        step, peak, count = step - count, settings.anomaly_learning_rate, settings.anomaly_steps
    warmup = round(settings.warmup_share * count)
    if step < warmup:
        return peak * (step + 1) / warmup
    decay = (settings.decay_steps or count) - warmup
    done = min(1.0, (step - warmup) / max(1, decay))
    if settings.schedule == 'constant':
        return peak
    if settings.schedule == 'poly':
        return max(settings.smallest_rate, peak * math.pow(1 - done, _POLY_POWER))
    lowest = settings.smallest_rate
    return lowest + (peak - lowest) * 0.5 * (1 + math.cos(math.pi * done))
