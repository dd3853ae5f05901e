"""The report of a run as a page: what was run, how well, how fast, and how it looks."""

from collections.abc import Sequence

from hopfield_pebal_ros.replay.evaluated_run import EvaluatedRun
from hopfield_pebal_ros.replay.frame_pictures import FramePainter
from hopfield_pebal_ros.replay.outcome_sections import camera_section, requirement_section
from hopfield_pebal_ros.replay.picture_sections import picture_sections
from hopfield_pebal_ros.replay.report_sections import (
    energy_section,
    frame_table_section,
    model_section,
    quality_section,
    timing_section,
)
from hopfield_pebal_ros.replay.requirements import Verdict
from hopfield_pebal_ros.replay.run_summary import (
    inference_percentiles_ms,
    latency_percentiles_ms,
    versions,
)
from hopfield_pebal_ros.report.page import Page, Tile

MODE_MEANS = {
    'offline': 'Every frame was run, one after another; nothing was dropped and nothing was sent '
    'over a network. Not to be compared with a real-time run.',
    'realtime': 'The bag was played over DDS at {rate:g} times its recorded pace to the detector '
    'node in a process of its own; what came back was recorded. Not to be compared with an '
    'offline run.',
}


def run_page(
    run: EvaluatedRun, painter: FramePainter, *, title: str, verdicts: Sequence[Verdict] = ()
) -> Page:
    """Return the page of a run; texts from the bag are escaped when the page is rendered."""
    metadata = run.model.metadata
    sections = [
        *requirement_section(verdicts),
        *camera_section(run),
        *picture_sections(run, painter),
        *quality_section(run),
        *energy_section(run),
        timing_section(run),
        model_section(run),
        frame_table_section(run),
    ]
    named_versions = ', '.join(f'{name} {version}' for name, version in versions().items())
    topics = 'camera topic' if len(run.playbacks) == 1 else 'camera topics'
    return Page(
        kind=f'Replay evaluation, {"real time" if run.mode == "realtime" else "offline"}',
        title=title,
        lead=f'Model {metadata.name} on {topics} {run.topics}, {run.num_in} frames. '
        f'{MODE_MEANS[run.mode].format(rate=run.rate)}',
        tiles=(*(_quality_tiles(run) or _anomaly_tiles(run)), *_speed_tiles(run)),
        notices=run.notices,
        sections=tuple(sections),
        footer=f'Made by hopfield_pebal_ros. Versions: {named_versions}.',
    )


def milliseconds(value: float) -> str:
    return f'{value:.0f}' if value >= 20 else f'{value:.1f}'


def _quality_tiles(run: EvaluatedRun) -> list[Tile]:
    notes = {
        'ap': ('AP', 'average precision of outlier pixels'),
        'auroc': ('AUROC', 'outlier above inlier energy'),
        'fpr95': ('FPR95', 'inlier pixels flagged when 95 % of the outliers are found'),
        'miou': ('mIoU', 'mean over the classes that occur'),
    }
    return [
        Tile(name=name, value=f'{100 * run.figures[key]:.1f}', unit='%', note=note)
        for key, (name, note) in notes.items()
        if key in run.figures
    ]


def _anomaly_tiles(run: EvaluatedRun) -> list[Tile]:
    """Return what stands first where nothing is labelled."""
    statistics = [frame.statistics for frame in run.frames if frame.statistics is not None]
    shares = [each.anomaly_share for each in statistics]
    num_with_region = sum(bool(each.regions) for each in statistics)
    return [
        Tile(
            name='anomalous pixels',
            value=f'{100 * sum(shares) / len(shares):.2f}',
            unit='%',
            note=f'mean of the frames, at most {100 * max(shares):.2f} %',
        ),
        Tile(
            name='frames with a region',
            value=f'{num_with_region} / {len(statistics)}',
            note=f'of {run.model.min_region_area_px} px or more',
        ),
    ]


def _speed_tiles(run: EvaluatedRun) -> list[Tile]:
    latency = latency_percentiles_ms(run)
    lost = run.num_dropped + run.num_rejected
    tiles = [
        Tile(
            name='latency p50',
            value=milliseconds(latency['p50']),
            unit='ms',
            note=f'p95 {milliseconds(latency["p95"])} ms, p99 {milliseconds(latency["p99"])} ms',
        ),
        Tile(
            name='frames with result',
            value=f'{len(run.latencies_ms)} / {run.num_in}',
            note=f'{run.num_dropped} dropped, {run.num_rejected} rejected'
            if lost
            else 'none dropped, none rejected',
        ),
    ]
    if run.inference_ms:
        inference = Tile(
            name='inference p50',
            value=milliseconds(inference_percentiles_ms(run)['p50']),
            unit='ms',
            note=f'{run.model.backend}, {run.model.device}, {run.model.precision}',
        )
        tiles.insert(1, inference)
    return tiles
