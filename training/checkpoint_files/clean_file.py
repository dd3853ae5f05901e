"""A converted weight file: safetensors with the network's name and arguments inside."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from training.checkpoint_files.networks_by_name import NETWORKS
from training.checkpoint_files.weight_file import WeightFileError, read_document
from training.models.tapped_network import TappedNetwork

METADATA_KEY: Final = 'hopfield_pebal_ros.network'


@dataclass(frozen=True, kw_only=True)
class CleanNetwork:
    """What a converted file says of its network."""

    network: str
    """A key of `NETWORKS`."""
    arguments: Mapping[str, Any]
    """Of its constructor."""
    source: str
    """Name of the file that was converted."""
    source_sha256: str

    def build(self) -> TappedNetwork:
        """Return the network with random weights."""
        return NETWORKS[self.network](**self.arguments)


def save_clean(state: Mapping[str, Tensor], described: CleanNetwork, path: Path) -> None:
    """Write a file whole or not at all.

    Raises:
        OSError: the folder cannot be written.
    """
    partial = path.with_name(f'{path.name}.partial')
    try:
        save_file(dict(state), partial, metadata={METADATA_KEY: json.dumps(vars(described))})
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def load_clean(path: Path) -> TappedNetwork:
    """Return the network of a converted file with its weights, in evaluation mode.

    Raises:
        FileNotFoundError: no such file.
        WeightFileError: damaged, or not written by training.convert_checkpoint.
    """
    document = read_document(path)
    with safe_open(path, framework='pt') as file:
        text = (file.metadata() or {}).get(METADATA_KEY)
    if text is None or not isinstance(document, dict):
        raise WeightFileError(
            f'{path} says nothing of its network; write it with '
            'python -m training.convert_checkpoint FILE --out clean.safetensors'
        )
    network = CleanNetwork(**json.loads(text)).build()
    network.load_state_dict(document)
    return network.eval()
