"""Chart of the segmentation quality of each class."""

from collections.abc import Sequence

import numpy as np

from hopfield_pebal_ros.contract.labels import LabelSet
from hopfield_pebal_ros.report.chart import FAINT_INK, Chart, new_axes, to_chart


def class_iou_bars(label_set: LabelSet, iou_per_class: Sequence[float], *, miou: float) -> Chart:
    """Draw the IoU of each class that occurs, in the colour of the class.

    Args:
        label_set: names and colours.
        iou_per_class: (K,) fractions; NaN for a class that occurs nowhere.
        miou: their mean, a fraction.
    """
    shown = [index for index, value in enumerate(iou_per_class) if not np.isnan(value)]
    with new_axes(6.1, 0.7 + 0.19 * len(shown)) as (figure, axes):
        rows = np.arange(len(shown))[::-1]
        values = [100 * iou_per_class[index] for index in shown]
        colors = [tuple(part / 255 for part in label_set.classes[i].color_rgb) for i in shown]
        axes.barh(rows, values, height=0.72, color=colors)
        for row, value in zip(rows, values, strict=True):
            axes.text(
                value + 0.8, float(row), f'{value:.0f}', va='center', color=FAINT_INK, size=8
            )
        axes.set_yticks(rows, [label_set.names[index] for index in shown])
        axes.set_xlim(0, 106)
        axes.grid(visible=False, axis='y')
        axes.set_xlabel('intersection over union [%]')
    return to_chart(
        figure,
        alt=f'IoU of {len(shown)} classes, mean {100 * miou:.1f} %',
        caption=f'Segmentation quality of the {len(shown)} classes that occur in truth or '
        f'prediction; mean {100 * miou:.1f} %.',
    )
