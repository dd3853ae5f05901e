"""Weights that a run begins with: of a published file, or of an earlier run."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from training.models.espnetv2_weights import load_espnetv2
from training.models.tapped_network import TappedNetwork
from training.network_settings import NetworkSettings


@dataclass(frozen=True)
class TakenWeights:
    """What a network took over from a file."""

    taken: int
    """Tensors that fit by name and shape."""
    unused: tuple[str, ...]
    """Names in the file that the network lacks or has in another shape."""
    random: tuple[str, ...]
    """Names of the network that stay as they were."""

    def __str__(self) -> str:
        parts = [f'{self.taken} tensors taken']
        for what, names in (('left in the file', self.unused), ('start at random', self.random)):
            if names:
                parts.append(f'{len(names)} {what} ({", ".join(names[:3])}, ...)')
        return ', '.join(parts)


def take_matching(network: nn.Module, weights: Mapping[str, Tensor], path: Path) -> TakenWeights:
    """Copy every tensor that fits by name and shape.

    Raises:
        ValueError: none fits.
    """
    own = network.state_dict()
    fitting = {
        name: tensor
        for name, tensor in weights.items()
        if name in own and own[name].shape == tensor.shape
    }
    if not fitting:
        raise ValueError(
            f'no tensor of {path} fits this network; it holds {", ".join(sorted(weights)[:3])}, '
            f'..., the network {", ".join(sorted(own)[:3])}, ...'
        )
    network.load_state_dict(fitting, strict=False)
    return TakenWeights(
        len(fitting),
        tuple(sorted(set(weights) - set(fitting))),
        tuple(sorted(set(own) - set(fitting))),
    )


def take_published(closed_set: TappedNetwork, settings: NetworkSettings) -> None:
    """Load the file that the settings name, if they name one.

    Raises:
        OSError: it cannot be read.
        ValueError: it belongs to another network.
    """
    path = settings.weights
    if path is None:
        return
    if settings.kind == 'espnetv2':
        found = load_espnetv2(path)
        if found.tap_widths != getattr(closed_set, 'tap_widths', None):
            raise ValueError(
                f'{path} is of another width factor than {settings.width_factor}; '
                'set --network.width-factor to that in its name'
            )
        closed_set.load_state_dict(found.state_dict())
    elif settings.kind == 'lraspp':
        take_matching(closed_set, _state_dict(path), path)
    else:
        raise ValueError(
            f'no weights are published for the network {settings.kind!r}; leave --network.weights '
            'out, or use --start-from for a checkpoint'
        )


def _state_dict(path: Path) -> Mapping[str, Tensor]:
    if not path.is_file():
        raise FileNotFoundError(f'no weights {path}; give a state dict of torchvision')
    try:
        weights = torch.load(path, map_location='cpu', weights_only=True)
    except OSError:
        raise
    except Exception as error:  # a damaged file makes the unpickler raise almost anything
        raise ValueError(f'{path} is no state dict ({type(error).__name__})') from error
    if not isinstance(weights, dict) or not all(isinstance(x, Tensor) for x in weights.values()):
        raise ValueError(f'{path} is no state dict, a dictionary of tensors')
    return weights
