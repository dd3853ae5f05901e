"""Start a network from a published or converted weight file."""

from pathlib import Path

from training.checkpoint_files.containers import named_tensors
from training.checkpoint_files.fitting import Fit, fit
from training.checkpoint_files.recognition import form_of
from training.checkpoint_files.weight_file import read_document
from training.models.tapped_network import TappedNetwork


def load_weights(
    path: Path, network: TappedNetwork, *, kind: str, has_new_outputs: bool = False
) -> Fit:
    """Load a file of any kind known for this network, and say what was taken.

    Args:
        path: of torch.save in any published container, or safetensors.
        network: with random weights, which stay where the file has none.
        kind: name of the network, a key of `NETWORKS`.
        has_new_outputs: whether all outputs start at random, as for other classes.

    Raises:
        FileNotFoundError: no such file.
        WeightFileError: it cannot be used; the network is unchanged.
    """
    tensors = named_tensors(read_document(path), path).tensors
    form = form_of(tensors, path=path, network=kind)
    return fit(tensors, form, network, path=path, has_new_outputs=has_new_outputs)
