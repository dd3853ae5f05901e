"""The picture sections of a report: the worst and the best images of a set."""

from collections.abc import Sequence

from hopfield_pebal_ros.evaluation.image_log import ImageRecord
from hopfield_pebal_ros.report.chart import Chart
from hopfield_pebal_ros.report.energy_charts import energy_colors
from hopfield_pebal_ros.report.page import LegendEntry, Section
from training.data.labelled_set import Pair
from training.evaluation.figure_names import percent
from training.evaluation.pictures import LEGEND, Painter, best_and_worst


def picture_sections(
    painter: Painter, records: Sequence[ImageRecord], *, count: int
) -> list[Section]:
    """Return up to `count` of the worst and of the best images; of a closed set, a few images."""
    pairs = {each.name: each for each in painter.benchmark.pairs}
    best, worst = best_and_worst(records, count)
    if not best:
        return _spread(painter, [pairs[each.name] for each in records], count)
    sections = []
    for title, text, chosen in (
        ('Worst images', 'The images of the lowest AP of their own, lowest first.', worst),
        ('Best images', 'The images of the highest AP of their own, highest first.', best),
    ):
        if chosen:
            frames = tuple(painter.paint(pairs[each.name], _note(each)) for each in chosen)
            sections.append((title, text, frames))
    return [
        Section(
            title=title,
            text=f'{text} Flagged is what has at least the energy '
            f'{painter.flagged_from:.4g} {painter.source.scorer.unit}.',
            charts=() if index else (_colors(painter),),
            legend=() if index else _legend(painter),
            frames=frames,
        )
        for index, (title, text, frames) in enumerate(sections)
    ]


def _spread(painter: Painter, pairs: Sequence[Pair], count: int) -> list[Section]:
    shown = pairs[:: max(1, len(pairs) // max(count, 1))][:count]
    frames = tuple(painter.paint(each, each.group) for each in shown)
    if not frames:
        return []
    return [
        Section(
            title='Images',
            text='Images at equal steps through the set, which has no outliers.',
            charts=(_colors(painter),),
            legend=_legend(painter),
            frames=frames,
        )
    ]


def _colors(painter: Painter) -> Chart:
    return energy_colors(
        threshold=painter.flagged_from,
        scale=painter.energy_scale,
        unit=painter.source.scorer.unit,
    )


def _legend(painter: Painter) -> tuple[LegendEntry, ...]:
    label_set = painter.source.scorer.label_set
    classes = () if label_set is None else label_set.classes
    return (*LEGEND, *(LegendEntry(each.name, each.color_rgb) for each in classes))


def _note(record: ImageRecord) -> str:
    parts = [f'AP {percent(record.ap)} %', f'FPR95 {percent(record.fpr95)} %']
    return ', '.join([*parts, record.group] if record.group else parts)
