"""What a run writes while it goes: log.jsonl and TensorBoard events."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from torch.utils.tensorboard import SummaryWriter

from hopfield_pebal_ros.contract.labels import CITYSCAPES, LabelSet
from training.validation import Prediction

PICTURE_WIDTH: Final = 512


class RunLog:
    """One line of JSON and one TensorBoard point for each thing that is told."""

    def __init__(self, run: Path, classes: LabelSet = CITYSCAPES) -> None:
        self._palette_rgb = classes.palette_rgb()
        self._lines = (run / 'log.jsonl').open('a', encoding='utf-8')
        self._events = SummaryWriter(str(run))

    def write(self, step: int, kind: str, values: Mapping[str, float | str]) -> None:
        """Append a line; numbers become TensorBoard scalars named KIND/NAME.

        Args:
            step: steps done.
            kind: 'train', 'validation' or 'margins'.
            values: by name.
        """
        self._lines.write(json.dumps({'step': step, 'kind': kind, **values}) + '\n')
        self._lines.flush()
        for name, value in values.items():
            if not isinstance(value, str):
                self._events.add_scalar(f'{kind}/{name}', value, step)

    def draw(self, step: int, found: Sequence[Prediction]) -> None:
        """Show camera, true labels, predicted labels and energy of each prediction."""
        for number, each in enumerate(found):
            picture_rgb = picture_of(each, self._palette_rgb)
            self._events.add_image(f'frame {number}', picture_rgb, step, dataformats='HWC')
        self._events.flush()

    def close(self) -> None:
        self._lines.close()
        self._events.close()


def picture_of(prediction: Prediction, palette: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return camera, true labels, predicted labels and energy side by side, uint8 RGB.

    Bright is a high energy; black and white are the 1st and 99th percentile of the picture.
    """
    energy = prediction.placement.box_in(prediction.energy_map.shape).of(prediction.energy_map)
    labels = prediction.placement.box_in(prediction.label_map.shape).of(prediction.label_map)
    low, high = np.percentile(energy, (1, 99))
    grey = np.clip((energy - low) / max(high - low, 1e-6) * 255, 0, 255).astype(np.uint8)
    parts = (
        prediction.frame.image_rgb,
        palette[prediction.frame.label_map],
        palette[labels],
        np.repeat(grey[..., None], 3, axis=2),
    )
    height = round(PICTURE_WIDTH * parts[0].shape[0] / parts[0].shape[1])
    resized = [
        cv2.resize(each, (PICTURE_WIDTH, height), interpolation=cv2.INTER_AREA) for each in parts
    ]
    return np.asarray(np.hstack(resized), dtype=np.uint8)
