"""Load the published Cityscapes weights of ESPNetv2, strictly."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from training.models.espnetv2 import ENCODER_WIDTHS, ESPNetv2

NUM_CLASSES: Final = 19
"""Cityscapes train ids; the files have one output more, the background."""

_WIDTH_KEYS: Final = ('base_net.level2_0.act.weight', 'base_net.level1.act.weight')
_OUTPUT_KEY: Final = 'bu_dec_l4.merge_layer.3.bias'
_REMEDY: Final = (
    'give espnetv2_s_S_city_1024x512.pth of sacmehta/EdgeNets, '
    f'S one of {", ".join(map(str, sorted(ENCODER_WIDTHS)))}'
)


def load_espnetv2(path: Path) -> ESPNetv2:
    """Return the network of a published file, in evaluation mode.

    Args:
        path: state dict as `espnetv2_s_2.0_city_1024x512.pth` of EdgeNets; the width factor is
            read from its shapes.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not such a file.
    """
    weights = _state_dict(path)
    network = ESPNetv2(width_factor=_width_factor(weights, path), num_classes=NUM_CLASSES)
    try:
        network.load_state_dict(dict(weights))
    except RuntimeError as error:
        raise _foreign(path, str(error)) from error
    return network.eval()


def _state_dict(path: Path) -> Mapping[str, Tensor]:
    if not path.is_file():
        raise FileNotFoundError(f'no weights {path}; {_REMEDY}')
    try:
        weights = torch.load(path, map_location='cpu', weights_only=True)
    except PermissionError:
        raise
    except Exception as error:  # a damaged file makes torch raise almost anything, OSError too
        raise _foreign(path, f'torch cannot read it ({type(error).__name__})') from error
    if not isinstance(weights, dict) or not all(isinstance(x, Tensor) for x in weights.values()):
        raise _foreign(path, 'it is not a dictionary of tensors')
    return weights


def _width_factor(weights: Mapping[str, Tensor], path: Path) -> float:
    missing = [key for key in (*_WIDTH_KEYS, _OUTPUT_KEY) if key not in weights]
    if missing:
        raise _foreign(path, f'it has no {missing[0]!r}')
    num_outputs = len(weights[_OUTPUT_KEY])
    if num_outputs != NUM_CLASSES + 1:
        raise _foreign(path, f'it has {num_outputs} outputs')
    found = tuple(len(weights[key]) for key in _WIDTH_KEYS)
    for factor, widths in ENCODER_WIDTHS.items():
        if found == (widths[1], widths[0]):
            return factor
    raise _foreign(path, f'it has {found[0]} channels at stride 4')


def _foreign(path: Path, reason: str) -> ValueError:
    return ValueError(
        f'{path} is not an ESPNetv2 Cityscapes file of {NUM_CLASSES + 1} outputs: {reason}; '
        f'{_REMEDY}'
    )
