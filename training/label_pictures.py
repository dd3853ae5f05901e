"""python -m training.label_pictures --model M --pictures DIR [DIR ...] --out FOLDER: label them.

A deployable file labels pictures that nobody labelled, for another network to be trained on
(`training.train --folder FOLDER`). Pixels of low energy get the class, those of high energy are
outliers, those between are void. FOLDER gets images/, labels/ and label_table.csv. The pictures of
--yolo DIR are labelled too, and their outlined objects are taken from the outlines.
"""

import csv
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import tyro
from tqdm import tqdm

from hopfield_pebal_ros.contract.labels import CITYSCAPES, IGNORE_ID, OUTLIER_ID
from hopfield_pebal_ros.inference.detector import AnomalyDetector
from hopfield_pebal_ros.inference.engine import Tuning
from training.data.frames import Frame, read_image_rgb
from training.data.labelled_folder import TABLE_NAME
from training.data.outliers.mixture import OutlierSources
from training.data.outliers.picture_files import find_pictures
from training.data.outliers.street_objects import TRAIN_IDS_OF_COCO
from training.data.outliers.yolo_scenes import YoloScenes


@dataclass(frozen=True, kw_only=True)
class LabelArguments:
    """Who labels what."""

    model: Path
    """The deployable file that knows."""
    out: Path
    """The folder to write, which must not be there yet."""
    pictures: tuple[Path, ...] = ()
    """Folders of pictures."""
    yolo: tuple[Path, ...] = ()
    """Folders with images/ and labels/ of YOLO polygons inside."""
    known_below: float = 2.0
    """Inlier standard deviations above the inlier mean up to which the class is believed."""
    outlier_above: float = 6.0
    """The same from which on a pixel is an outlier."""
    num_threads: int = 0
    """Of inference; 0: as many as there are cores."""

    def __post_init__(self) -> None:
        if not (self.pictures or self.yolo):
            raise ValueError('nothing to label: give --pictures or --yolo')
        if not self.known_below <= self.outlier_above:
            raise ValueError(
                'known_below must not be above outlier_above, got '
                f'{self.known_below} and {self.outlier_above}'
            )


def label_pictures(arguments: LabelArguments) -> npt.NDArray[np.int64]:
    """Write the folder; return how often each id occurs in it, (256,).

    Raises:
        FileExistsError: the folder is there.
        FileNotFoundError: a folder has no picture.
    """
    if arguments.out.exists():
        raise FileExistsError(f'{arguments.out} is there already; choose another --out')
    tuning = Tuning(num_threads=arguments.num_threads)
    detector = AnomalyDetector.open(arguments.model, tuning=tuning)
    counts = np.zeros(256, np.int64)
    try:
        for name in ('images', 'labels'):
            (arguments.out / name).mkdir(parents=True)
        frames = list(_frames(arguments))
        for number, (path, known) in enumerate(tqdm(frames, unit='picture')):
            image_rgb = read_image_rgb(path)
            label_map = pseudo_labels(detector, image_rgb, arguments)
            if known is not None:
                outlined = known.label_map
                label_map = np.where(outlined == IGNORE_ID, label_map, outlined)
            counts += np.bincount(label_map.ravel(), minlength=256)
            stem = f'{number:05d}_{path.stem}'
            shutil.copyfile(path, arguments.out / 'images' / f'{stem}{path.suffix}')
            _write_png(arguments.out / 'labels' / f'{stem}.png', label_map)
    finally:
        detector.close()
    _write_table(arguments.out / TABLE_NAME)
    return counts


def pseudo_labels(
    detector: AnomalyDetector, image_rgb: npt.NDArray[np.uint8], arguments: LabelArguments
) -> npt.NDArray[np.uint8]:
    """Return what the detector takes each pixel for: train id, `OUTLIER_ID` or `IGNORE_ID`.

    Args:
        detector: its calibration says what energies inliers have.
        image_rgb: (H, W, 3) uint8 RGB.
        arguments: the two bounds.

    Returns:
        (H, W) uint8.
    """
    (found,) = detector.detect([image_rgb])
    calibration = detector.metadata.calibration
    deviations = found.energy_at_camera() - calibration.inlier_mean
    deviations /= calibration.inlier_standard_deviation
    # not a number where the network saw nothing: neither holds
    is_known = deviations <= arguments.known_below
    labels = np.where(is_known, found.labels_at_camera(), IGNORE_ID)
    labels[deviations > arguments.outlier_above] = OUTLIER_ID
    return np.asarray(labels, np.uint8)


def _frames(arguments: LabelArguments) -> Iterator[tuple[Path, Frame | None]]:
    """Yield each picture's file, with its outlines where there are some."""
    for folder in arguments.pictures:
        wanted = 'give a folder of pictures to --pictures'
        yield from ((path, None) for path in find_pictures(folder, wanted=wanted))
    excluded = OutlierSources().yolo_excluded_ids
    for folder in arguments.yolo:
        scenes = YoloScenes(folder, excluded_ids=excluded, train_ids=TRAIN_IDS_OF_COCO)
        yield from ((scenes.path(index), scenes[index]) for index in range(len(scenes)))


def _write_png(path: Path, label_map: npt.NDArray[np.uint8]) -> None:
    path.write_bytes(cv2.imencode('.png', label_map)[1].tobytes())


def _write_table(path: Path) -> None:
    names = dict(enumerate(CITYSCAPES.names))
    with path.open('w', newline='', encoding='utf-8') as file:
        table = csv.writer(file, lineterminator='\n')
        table.writerow(['id', 'name', 'class'])
        for number, name in names.items():
            table.writerow([number, name, name])
        table.writerow([OUTLIER_ID, 'of high energy', 'outlier'])
        table.writerow([IGNORE_ID, 'not sure', 'void'])


def main(argv: Sequence[str] | None = None) -> None:
    try:
        arguments = tyro.cli(LabelArguments, args=argv, description=__doc__)
        counts = label_pictures(arguments)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    total = counts.sum()
    shares = {name: counts[number] / total for number, name in enumerate(CITYSCAPES.names)}
    shares |= {'outlier': counts[OUTLIER_ID] / total, 'void': counts[IGNORE_ID] / total}
    listed = ', '.join(f'{name} {share:.1%}' for name, share in shares.items() if share)
    sys.stdout.write(f'{arguments.out}: {listed}\n')


if __name__ == '__main__':
    main()
