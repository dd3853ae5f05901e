"""Every kind of published weight file: which network it is for, and what of it is used."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

_AUXILIARY: Final = 'auxiliary head of training'
_LABELS: Final = 'classifier of other classes'


@dataclass(frozen=True, kw_only=True)
class FileForm:
    """How the keys of one kind of file become the keys of a network."""

    name: str
    network: str
    """A key of `NETWORKS`."""
    outputs: tuple[str, ...]
    """Keys of the network whose rows are outputs."""
    dropped: Mapping[str, str] = field(default_factory=dict)
    """Prefix of keys that are not taken, to the reason."""
    renamed: Callable[[str], str] = str
    """Key of the file, without wrappers, to key of the network."""
    initialised: tuple[str, ...] = ()
    """Prefixes of the network's keys that no such file has."""


def _densenet_key(key: str) -> str:
    """Torchvision's first files say norm.1 and conv.1 for what is norm1 and conv1 now."""
    return 'backbone.' + re.sub(r'(denselayer\d+)\.(norm|conv)\.(\d)', r'\1.\2\3', key)


_DEEPWV3PLUS_OUTPUTS: Final = ('final.6.weight',)
_LADDER_OUTPUTS: Final = ('logits.conv.weight', 'logits.conv.bias')
_DEEPLAB_OUTPUTS: Final = ('classifier.weight', 'classifier.bias')
_LRASPP_OUTPUTS: Final = tuple(
    f'classifier.{head}_classifier.{part}'
    for head in ('low', 'high')
    for part in ('weight', 'bias')
)
_ESPNETV2_OUTPUTS: Final = ('bu_dec_l4.merge_layer.3.weight', 'bu_dec_l4.merge_layer.3.bias')


def _resnet_forms(depth: int) -> tuple[FileForm, FileForm]:
    network, decoder = f'deeplabv3plus-resnet{depth}', ('fine.', 'decoder.', 'classifier.')
    return (
        FileForm(
            name=f'ImageNet resnet{depth} of torchvision',
            network=network,
            outputs=_DEEPLAB_OUTPUTS,
            dropped={'fc.': _LABELS},
            renamed=lambda key: f'backbone.{key}',
            initialised=('aspp.', *decoder),
        ),
        FileForm(
            name=f'deeplabv3_resnet{depth} of torchvision',
            network=network,
            outputs=_DEEPLAB_OUTPUTS,
            dropped={
                'aux_classifier.': _AUXILIARY,
                **{f'classifier.{layer}.': 'head without decoder' for layer in (1, 2, 4)},
            },
            renamed=lambda key: re.sub(r'^classifier\.0\.', 'aspp.', key),
            initialised=decoder,
        ),
    )


FORMS: Final = (
    FileForm(
        name='DeepWV3Plus of NVIDIA, PEBAL, RPL, Meta-OoD, DenseHybrid or Hopfield-PEBAL',
        network='deepwv3plus',
        outputs=_DEEPWV3PLUS_OUTPUTS,
        dropped={
            'criterion.': 'weights of a training loss',
            'dsn.': _AUXILIARY,
            'final2.': _AUXILIARY,
            'bn_out.': 'classifier of ImageNet',
            'classifier.': 'classifier of ImageNet',
            'residual_block.': 'residual block of RPL',
        },
    ),
    FileForm(
        name='ImageNet WideResNet-38 of NVIDIA',
        network='deepwv3plus',
        outputs=_DEEPWV3PLUS_OUTPUTS,
        dropped={'bn_out.': _LABELS, 'classifier.': _LABELS},
        initialised=('aspp.', 'bot_fine.', 'bot_aspp.', 'final.'),
    ),
    FileForm(
        name='ladder DenseNet-121 of DenseHybrid',
        network='ladder-densenet121',
        outputs=_LADDER_OUTPUTS,
        dropped={
            f'upsample.upsample_layers.upsample_{rung}.logits_aux.': _AUXILIARY
            for rung in range(3)
        },
    ),
    FileForm(
        name='ImageNet densenet121 of torchvision',
        network='ladder-densenet121',
        outputs=_LADDER_OUTPUTS,
        dropped={'features.norm5.': 'norm before the classifier', 'classifier.': _LABELS},
        renamed=_densenet_key,
        initialised=('spp.', 'upsample.', 'logits.'),
    ),
    *_resnet_forms(50),
    *_resnet_forms(101),
    FileForm(
        name='lraspp_mobilenet_v3_large of torchvision',
        network='lraspp',
        outputs=_LRASPP_OUTPUTS,
    ),
    FileForm(
        name='ImageNet mobilenet_v3_large of torchvision',
        network='lraspp',
        outputs=_LRASPP_OUTPUTS,
        dropped={'classifier.': _LABELS},
        renamed=lambda key: f'backbone.{key.removeprefix("features.")}',
        initialised=('classifier.',),
    ),
    FileForm(name='ESPNetv2 of EdgeNets', network='espnetv2', outputs=_ESPNETV2_OUTPUTS),
)
