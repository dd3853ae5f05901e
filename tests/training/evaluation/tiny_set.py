"""A folder set whose figures can be worked out by hand, for the tiny model."""

from pathlib import Path

import cv2
import numpy as np

HW = (64, 128)
NUM_PIXELS = 64 * 128

# of each image: 100 outliers of energy 10, 100 of energy 2, 300 inliers of energy 4, the rest 0
AP = 0.5 * 1 + 0.5 * 200 / 500
FPR95 = 300 / (NUM_PIXELS - 200)


def write_tiny_set(root: Path, count: int = 4, *, names: list[str] | None = None) -> None:
    """Write DIR/images and DIR/labels; the tiny model has energy = red / 25.5."""
    for name in names or [f'frame_{index}' for index in range(count)]:
        image_rgb, label_map = np.zeros((*HW, 3), np.uint8), np.zeros(HW, np.uint8)
        image_rgb[10:20, 10:20, 0], label_map[10:20, 10:20] = 255, 1
        image_rgb[30:40, 10:20, 0], label_map[30:40, 10:20] = 51, 1
        image_rgb[40:60, 50:65, 0] = 102
        for folder, picture in (('images', image_rgb[:, :, ::-1]), ('labels', label_map)):
            path = root / folder / f'{name}.png'
            path.parent.mkdir(parents=True, exist_ok=True)
            assert cv2.imwrite(str(path), picture)
