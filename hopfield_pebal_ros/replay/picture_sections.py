"""The picture sections of a run's report."""

from collections.abc import Sequence

from hopfield_pebal_ros.replay.evaluated_run import EvaluatedRun, FrameRecord
from hopfield_pebal_ros.replay.frame_pictures import FramePainter
from hopfield_pebal_ros.replay.gallery import best_and_worst, most_anomalous, spread_over_time
from hopfield_pebal_ros.report.energy_charts import energy_colors
from hopfield_pebal_ros.report.page import FramePictures, LegendEntry, Section
from hopfield_pebal_ros.report.panels import to_picture

NUM_SPREAD = 5
NUM_EXTREMES = 2


def picture_sections(run: EvaluatedRun, painter: FramePainter) -> list[Section]:
    """Return frames spread over the bag, then those that stand out."""
    model = run.model
    classes = model.metadata.label_set.classes
    legend = [LegendEntry(each.name, each.color_rgb) for each in classes]
    spread = spread_over_time(run.frames, NUM_SPREAD)
    sections = [
        Section(
            title='Pictures',
            text='Frames at equal steps over the bag: camera image, labels, anomaly energy, and '
            'anomalous regions with their peak energy on the camera image.',
            charts=(
                energy_colors(
                    threshold=model.threshold,
                    scale=model.metadata.calibration.inlier_standard_deviation,
                    unit=model.metadata.energy.unit,
                ),
            ),
            legend=tuple(legend),
            frames=_painted(spread, run, painter),
        )
    ]
    best, worst = best_and_worst(run.frames, NUM_EXTREMES)
    extremes = {
        ('Hardest frames', 'of the lowest average precision of their own, lowest first'): worst,
        ('Easiest frames', 'of the highest average precision of their own, highest first'): best,
    }
    if not run.evaluator.num_labelled:
        title, text = 'Most anomalous frames', 'with the largest share of anomalous pixels'
        extremes[(title, text)] = most_anomalous(run.frames, NUM_EXTREMES)
    for (title, text), frames in extremes.items():
        if frames:
            painted = _painted(frames, run, painter)
            sections.append(Section(title=title, text=f'The frames {text}.', frames=painted))
    return sections


def _painted(
    frames: Sequence[FrameRecord], run: EvaluatedRun, painter: FramePainter
) -> tuple[FramePictures, ...]:
    return tuple(
        FramePictures(
            title=f'Frame {frame.name}',
            note=_note(frame, run.start_ns),
            pictures=tuple(to_picture(panel) for panel in painter.panels(frame)),
        )
        for frame in frames
    )


def _note(frame: FrameRecord, start_ns: int) -> str:
    parts = [f'{(frame.stamp_ns - start_ns) / 1e9:.2f} s']
    if frame.statistics is not None:
        parts.append(f'{100 * frame.statistics.anomaly_share:.2f} % anomalous')
        count = len(frame.statistics.regions)
        parts.append('1 region' if count == 1 else f'{count} regions')
        figures = frame.statistics.figures
        parts += [f'AP {100 * figures["ap"]:.1f} %'] if 'ap' in figures else []
    return ', '.join(parts)
