"""Which network an embedding comes from: a hash over the state of the parts that make it."""

import hashlib
from collections.abc import Mapping

import torch
from torch import Tensor, nn


def embedding_sha256(network: nn.Module, parts: tuple[str, ...]) -> str:
    """Return the hash of the parts that make the embedding, weights and statistics.

    Args:
        network: the whole network.
        parts: attribute names of those parts, such as closed_set and embedding.

    Raises:
        ValueError: a part that the network does not have, or one without any state.
    """
    state = network.state_dict()
    for part in parts:
        if not any(name.startswith(f'{part}.') for name in state):
            raise ValueError(f'the network has no state of a part {part!r}')
    prefixes = tuple(f'{part}.' for part in parts)
    return state_sha256({name: state[name] for name in state if name.startswith(prefixes)})


def state_sha256(state: Mapping[str, Tensor]) -> str:
    """Return the hash over names, shapes, types and bytes of all tensors, in order of name."""
    digest = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        digest.update(f'{name} {tuple(tensor.shape)} {tensor.dtype}'.encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
