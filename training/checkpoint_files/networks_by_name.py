"""The closed-set networks by name, and the arguments that a weight file implies."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from torch import Tensor

from training.models.deeplabv3plus import DeepLabV3Plus
from training.models.deepwv3plus import DeepWV3Plus
from training.models.espnetv2 import ENCODER_WIDTHS, ESPNetv2
from training.models.ladder_densenet import LadderDenseNet
from training.models.lraspp import LRASPP
from training.models.tapped_network import TappedNetwork

NETWORKS: Final[Mapping[str, Callable[..., TappedNetwork]]] = MappingProxyType(
    {
        'deepwv3plus': DeepWV3Plus,
        'ladder-densenet121': LadderDenseNet,
        'deeplabv3plus-resnet50': partial(DeepLabV3Plus, depth=50),
        'deeplabv3plus-resnet101': partial(DeepLabV3Plus, depth=101),
        'lraspp': LRASPP,
        'espnetv2': ESPNetv2,
    }
)

ALWAYS_ABSTAINING: Final = frozenset({'lraspp', 'espnetv2'})
"""Networks that always have output K + 1."""

_STEM_WEIGHT: Final = 'mod1.conv1.weight'
_LEVEL1_NORM: Final = 'base_net.level1.act.weight'
_LEVEL2_NORM: Final = 'base_net.level2_0.act.weight'


def implied_arguments(network: str, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """Return constructor arguments that follow from a file's tensors, other than its outputs."""
    if network == 'espnetv2':
        found = tuple(len(tensors[key]) for key in (_LEVEL1_NORM, _LEVEL2_NORM) if key in tensors)
        widths = (factor for factor, each in ENCODER_WIDTHS.items() if each[:2] == found)
        return {'width_factor': next(widths, max(ENCODER_WIDTHS))}
    if network in ('deepwv3plus', 'ladder-densenet121') and 'logits_ood.conv.weight' in tensors:
        return {'has_posterior': True} | _width(network, tensors)
    return _width(network, tensors)


def _width(network: str, tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    if network != 'deepwv3plus' or _STEM_WEIGHT not in tensors:
        return {}
    return {'width': len(tensors[_STEM_WEIGHT])}
