"""The real labelled frames of a run: which sets, where they lie, how often each frame counts."""

from dataclasses import dataclass
from pathlib import Path

from training.data.camvid import open_camvid
from training.data.cityscapes import Split, open_cityscapes
from training.data.frames import WeightedSource
from training.data.labelled_folder import open_labelled_folder


@dataclass(frozen=True, kw_only=True)
class InlierSettings:
    """Sets that are trained on beside procedural drives; none is needed."""

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
    folder: Path | None = None
    """Any set: a folder with images/ and labels/ of the same names."""
    folder_table: Path | None = None
    """What its ids mean, CSV with header id,name,class; default: FOLDER/label_table.csv."""
    folder_repeats: int = 1
    """How often each of its frames counts in an epoch."""

    def __post_init__(self) -> None:
        for name in ('camvid_repeats', 'cityscapes_repeats', 'folder_repeats'):
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
    if settings.folder is not None:
        folder = open_labelled_folder(settings.folder, settings.folder_table)
        sources.append(WeightedSource(folder, settings.folder_repeats))
    return sources
