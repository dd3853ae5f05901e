"""Objects of known classes, to be pasted like outliers: else a paste alone would mean outlier."""

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np

from hopfield_pebal_ros.contract.labels import CITYSCAPES
from training.data.frames import FrameSource
from training.data.outliers.cut_out import CutOut, cut_out

_OBJECT_CLASSES: Final = (
    *('person', 'rider', 'car', 'truck', 'bus', 'train', 'motorcycle', 'bicycle'),
    *('traffic sign', 'traffic light', 'pole'),
)
_COCO_NAMES: Final = {
    **dict(enumerate(('person', 'bicycle', 'car', 'motorcycle'))),
    **{5: 'bus', 6: 'train', 7: 'truck', 9: 'traffic light', 11: 'traffic sign'},
}

TRAIN_IDS_OF_COCO: Final = MappingProxyType(
    {coco_id: CITYSCAPES.id_of(name) for coco_id, name in _COCO_NAMES.items()}
)
"""Of the 80 COCO classes as YOLO counts them; a stop sign is a traffic sign."""


class StreetObjects:
    """Connected regions of one object class in labelled street frames."""

    def __init__(self, sources: Sequence[FrameSource]) -> None:
        self._sources = tuple(sources)
        self.name = 'the training frames'

    def __len__(self) -> int:
        return sum(len(source) for source in self._sources)

    def cut_outs(self, index: int) -> tuple[CutOut, ...]:
        for source in self._sources:
            if index < len(source):
                frame = source[index]
                break
            index -= len(source)
        found = []
        for name in _OBJECT_CLASSES:
            train_id = CITYSCAPES.id_of(name)
            mask = (frame.label_map == train_id).astype(np.uint8)
            count, regions = cv2.connectedComponents(mask)
            for region in range(1, count):
                cover = (regions == region).astype(np.uint8) * np.uint8(255)
                cut = cut_out(frame.image_rgb, cover)
                if cut is not None:
                    found.append(replace(cut, train_id=train_id))
        return tuple(found)
