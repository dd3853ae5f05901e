"""Where pasted objects come from: the sources that are given, each with its share."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.data.outliers.ade20k import Ade20kPatches
from training.data.outliers.coco import CocoObjects
from training.data.outliers.cut_out import CutOut, OutlierSource
from training.data.outliers.mask_folder import MaskFolder
from training.data.outliers.object_pool import ObjectPool
from training.data.outliers.procedural import ProceduralObjects
from training.data.outliers.region_folder import RegionFolder
from training.data.outliers.yolo_polygons import TRAFFIC_IDS, YoloPolygons


@dataclass(frozen=True, kw_only=True)
class OutlierSources:
    """Paths of outlier sets; a share counts relative to those of the other given sources."""

    procedural_share: float = 1.0
    """Of drawn objects; they need no files."""
    coco: Path | None = None
    """DIR/annotations/instances_train2017.json, pictures in DIR/train2017/; objects outside
    traffic."""
    coco_share: float = 1.0
    yolo: Path | None = None
    """Folder with images/ and labels/ (YOLO polygons), as COCO128-seg."""
    yolo_share: float = 1.0
    yolo_excluded_ids: tuple[int, ...] = TRAFFIC_IDS
    """Class ids that are traffic, never outliers; default: those of COCO's 80 classes."""
    masks: Path | None = None
    """Folder with images/, inst/ (PNG of object numbers) and perhaps label/ (PNG of classes)."""
    masks_share: float = 1.0
    masks_class_range: tuple[int, int] = (14, 90)
    """First and last id of label/ that are outliers; default: COCO-Stuff's things after its
    street furniture."""
    regions: Path | None = None
    """Folder with images/ and groundTruth/ (BSDS500): regions off the border, 0.6 to 30 % of a
    picture."""
    regions_share: float = 1.0
    ade20k: Path | None = None
    """ADEChallengeData2016 with images/ and annotations/: rectangles and class unions, as
    DenseHybrid."""
    ade20k_share: float = 1.0

    def __post_init__(self) -> None:
        shares = [getattr(self, name) for name in vars(self) if name.endswith('_share')]
        if min(shares) < 0:
            raise ValueError(f'shares of outlier sources must not be negative, got {min(shares)}')


class OutlierMixture:
    """A random object of a random source."""

    def __init__(self, settings: OutlierSources) -> None:
        """Open the sources whose share is above 0.

        Raises:
            FileNotFoundError: a given path has nothing usable; the message says what was sought.
            ValueError: no source is left, or a file cannot be read.
        """
        opened = list(_open_sources(settings))
        if not opened:
            raise ValueError(
                'no outlier source has a share above 0; give the path of a set, or raise '
                '--exposure.procedural-share'
            )
        self._sources = [source for _, source in opened]
        shares = np.cumsum([share for share, _ in opened])
        self._bounds = shares / shares[-1]

    def draw(self, rng: np.random.Generator, size_px: int) -> CutOut:
        place = 0
        if len(self._sources) > 1:
            place = int(np.searchsorted(self._bounds[:-1], rng.random(), side='right'))
        return self._sources[place].draw(rng, size_px)


def _open_sources(settings: OutlierSources) -> Iterator[tuple[float, OutlierSource]]:
    if settings.procedural_share:
        yield settings.procedural_share, ProceduralObjects()
    if settings.coco and settings.coco_share:
        yield settings.coco_share, ObjectPool(CocoObjects(settings.coco))
    if settings.yolo and settings.yolo_share:
        polygons = YoloPolygons(settings.yolo, excluded_ids=settings.yolo_excluded_ids)
        yield settings.yolo_share, ObjectPool(polygons)
    if settings.masks and settings.masks_share:
        masks = MaskFolder(settings.masks, class_range=settings.masks_class_range)
        yield settings.masks_share, ObjectPool(masks)
    if settings.regions and settings.regions_share:
        yield settings.regions_share, ObjectPool(RegionFolder(settings.regions))
    if settings.ade20k and settings.ade20k_share:
        yield settings.ade20k_share, Ade20kPatches(settings.ade20k)
