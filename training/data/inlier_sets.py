"""The real labelled frames of a run: which sets, where they lie, how often each frame counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from hopfield_pebal_ros.contract.labels import LabelSet
from training.data.camvid import open_camvid
from training.data.cityscapes import Split, open_cityscapes
from training.data.coco20 import open_coco20
from training.data.frames import WeightedSource
from training.data.label_sets import LABEL_SETS, LabelSetName
from training.data.labelled_folder import open_labelled_folder
from training.data.labelled_set import DatasetError, LabelledSet
from training.data.streethazards import open_streethazards

_CLASSES_OF: Final[Mapping[str, LabelSetName]] = MappingProxyType(
    {
        'camvid': 'cityscapes',
        'cityscapes': 'cityscapes',
        'streethazards': 'streethazards',
        'coco20': 'coco20',
    }
)


@dataclass(frozen=True, kw_only=True)
class InlierSettings:
    """Sets that are trained on beside procedural drives; none is needed."""

    label_set: LabelSetName = 'cityscapes'
    """Classes that are taught. Other than Cityscapes': every set must have them, so procedural
    drives, CamVid and Cityscapes are out, and the run is measured and calibrated on the
    validation part of --streethazards or --coco20."""
    camvid: Path | None = None
    """CamVid, 11 classes: a folder with images/ and labels/, or train/ and trainannot/."""
    camvid_repeats: int = 3
    """How often each of its frames counts in an epoch; a rendered frame counts once."""
    cityscapes: Path | None = None
    """Cityscapes: a folder with leftImg8bit/ and gtFine/, PEBAL's flattened form, or images/ and
    labels/; labelIds or train ids."""
    cityscapes_splits: tuple[Split, ...] = ('train',)
    """Its parts; a folder of images/ and labels/ is taken whole."""
    cityscapes_repeats: int = 1
    """How often each of its frames counts in an epoch."""
    streethazards: Path | None = None
    """StreetHazards: a folder with train/images/ and train/annotations/."""
    streethazards_repeats: int = 1
    """How often each of its frames counts in an epoch."""
    coco20: Path | None = None
    """COCO 2017: a folder with train2017/ and the label files of COCO-Stuff in
    stuffthingmaps/train2017/; Pascal VOC's 20 objects are taught, everything else is ignored."""
    coco20_repeats: int = 1
    """How often each of its frames counts in an epoch."""
    folder: Path | None = None
    """Any set: a folder with images/ and labels/ of the same names."""
    folder_table: Path | None = None
    """What its ids mean, CSV with header id,name,class; default: FOLDER/label_table.csv."""
    folder_repeats: int = 1
    """How often each of its frames counts in an epoch."""

    def __post_init__(self) -> None:
        for name in (each for each in vars(self) if each.endswith('_repeats')):
            if getattr(self, name) < 1:
                raise ValueError(
                    f'{name} must be at least 1, got {getattr(self, name)}; leave the folder out '
                    'instead'
                )
        if not self.cityscapes_splits or (self.folder_table and self.folder is None):
            raise ValueError(
                'cityscapes_splits needs train or val, and folder_table needs a folder; got '
                f'{self.cityscapes_splits} and {self.folder_table}'
            )
        for name, classes in _CLASSES_OF.items():
            if getattr(self, name) is not None and self.label_set != classes:
                raise ValueError(
                    f'--{name} has the classes of {classes}, but --label-set is '
                    f'{self.label_set}; give one of them alone'
                )

    @property
    def classes(self) -> LabelSet:
        return LABEL_SETS[self.label_set]


def open_inliers(settings: InlierSettings) -> list[WeightedSource]:
    """Find the files of every set that is given; nothing but a few masks is read.

    Raises:
        DatasetError: a set has no pair, or what its ids mean is not to be told.
    """
    sources = []
    if settings.camvid is not None:
        sources.append(WeightedSource(open_camvid(settings.camvid), settings.camvid_repeats))
    if settings.cityscapes is not None:
        cityscapes = open_cityscapes(settings.cityscapes, settings.cityscapes_splits)
        sources.append(WeightedSource(cityscapes, settings.cityscapes_repeats))
    if settings.streethazards is not None:
        towns = open_streethazards(settings.streethazards)
        sources.append(WeightedSource(towns, settings.streethazards_repeats))
    if settings.coco20 is not None:
        sources.append(WeightedSource(open_coco20(settings.coco20), settings.coco20_repeats))
    if settings.folder is not None:
        folder = open_labelled_folder(settings.folder, settings.folder_table, settings.classes)
        sources.append(WeightedSource(folder, settings.folder_repeats))
    return sources


def validation_part(settings: InlierSettings) -> LabelledSet:
    """Find the validation part of the set whose classes are taught.

    Raises:
        DatasetError: there is no such set among the settings, or its part is not there.
    """
    if settings.streethazards is not None:
        return open_streethazards(settings.streethazards, 'validation')
    if settings.coco20 is not None:
        return open_coco20(settings.coco20, 'val2017')
    raise DatasetError(
        f'a run on the classes of {settings.label_set} is measured and calibrated on the '
        f'validation part of that set: give --{settings.label_set} DIR'
    )
