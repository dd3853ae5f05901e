"""What a run would train, need and take, without training: training.train --dry-run."""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from training.data.inlier_sets import open_inliers
from training.models.anomaly_network import AnomalyNetwork
from training.networks import build_network
from training.settings import TrainSettings

_LOGIT_COPIES: Final = 4
"""Logits, log-softmax and their gradients: what losses keep at loss stride, roughly."""
_GIB: Final = 2**30


@dataclass(frozen=True, kw_only=True)
class DryRun:
    """Sizes of a run; bytes are estimates."""

    network: str
    num_parameters: int
    num_trained: int
    trained: tuple[str, ...]
    """Parts with trained weights: of the closed-set network, then of the branch."""
    weight_bytes: int
    """Weights, gradients and the optimizer's two moments."""
    activation_bytes: int
    """What the backward pass keeps of one part of a step, and the losses' maps."""
    num_samples: int
    """An epoch."""
    num_steps: int
    batch_size: int
    frames_from: str
    """Flags that give frames of the classes."""

    def __str__(self) -> str:
        share = self.num_trained / self.num_parameters
        needed = (self.weight_bytes + self.activation_bytes) / _GIB
        lines = [
            f'{self.network}: {self.num_parameters:,} parameters, {self.num_trained:,} trained '
            f'({share:.2%}): {", ".join(self.trained)}',
            f'memory: about {needed:.1f} GiB a process, {self.weight_bytes / _GIB:.1f} of weights '
            f'with gradients and moments, {self.activation_bytes / _GIB:.1f} of activations',
        ]
        if self.num_samples:
            an_epoch = self.num_samples / self.batch_size
            lines.append(
                f'{self.num_samples} samples an epoch, {an_epoch:.0f} steps of {self.batch_size}; '
                f'{self.num_steps} steps are {self.num_steps / an_epoch:.1f} epochs'
            )
        else:
            lines.append(
                f'{self.num_steps} steps of {self.batch_size}; no frames are given, so an epoch '
                f'has no length: give {self.frames_from}'
            )
        return '\n'.join(lines)


def dry_run(settings: TrainSettings, *, num_processes: int = 1) -> DryRun:
    """Measure a run on tensors without memory.

    Raises:
        ValueError: a tap that the network lacks, or another impossible setting.
        OSError: a given data set is not there.
    """
    with torch.device('meta'):
        network = build_network(settings, has_weights=False).train()
    trained = {name: each for name, each in network.named_parameters() if each.requires_grad}
    parameters = sum(each.numel() for each in network.parameters())
    num_trained = sum(each.numel() for each in trained.values())
    part = settings.batch_size // (settings.accumulation_steps * num_processes)
    return DryRun(
        network=settings.network.kind,
        num_parameters=parameters,
        num_trained=num_trained,
        trained=tuple(dict.fromkeys(map(_part_of, trained))),
        weight_bytes=4 * (parameters + 3 * num_trained),
        activation_bytes=_kept_bytes(network, settings, part) + _loss_bytes(settings, part),
        num_samples=_num_samples(settings),
        num_steps=settings.total_steps,
        batch_size=settings.batch_size,
        frames_from=_frames_from(settings.inliers.label_set),
    )


def _part_of(name: str) -> str:
    return name.removeprefix('closed_set.').partition('.')[0]


def _kept_bytes(network: AnomalyNetwork, settings: TrainSettings, part: int) -> int:
    """Bytes of activations that autograd keeps of a forward pass of `part` crops."""
    network.memory = None  # works in pieces that are computed again, and knows no meta tensors
    weights = {id(each) for each in network.parameters()}
    kept: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        if id(tensor) not in weights:
            kept[id(tensor)] = tensor  # the reference keeps the id from being used again
        return tensor

    image = torch.zeros(part, 3, *settings.crop_hw, device='meta')
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        network(image)
    per_number = 4 if settings.precision == 'fp32' else 2
    return sum(each.numel() for each in kept.values()) * per_number


def _loss_bytes(settings: TrainSettings, part: int) -> int:
    height, width = (side // settings.losses.loss_stride for side in settings.crop_hw)
    return 4 * _LOGIT_COPIES * part * 20 * height * width


def _frames_from(label_set: str) -> str:
    return (
        '--cityscapes, --camvid or --folder' if label_set == 'cityscapes' else f'--{label_set} DIR'
    )


def _num_samples(settings: TrainSettings) -> int:
    real = sum(len(each.frames) * each.repeats for each in open_inliers(settings.inliers))
    return real + settings.num_drives * settings.frames_per_drive
