"""Objects that are drawn, not photographed: any size down to a few pixels, and no files."""

import numpy as np

from hopfield_pebal_ros.scenes.outliers import MAX_SIZE_PX, MIN_SIZE_PX, draw_outlier
from training.data.outliers.cut_out import CutOut


class ProceduralObjects:
    """Random shapes in random patterns, drawn at the size at which they are pasted."""

    def draw(self, rng: np.random.Generator, size_px: int) -> CutOut:
        drawn_px = min(max(size_px, MIN_SIZE_PX), MAX_SIZE_PX)
        return CutOut(*draw_outlier(rng, drawn_px), is_drawn=True)
