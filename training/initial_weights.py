"""Weights that a run begins with: of a published file, or of an earlier run."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from training.checkpoint_files.containers import named_tensors
from training.checkpoint_files.file_forms import FORMS
from training.checkpoint_files.loading import load_weights
from training.checkpoint_files.weight_file import read_document
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


def fitting_files(settings: NetworkSettings) -> str:
    """Return which published files the network can start from, for messages; '' where none is."""
    if settings.kind == 'segmenter':
        return f'state dict of {settings.encoder} of timm'
    return ', '.join(form.name for form in FORMS if form.network == settings.kind)


def take_published(closed_set: TappedNetwork, settings: NetworkSettings) -> None:
    """Load the file that the settings name, if they name one.

    Raises:
        OSError: it is not there, or cannot be read.
        ValueError: it belongs to another network.
    """
    path = settings.weights
    if path is None:
        return
    if settings.kind == 'ladder':
        raise ValueError(
            "no weights are published for the network 'ladder'; leave --network.weights "
            'out, or use --start-from for a checkpoint'
        )
    if not path.is_file():
        raise FileNotFoundError(
            f'no weight file {path}; put one there that {settings.kind} starts from: '
            f'{fitting_files(settings)}. torchvision keeps those it has fetched in '
            f'{torch.hub.get_dir()}/checkpoints. Without --network.weights all weights start at '
            'random'
        )
    if settings.kind == 'segmenter':
        encoder = cast('nn.Module', closed_set.encoder)
        take_matching(encoder, named_tensors(read_document(path), path).tensors, path)
        return
    fit = load_weights(
        path, closed_set, kind=settings.kind, has_new_outputs=settings.has_new_outputs
    )
    if fit.dropped or fit.initialised:
        logging.getLogger(__name__).warning('%s: %s', path, fit)
