"""Plot of AP against milliseconds: a panel a set, a labelled point a read-out, Pareto front."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator, ScalarFormatter
from matplotlib.transforms import Bbox

from benchmarks.component_read_outs import Kind, ReadOut
from benchmarks.label_places import Pixels, Surroundings, label_places, mark, nearest
from hopfield_pebal_ros.report.chart import FAINT_INK, INK, new_axes

MARKS: Final[Mapping[Kind, tuple[str, str]]] = {
    'closed set': ('s', '#7f7f7f'),
    'one component': ('o', '#0072b2'),
    'all but one': ('v', '#e69f00'),
    'fusion': ('D', '#009e73'),
    'fusion, further scales': ('^', '#d55e00'),
}
"""Shape and colour; colours of Okabe and Ito, which the colour-blind tell apart."""

_TIME: Final = 'openvino_fp32_ms'
_PANEL_IN: Final = (6.4, 5.2)
_MARK_PT: Final = 7.0
_LABEL_PT: Final = 8.0


@dataclass(frozen=True)
class Point:
    label: str
    kind: Kind
    time_ms: float
    ap: float
    """In percent."""


def draw(
    read_outs: Sequence[ReadOut],
    set_names: Sequence[str],
    values: Mapping[str, float],
    path: Path,
) -> None:
    """Write the plot as PNG.

    Args:
        read_outs: the points.
        set_names: the panels.
        values: figures of `benchmarks.components` by name.
        path: of the picture.
    """
    width, height = _PANEL_IN
    with new_axes(width * len(set_names), height) as (figure, axes):
        axes.remove()
        panels = figure.subplots(1, len(set_names), squeeze=False)[0]
        for panel, name in zip(panels, set_names, strict=True):
            _draw_panel(panel, name, points_of(read_outs, name, values))
        figure.legend(
            *panels[0].get_legend_handles_labels(),
            loc='outside lower center',
            ncols=len(MARKS) + 1,
        )
        figure.draw_without_rendering()  # labels are placed on the final layout
        for panel, name in zip(panels, set_names, strict=True):
            _label(panel, points_of(read_outs, name, values))
        figure.savefig(path, dpi=160)


def points_of(
    read_outs: Sequence[ReadOut], set_name: str, values: Mapping[str, float]
) -> list[Point]:
    return [
        Point(
            each.name.replace('_', ' '),
            each.kind,
            values[f'{each.name}_{_TIME}'],
            100 * values[f'{set_name}_{each.name}_ap'],
        )
        for each in read_outs
    ]


def pareto_front(points: Sequence[Point]) -> list[Point]:
    """Return the points that no other beats in both, from the fastest to the slowest."""
    front: list[Point] = []
    for each in sorted(points, key=lambda point: (point.time_ms, -point.ap)):
        if not front or each.ap > front[-1].ap:
            front.append(each)
    return front


def _draw_panel(axes: Axes, set_name: str, points: Sequence[Point]) -> None:
    front = pareto_front(points)
    axes.plot(
        [each.time_ms for each in front],
        [each.ap for each in front],
        drawstyle='steps-post',
        color=INK,
        linewidth=1.0,
        alpha=0.6,
        label='Pareto front',
        zorder=1,
    )
    for kind, (marker, color) in MARKS.items():
        chosen = [each for each in points if each.kind == kind]
        axes.scatter(
            [each.time_ms for each in chosen],
            [each.ap for each in chosen],
            marker=marker,
            color=color,
            s=_MARK_PT**2,
            edgecolors='white',
            linewidths=0.6,
            label=kind,
            zorder=3,
        )
    axes.set_title(set_name.replace('_', ' '), loc='left', fontweight='bold')
    axes.set_xlabel('network on OpenVINO, fp32 [ms]')
    axes.set_ylabel('AP [%]')
    axes.margins(0.16, 0.1)
    axes.set_xscale('log')  # two read-outs as far apart as one takes longer
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 1.5, 2.0, 3.0, 5.0, 7.0)))
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_locator(NullLocator())


def _label(axes: Axes, points: Sequence[Point]) -> None:
    """Write the labels where they cover nothing, with a line to the point where that is far."""
    px_per_pt = axes.figure.dpi / 72
    at = [_px(axes, each) for each in points]
    around = Surroundings(
        frame=axes.get_window_extent(),
        obstacles=_front_boxes(axes, pareto_front(points)),
        mark_size=_MARK_PT * px_per_pt,
    )
    places = label_places(at, [_size_px(axes, each.label) for each in points], around)
    look = {'arrowstyle': '-', 'color': FAINT_INK, 'linewidth': 0.5, 'shrinkA': 0.0}
    for point, px, place in zip(points, at, places, strict=True):
        is_far = not place.overlaps(mark(px, 3 * around.mark_size))
        start = tuple((nearest(place, px) - place.p0) / place.size)
        axes.annotate(
            point.label,
            (point.time_ms, point.ap),
            xytext=tuple((np.array(place.p0) - px) / px_per_pt),
            textcoords='offset points',
            size=_LABEL_PT,
            arrowprops={**look, 'relpos': start} if is_far else None,
        )


def _size_px(axes: Axes, text: str) -> Pixels:
    measured = axes.text(0, 0, text, size=_LABEL_PT)
    size = np.array(measured.get_window_extent().size)
    measured.remove()
    return size


def _front_boxes(axes: Axes, front: Sequence[Point]) -> list[Bbox]:
    """Return the steps of the front as boxes of no width [px]."""
    corners = [_px(axes, front[0])]
    for each in front[1:]:
        place = _px(axes, each)
        corners += [np.array([place[0], corners[-1][1]]), place]
    return [Bbox(np.sort(ends, axis=0)) for ends in itertools.pairwise(corners)]


def _px(axes: Axes, point: Point) -> Pixels:
    return np.asarray(axes.transData.transform((point.time_ms, point.ap)), np.float64)
