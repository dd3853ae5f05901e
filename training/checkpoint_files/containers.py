"""Find the named tensors in whatever a training program wrapped them in."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from torch import Tensor

from training.checkpoint_files.weight_file import WeightFileError

CONTAINER_KEYS: Final = ('state_dict', 'model')
"""Where NVIDIA, Hopfield-PEBAL and Meta-OoD, and where PEBAL and RPL put the weights."""

WRAPPERS: Final = ('module.', 'branch1.', 'segmentation_model.')
"""Key prefixes of DataParallel, PEBAL and Hopfield-PEBAL, in any sequence."""

_OF_HOPFIELD_PEBAL: Final = 'segmentation_model.'


@dataclass(frozen=True)
class NamedTensors:
    """The weights of one network, without wrappers."""

    container: str
    """Where they were: `state_dict`, `model` or `bare`."""
    tensors: Mapping[str, Tensor]
    dropped: Mapping[str, str]
    """Key in the file to the reason why it is not in `tensors`."""


def named_tensors(document: object, path: Path) -> NamedTensors:
    """Unwrap the content of a weight file.

    Args:
        document: as `read_document` returns it.
        path: for messages.

    Raises:
        WeightFileError: there is no dictionary of tensors, or two keys become one.
    """
    container, weights = _contained(document, path)
    is_part = any(_OF_HOPFIELD_PEBAL in key for key in weights)
    tensors: dict[str, Tensor] = {}
    dropped = {}
    for key, value in weights.items():
        name = unwrapped(key)
        if not isinstance(value, Tensor):
            dropped[key] = f'{type(value).__name__}, not a tensor'
        elif is_part and _OF_HOPFIELD_PEBAL not in key:
            dropped[key] = 'outside segmentation_model'
        elif name in tensors:
            raise WeightFileError(f'{path} has {name} twice, under different prefixes')
        else:
            tensors[name] = value
    if not tensors:
        raise WeightFileError(
            f'{path} holds no tensors, only {", ".join(sorted(map(str, weights))[:5])}; '
            'give a file with a state dict'
        )
    return NamedTensors(container, tensors, dropped)


def unwrapped(key: str) -> str:
    """Return a key without any sequence of `WRAPPERS` in front."""
    while prefix := next((each for each in WRAPPERS if key.startswith(each)), None):
        key = key.removeprefix(prefix)
    return key


def _contained(document: object, path: Path) -> tuple[str, Mapping[str, object]]:
    if isinstance(document, Mapping):
        for name in CONTAINER_KEYS:
            if isinstance(document.get(name), Mapping):
                return name, document[name]
        return 'bare', document
    raise WeightFileError(
        f'{path} holds a {type(document).__name__}, not a dictionary of tensors; '
        'where it was made, save model.state_dict()'
    )
