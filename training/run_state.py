"""What changes during a run, before the first step and as a checkpoint holds it."""

from dataclasses import dataclass
from typing import Any, Final, cast

import torch
from torch import Tensor
from torch.amp import GradScaler
from torch.optim import AdamW
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from training.checkpoints import Checkpoint, load_checkpoint
from training.initial_weights import TakenWeights, take_matching
from training.losses.class_prototypes import ClassPrototypes, no_prototypes
from training.margins import Margins
from training.models.anomaly_network import AnomalyNetwork
from training.models.fusion import Fusion
from training.networks import build_network
from training.settings import TrainSettings

RATE_SHARE: Final = 'rate_share'
"""Of a parameter group: its learning rate as a share of the step's."""


@dataclass
class RunState:
    """Network, optimizer and what was found on the way."""

    network: AnomalyNetwork
    optimizer: AdamW
    scaler: GradScaler
    """Of fp16 gradients; does nothing in other precisions."""
    average: AveragedModel | None
    """Moving average of the weights, where the settings ask for one."""
    prototypes: ClassPrototypes | None
    step: int = 0
    margins: Margins | None = None
    fusion: Fusion | None = None
    best_ap: float = -1.0

    @property
    def measured(self) -> AnomalyNetwork:
        """The network that is validated and exported: the average, once there is one."""
        if self.average is None or not self.average.n_averaged:
            return self.network
        return cast('AnomalyNetwork', self.average.module)

    @property
    def device(self) -> torch.device:
        return next(self.network.parameters()).device

    def checkpoint(self, settings: TrainSettings) -> Checkpoint:
        self.measured.bind_memory()
        return Checkpoint(
            settings=settings,
            step=self.step,
            network=self.measured.state_dict(),
            trained=None if self.measured is self.network else self.network.state_dict(),
            optimizer=self.optimizer.state_dict(),
            scaler=self.scaler.state_dict(),
            random=random_states(),
            margins=self.margins,
            prototypes=self.prototypes,
            fusion=self.fusion,
            best_ap=self.best_ap,
        )


def new_state(settings: TrainSettings, device: torch.device | None = None) -> RunState:
    """Return the state before the first step, random weights drawn from the run's seed.

    Raises:
        OSError, ValueError: weights to start from cannot be read or do not fit.
    """
    torch.manual_seed(settings.seed)
    return _state_of(settings, build_network(settings), device)


def started_state(
    settings: TrainSettings, device: torch.device | None = None
) -> tuple[RunState, TakenWeights | None]:
    """Return a new state with the weights of `settings.start_from`, and what was taken."""
    state = new_state(settings, device)
    if settings.start_from is None:
        return state, None
    weights = load_checkpoint(settings.start_from).network
    return state, take_matching(state.network, weights, settings.start_from)


def restored_state(checkpoint: Checkpoint, device: torch.device | None = None) -> RunState:
    """Return the state that a checkpoint holds; it goes on as if it had never stopped."""
    settings = checkpoint.settings
    torch.manual_seed(settings.seed)
    state = _state_of(settings, build_network(settings, has_weights=False), device)
    if state.average is not None and checkpoint.trained is not None:
        state.average.n_averaged.fill_(1)  # from here on it moves, it is not replaced
        state.network.load_state_dict(dict(checkpoint.trained))
    state.measured.load_state_dict(dict(checkpoint.network))
    state.optimizer.load_state_dict(dict(checkpoint.optimizer))
    state.scaler.load_state_dict(dict(checkpoint.scaler))
    state.step, state.best_ap = checkpoint.step, checkpoint.best_ap
    state.margins, state.fusion = checkpoint.margins, checkpoint.fusion
    if checkpoint.prototypes is not None:
        state.prototypes = ClassPrototypes(
            *(each.to(state.device) for each in vars(checkpoint.prototypes).values())
        )
    _set_random_states(checkpoint.random)
    return state


def _state_of(
    settings: TrainSettings, network: AnomalyNetwork, device: torch.device | None
) -> RunState:
    device = device or torch.device('cpu')
    network = network.to(device).to(memory_format=torch.channels_last)
    optimizer = AdamW(
        _parameter_groups(network, settings),
        lr=settings.learning_rate,
        eps=settings.adam_epsilon,
    )
    has_prototypes = settings.losses.prototype_weight > 0
    return RunState(
        network,
        optimizer,
        GradScaler(device.type, enabled=settings.precision == 'fp16'),
        _average_of(network, settings),
        no_prototypes(network.num_classes, settings.branch.embedding_width, device=device)
        if has_prototypes
        else None,
    )


def _parameter_groups(network: AnomalyNetwork, settings: TrainSettings) -> list[dict[str, Any]]:
    """Weights with decay, then without; slow ones after the others, where there are any."""
    slow = tuple(f'closed_set.{part}' for part in settings.network.slow_parts)
    groups = []
    for is_slow in (False, True):
        chosen = [
            each
            for name, each in network.named_parameters()
            if each.requires_grad and name.startswith(slow) == is_slow
        ]
        share = settings.network.slow_rate if is_slow else 1.0
        for decay, params in (
            (settings.weight_decay, [each for each in chosen if each.ndim > 1]),
            (0.0, [each for each in chosen if each.ndim <= 1]),
        ):
            if params or not is_slow:
                groups.append({'params': params, 'weight_decay': decay, RATE_SHARE: share})
    return groups


def _average_of(network: AnomalyNetwork, settings: TrainSettings) -> AveragedModel | None:
    if not settings.average_decay:
        return None
    move = get_ema_multi_avg_fn(settings.average_decay)

    def moved(averages: Any, values: Any, num_averaged: Any) -> None:
        if averages[0].is_floating_point():
            move(averages, values, num_averaged)
        else:  # class ids and counts: a mean, cut to whole numbers, would be off by one
            torch._foreach_copy_(averages, values)

    return AveragedModel(network, multi_avg_fn=moved, use_buffers=True)


def random_states() -> list[Tensor]:
    """Return the states of torch's generators: CPU, then each GPU."""
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return [torch.get_rng_state(), *cuda]


def _set_random_states(states: list[Tensor]) -> None:
    torch.set_rng_state(states[0])
    if torch.cuda.is_available() and len(states) == torch.cuda.device_count() + 1:
        torch.cuda.set_rng_state_all(states[1:])
