"""The sections of a run's report: quality, energies, timing, model and frames."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.evaluation.pixel_metrics import PixelCounter
from hopfield_pebal_ros.evaluation.score_keys import from_keys
from hopfield_pebal_ros.replay.evaluated_run import EvaluatedRun, FrameRecord
from hopfield_pebal_ros.replay.gallery import anomaly_share_of
from hopfield_pebal_ros.replay.run_summary import inference_percentiles_ms, latency_percentiles_ms
from hopfield_pebal_ros.report.chart import Chart
from hopfield_pebal_ros.report.class_charts import class_iou_bars
from hopfield_pebal_ros.report.energy_charts import (
    anomaly_timeline,
    energy_histogram,
    precision_recall_curve,
    roc_curve,
)
from hopfield_pebal_ros.report.latency_charts import latency_histogram, latency_timeline
from hopfield_pebal_ros.report.page import Section, Table

LATENCY_MEANS = {
    'offline': 'from decoding of the image to results of camera size, without transport',
    'realtime': 'from publishing of the image to arrival of its segmentation, over DDS',
}


def quality_section(run: EvaluatedRun) -> list[Section]:
    """Return the figures against ground truth, or nothing where the bag has none."""
    if not run.evaluator.num_labelled:
        return []
    return [
        Section(
            title='Quality against the ground truth',
            text='Pooled over all labelled pixels of all frames with a result, at camera size; '
            'pixels without a label take no part. AP is the step sum; FPR95 is read at the first '
            'threshold that finds 95 % of the outlier pixels. Recall and precision are of the '
            'published mask.',
            facts=tuple(_quality_facts(run)),
            charts=tuple(_quality_charts(run)),
        )
    ]


def _quality_facts(run: EvaluatedRun) -> list[tuple[str, str]]:
    counts = run.evaluator.mask_counts
    num_pixels = counts.num_outlier + counts.num_inlier
    names = {
        'recall_at_threshold': 'recall',
        'precision_at_threshold': 'precision',
        'fpr_at_threshold': 'inliers flagged',
    }
    return [
        ('labelled frames', f'{run.evaluator.num_labelled} of {run.num_in}'),
        ('outlier pixels', f'{counts.num_outlier:,} of {num_pixels:,}'),
        *(
            (name, f'{100 * run.figures[key]:.2f} % at the threshold')
            for key, name in names.items()
            if key in run.figures
        ),
    ]


def _quality_charts(run: EvaluatedRun) -> list[Chart]:
    figures, evaluator = run.figures, run.evaluator
    charts = [_energy_chart(run)]
    if 'ap' in figures:
        curves = evaluator.labelled.curves()
        auroc, fpr95 = figures['auroc'], figures['fpr95']
        charts += [
            precision_recall_curve(curves.tpr, curves.precision, ap=figures['ap']),
            roc_curve(curves.fpr, curves.tpr, auroc=auroc, fpr95=fpr95),
        ]
    if 'miou' in figures:
        iou = [*evaluator.confusion.iou_per_class()]
        charts.append(class_iou_bars(evaluator.label_set, iou, miou=figures['miou']))
    return [*charts, *_of_each_camera(run, _anomaly_chart)]


def energy_section(run: EvaluatedRun) -> list[Section]:
    """Return the energies of a bag without ground truth; with it, they stand with the quality."""
    if run.evaluator.num_labelled:
        return []
    charts = (_energy_chart(run), *_of_each_camera(run, _anomaly_chart))
    return [Section(title='Anomaly energy', charts=charts)]


def _of_each_camera(run: EvaluatedRun, draw: Callable[[EvaluatedRun], Chart]) -> list[Chart]:
    """Return a chart of the run, or one for each camera that has results, with its name."""
    if not run.cameras:
        return [draw(run)]
    charts = [(each.camera, draw(each)) for each in run.cameras if each.latencies_ms]
    return [
        replace(chart, alt=f'{camera}: {chart.alt}', caption=f'{camera}: {chart.caption}')
        for camera, chart in charts
    ]


def _energy_chart(run: EvaluatedRun) -> Chart:
    evaluator = run.evaluator
    counts = evaluator.mask_counts
    outlier = None
    if counts.num_outlier and counts.num_inlier:
        curves = evaluator.labelled.curves()
        edges, inlier, outlier = curves.bin_edges, curves.inlier_counts, curves.outlier_counts
    else:
        edges, inlier = histogram(
            evaluator.labelled if evaluator.num_labelled else evaluator.energies
        )
    model = run.model
    return energy_histogram(
        edges, inlier, outlier, threshold=model.threshold, unit=model.metadata.energy.unit
    )


def _anomaly_chart(run: EvaluatedRun) -> Chart:
    shown = [frame for frame in run.frames if frame.statistics is not None]
    start_ns = run.start_ns
    return anomaly_timeline(
        [(frame.stamp_ns - start_ns) / 1e9 for frame in shown],
        [anomaly_share_of(frame) for frame in shown],
    )


def histogram(
    counter: PixelCounter, *, num_bins: int = 100
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return bin edges (B + 1,) over the middle 99.9 % of the energies, and pixels (B,).

    What lies outside is in the end bins.
    """
    occupied = counter.occupied()
    energies = from_keys(occupied.keys).astype(np.float64)
    pixels = occupied.inlier + occupied.outlier
    below = np.cumsum(pixels) / pixels.sum()
    low = energies[np.searchsorted(below, 0.0005)]
    high = energies[min(int(np.searchsorted(below, 0.9995)), len(energies) - 1)]
    edges = np.linspace(low, max(high, low + 1e-6), num_bins + 1)
    counts, _ = np.histogram(np.clip(energies, edges[0], edges[-1]), edges, weights=pixels)
    return edges, counts.astype(np.int64)


def timing_section(run: EvaluatedRun) -> Section:
    latencies = run.latencies_ms
    totals = [parts['total'] for parts in latencies]
    percentiles = latency_percentiles_ms(run)
    facts = [(name, f'{value:.1f} ms') for name, value in percentiles.items()]
    facts += [
        (
            f'{part.replace("_", " ")} (median)',
            f'{np.median([each[part] for each in latencies]):.1f} ms',
        )
        for part in latencies[0]
        if part != 'total'
    ]
    if run.mode == 'realtime' and run.inference_ms:
        inference = inference_percentiles_ms(run)
        facts.append(
            ('inference p50, p95', f'{inference["p50"]:.1f} ms, {inference["p95"]:.1f} ms')
        )
    return Section(
        title='Latency',
        text=f'Latency runs {LATENCY_MEANS[run.mode]}.',
        facts=tuple(facts),
        charts=(
            latency_histogram(totals, percentiles),
            *_of_each_camera(run, _latency_chart),
        ),
    )


def _latency_chart(run: EvaluatedRun) -> Chart:
    (playback,) = run.playbacks
    start_ns = run.start_ns
    return latency_timeline(
        [(stamp - start_ns) / 1e9 for stamp in playback.latency_ms],
        [parts['total'] for parts in playback.latency_ms.values()],
        lost_times_s=[
            (frame.stamp_ns - start_ns) / 1e9 for frame in run.frames if frame.status != 'ok'
        ],
    )


def model_section(run: EvaluatedRun) -> Section:
    model = run.model
    metadata = model.metadata
    energy = metadata.energy
    return Section(
        title='What was run',
        facts=(
            ('model', metadata.name),
            ('sha256', model.sha256),
            ('engine', f'{model.backend} on {model.device}'),
            ('precision', f'{model.precision} (file: {metadata.precision})'),
            ('network input', f'{metadata.network_hw[1]}x{metadata.network_hw[0]} px'),
            ('geometry', metadata.geometry.mode),
            ('energy', f'{energy.kind} [{energy.unit}]'),
            ('energy components', ', '.join(energy.components) or energy.kind),
            ('threshold', f'{model.threshold:.4g} {energy.unit}'),
            ('smallest region', f'{model.min_region_area_px} px of the camera image'),
            ('trained on', ', '.join(metadata.provenance.trained_on)),
            ('licence', metadata.provenance.licence),
            ('made', f'{metadata.provenance.created}, {metadata.provenance.git_revision[:12]}'),
            ('camera topic', run.topics),
            ('mode', run.mode),
        ),
    )


def frame_table_section(run: EvaluatedRun) -> Section:
    has_figures = bool(run.evaluator.num_labelled)
    columns = ['frame', 'result', 'time [s]', 'latency [ms]']
    columns += ['energy p50', 'p99', 'max', 'anomalous [%]', 'regions']
    if has_figures:
        columns += ['AP [%]', 'FPR95 [%]', 'mIoU [%]']
    start_ns = run.start_ns
    rows = tuple(_frame_row(frame, start_ns, has_figures=has_figures) for frame in run.frames)
    return Section(
        title=f'All {len(run.frames)} frames',
        text=f'Energies in {run.model.metadata.energy.unit}; time since the first frame.',
        table=Table(tuple(columns), rows, num_text_columns=2),
        is_folded=len(rows) > 12,
    )


def _frame_row(frame: FrameRecord, start_ns: int, *, has_figures: bool) -> tuple[str, ...]:
    status = f'{frame.status}: {frame.reason}' if frame.reason else frame.status
    row = [frame.name, status, f'{(frame.stamp_ns - start_ns) / 1e9:.2f}']
    statistics = frame.statistics
    if statistics is None:
        return (*row, *[''] * (9 if has_figures else 6))
    row.append(f'{frame.latency_ms["total"]:.1f}')
    row += [f'{statistics.energy[key]:.3g}' if statistics.energy else '' for key in _SHOWN]
    row += [f'{100 * statistics.anomaly_share:.2f}', str(len(statistics.regions))]
    if has_figures:
        figures = statistics.figures
        row += [
            f'{100 * figures[key]:.1f}' if key in figures else ''
            for key in ('ap', 'fpr95', 'miou')
        ]
    return tuple(row)


_SHOWN = ('p50', 'p99', 'max')
