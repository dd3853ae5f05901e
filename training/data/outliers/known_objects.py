"""Draw objects of known classes: of street frames, of YOLO polygons, vehicles above all."""

from collections.abc import Sequence

import numpy as np

from hopfield_pebal_ros.contract.labels import CITYSCAPES
from training.data.compositing import with_turned_hue
from training.data.frames import FrameSource
from training.data.outlier_exposure import OutlierExposure
from training.data.outliers.cut_out import CutOut, OutlierSource
from training.data.outliers.object_pool import ObjectPool
from training.data.outliers.street_objects import TRAIN_IDS_OF_COCO, StreetObjects
from training.data.outliers.yolo_polygons import YoloPolygons


class KnownObjects:
    """A random known object, perhaps in other colours than its own."""

    def __init__(self, settings: OutlierExposure, frames: Sequence[FrameSource]) -> None:
        """Open the sources.

        Args:
            settings: shares, and the YOLO folder where one is given.
            frames: street frames to cut objects out of.

        Raises:
            ValueError: a source has no such object, or a file cannot be read.
        """
        self._settings = settings
        self._vehicles: OutlierSource | None = None
        self._all: list[OutlierSource] = [ObjectPool(StreetObjects(frames))]
        yolo = settings.sources.yolo
        if yolo is not None:
            train_ids = dict(TRAIN_IDS_OF_COCO)
            self._all.append(ObjectPool(YoloPolygons(yolo, train_ids=train_ids)))
            if settings.vehicle_share:
                vehicles = {
                    coco_id: train_id
                    for coco_id, train_id in train_ids.items()
                    if CITYSCAPES.names[train_id] in ('car', 'truck', 'bus', 'train')
                }
                self._vehicles = ObjectPool(YoloPolygons(yolo, train_ids=vehicles))

    def draw(self, rng: np.random.Generator, size_px: int) -> CutOut:
        settings = self._settings
        if self._vehicles is not None and rng.random() < settings.vehicle_share:
            found = self._vehicles.draw(rng, size_px)
        else:
            found = self._all[rng.integers(len(self._all))].draw(rng, size_px)
        if settings.turned_hue_share and rng.random() < settings.turned_hue_share:
            return with_turned_hue(found, degrees=rng.uniform(0, 360))
        return found
