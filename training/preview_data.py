"""python -m training.preview_data --preset NAME --out FILE.png: draw a sheet of samples.

Takes the flags of training.train. Samples are as the network gets them: each crop beside its
labels, outliers in orange, ignored pixels black; the upper half without pasted outliers, the lower
half with them.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import OUTLIER_ID, LabelSet
from training.command_line import parse_run, say
from training.data.samples import Sample, SampleKey, TrainingSamples
from training.run_data import training_samples, training_sources

COLUMNS: Final = 3
ROWS: Final = 8
GAP_PX: Final = 6
PREVIEW_DRIVES: Final = 8


def main(argv: Sequence[str] | None = None) -> None:
    arguments = sys.argv[1:] if argv is None else argv
    try:
        out, choice = parse_run(arguments, description=str(__doc__))
        if out.suffix != '.png':
            raise ValueError(f'--out must be a .png file, got {out}')
        # a few drives are enough to look at, and quick to render
        few = min(PREVIEW_DRIVES, choice.settings.num_drives)
        settings = replace(choice.settings, num_drives=few)
        samples = training_samples(settings, training_sources(settings, out.parent))
        write_png(sheet(samples, settings.inliers.classes), out)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    say(f'{out}: {COLUMNS * ROWS} samples')


def sheet(samples: TrainingSamples, classes: LabelSet) -> npt.NDArray[np.uint8]:
    """Draw the sheet, (h, w, 3) uint8 RGB."""
    rng, colors = np.random.default_rng(0), classes.palette_rgb()
    rows = []
    for row in range(ROWS):
        indices = rng.integers(0, len(samples), COLUMNS)
        keys = [SampleKey(0, int(index), row >= ROWS // 2) for index in indices]
        rows.append(np.hstack([draw_sample(samples[key], colors) for key in keys]))
    return np.pad(np.vstack(rows), ((0, GAP_PX), (0, GAP_PX), (0, 0)), constant_values=255)


def draw_sample(sample: Sample, colors: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return the crop beside its labels, outliers outlined, with a white gap above and left."""
    labels = sample.labels.numpy()
    image_rgb = np.ascontiguousarray(sample.image.permute(1, 2, 0).numpy())
    outlier = (labels == OUTLIER_ID).astype(np.uint8)
    contours, _ = cv2.findContours(outlier, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(image_rgb, contours, -1, colors[OUTLIER_ID].tolist(), 1)
    pair = np.hstack([image_rgb, colors[labels]])
    return np.pad(pair, ((GAP_PX, 0), (GAP_PX, 0), (0, 0)), constant_values=255)


def write_png(image_rgb: npt.NDArray[np.uint8], path: Path) -> None:
    """Write a picture.

    Raises:
        OSError: the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode('.png', cv2.cvtColor(image_rgb, cv2.COLOR_RGB2BGR))[1].tobytes())


if __name__ == '__main__':
    main()
