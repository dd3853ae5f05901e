"""The classes that a network can be taught: Cityscapes, StreetHazards, and 20 of COCO."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from hopfield_pebal_ros.contract.labels import CITYSCAPES, InlierClass, LabelSet

STREETHAZARDS: Final = LabelSet(
    (
        InlierClass('unlabelled', (0, 0, 0)),
        InlierClass('building', (70, 70, 70)),
        InlierClass('fence', (190, 153, 153)),
        InlierClass('other', (250, 170, 160)),
        InlierClass('person', (220, 20, 60)),
        InlierClass('pole', (153, 153, 153)),
        InlierClass('road line', (157, 234, 50)),
        InlierClass('road', (128, 64, 128)),
        InlierClass('sidewalk', (244, 35, 232)),
        InlierClass('vegetation', (107, 142, 35)),
        InlierClass('car', (0, 0, 142)),
        InlierClass('wall', (102, 102, 156)),
        InlierClass('traffic sign', (220, 220, 0)),
    )
)
"""The 13 classes that the authors train on, 'unlabelled' and 'other' among them."""

COCO20: Final = LabelSet(
    (
        InlierClass('person', (192, 128, 128)),
        InlierClass('bicycle', (0, 128, 0)),
        InlierClass('car', (128, 128, 128)),
        InlierClass('motorcycle', (64, 128, 128)),
        InlierClass('airplane', (128, 0, 0)),
        InlierClass('bus', (0, 128, 128)),
        InlierClass('train', (128, 192, 0)),
        InlierClass('boat', (0, 0, 128)),
        InlierClass('bird', (128, 128, 0)),
        InlierClass('cat', (64, 0, 0)),
        InlierClass('dog', (64, 0, 128)),
        InlierClass('horse', (192, 0, 128)),
        InlierClass('sheep', (128, 64, 0)),
        InlierClass('cow', (64, 128, 0)),
        InlierClass('bottle', (128, 0, 128)),
        InlierClass('chair', (192, 0, 0)),
        InlierClass('couch', (0, 192, 0)),
        InlierClass('potted plant', (0, 64, 0)),
        InlierClass('dining table', (192, 128, 0)),
        InlierClass('tv', (0, 64, 128)),
    )
)
"""Pascal VOC's 20 of COCO's 80 objects, in COCO's order and VOC's colours."""

LabelSetName = Literal['cityscapes', 'streethazards', 'coco20']

LABEL_SETS: Final[Mapping[LabelSetName, LabelSet]] = MappingProxyType(
    {'cityscapes': CITYSCAPES, 'streethazards': STREETHAZARDS, 'coco20': COCO20}
)
