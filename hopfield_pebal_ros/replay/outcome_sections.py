"""The sections of a run's report that judge it: what was required, and how each camera did."""

from collections.abc import Sequence

from hopfield_pebal_ros.replay.evaluated_run import EvaluatedRun
from hopfield_pebal_ros.replay.requirements import Verdict
from hopfield_pebal_ros.replay.run_summary import latency_percentiles_ms
from hopfield_pebal_ros.report.page import Section, Table


def requirement_section(verdicts: Sequence[Verdict]) -> list[Section]:
    """Return what was required and whether it holds, or nothing where nothing was."""
    if not verdicts:
        return []
    num_failed = sum(not each.holds for each in verdicts)
    rows = tuple(each.cells() for each in verdicts)
    return [
        Section(
            title='Requirements',
            text=f'{num_failed} of {len(verdicts)} fail.' if num_failed else 'All hold.',
            table=Table(('result', 'figure', 'required', 'measured'), rows, num_text_columns=2),
        )
    ]


def camera_section(run: EvaluatedRun) -> list[Section]:
    """Return a row for each camera, or nothing where there is one without a name."""
    if not run.cameras:
        return []
    has_figures = bool(run.evaluator.num_labelled)
    columns = ['camera', 'topic', 'frames', 'results', 'dropped', 'rejected']
    columns += ['p50 [ms]', 'p95 [ms]', 'p99 [ms]']
    columns += ['AP [%]', 'FPR95 [%]', 'mIoU [%]'] if has_figures else []
    rows = tuple(_row(each, has_figures=has_figures) for each in run.cameras)
    return [
        Section(
            title='Cameras',
            text='All figures elsewhere on this page are of all cameras together, unless they say '
            'otherwise.',
            table=Table(tuple(columns), rows, num_text_columns=2),
        )
    ]


def _row(run: EvaluatedRun, *, has_figures: bool) -> tuple[str, ...]:
    counts = (run.num_in, len(run.latencies_ms), run.num_dropped, run.num_rejected)
    latency = latency_percentiles_ms(run)
    row = [run.camera, run.topics, *map(str, counts)]
    row += [f'{latency[key]:.1f}' if latency else '' for key in ('p50', 'p95', 'p99')]
    if has_figures:
        row += [
            f'{100 * run.figures[key]:.1f}' if key in run.figures else ''
            for key in ('ap', 'fpr95', 'miou')
        ]
    return tuple(row)
