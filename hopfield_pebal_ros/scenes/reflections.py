"""Mirror images of what stands on a wet road."""

import cv2
import numpy as np

from hopfield_pebal_ros.scenes.canvas import Canvas, Layer, Patch, clip_to

_SMALLEST_PX = 14


def paint_mirrored(canvas: Canvas, layers: list[Layer], wetness: float) -> None:
    """Lay each layer's image upside down, faint and smeared, below the object's lowest row.

    Args:
        canvas: with the ground painted and nothing on it.
        layers: of one object.
        wetness: 0..1.
    """
    if not layers:
        return
    foot = max(layer.patch.y0 + layer.patch.rgba.shape[0] for layer in layers)
    for layer in layers:
        rgba = layer.patch.rgba
        if rgba.shape[0] < _SMALLEST_PX or rgba.shape[1] < 2:
            continue
        below = Patch(rgba[::-1], layer.patch.x0, 2 * foot - layer.patch.y0 - rgba.shape[0] - 3)
        cut = clip_to(below, canvas.label_map.shape)
        if cut is None:
            continue
        height = cut.rgba.shape[0]
        faint = cv2.convertScaleAbs(cut.rgba, alpha=0.38 * wetness)
        smeared = cv2.blur(faint, (3, max(height // 6, 1) | 1))
        canvas.tint(Patch(np.asarray(smeared, dtype=np.uint8), cut.x0, cut.y0))
