"""Results of several runs in one report."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from hopfield_pebal_ros.report.outcome_charts import (
    RunCurve,
    precision_recall_of_runs,
    roc_of_runs,
)
from hopfield_pebal_ros.report.page import Page, Section, Table, render_page
from training.evaluation.figure_names import (
    LOWER_IS_BETTER,
    NAMES,
    interval_text,
    known_figures,
    percent,
)
from training.evaluation.results import Document, read_results
from training.evaluation.terminal_table import comparison_table

FILE_NAME: Final = 'comparison.json'


def compare_runs(folders: Sequence[Path], out: Path) -> str:
    """Write OUT/report.html and OUT/comparison.json, and return a table for the terminal.

    Raises:
        ValueError: fewer than two runs, or a folder without results.
    """
    if len(folders) < 2:
        raise ValueError(f'--compare needs two runs or more, got {len(folders)}')
    runs = [read_results(folder) for folder in folders]
    names = run_names(folders, runs)
    (out / 'report.html').write_text(render_page(comparison_page(names, runs)), 'utf-8')
    kept = ('data', 'scorer', 'definition', 'figures', 'intervals', 'thresholds')
    document = {
        name: {key: run[key] for key in kept} for name, run in zip(names, runs, strict=True)
    }
    (out / FILE_NAME).write_text(json.dumps(document, indent=1) + '\n', 'utf-8')
    return comparison_table(names, runs)


def run_names(folders: Sequence[Path], runs: Sequence[Document]) -> list[str]:
    """Return a name for each run: its scorer, and its folder where scorers are alike."""
    names = [str(run['scorer']['name']) for run in runs]
    if len(set(names)) == len(names):
        return names
    return [
        f'{name} ({folder.parent.name if folder.suffix == ".json" else folder.name})'
        if names.count(name) > 1
        else name
        for name, folder in zip(names, folders, strict=True)
    ]


def comparison_page(names: Sequence[str], runs: Sequence[Document]) -> Page:
    """Return the page that shows runs side by side."""
    sets = sorted({run['data']['name'] for run in runs})
    return Page(
        kind='Comparison',
        title=f'{len(runs)} runs on {" and ".join(sets)}',
        lead='Figures are pooled over all pixels that count and given in percent; the best of a '
        'row is marked, which says nothing where the ranges overlap.',
        tiles=(),
        notices=tuple(_notices(names, runs)),
        sections=(
            *_curves(names, runs),
            _figures(names, runs),
            _intervals(names, runs),
            *(
                Section(
                    title=name,
                    facts=tuple((key, value) for key, value in run['scorer']['facts']),
                    is_folded=True,
                )
                for name, run in zip(names, runs, strict=True)
            ),
        ),
        footer='Made by hopfield_pebal_ros from the results of these runs.',
    )


def _notices(names: Sequence[str], runs: Sequence[Document]) -> list[str]:
    """Say what makes runs hard to compare."""
    notices = []
    if len({run['data']['sha256'] for run in runs}) > 1:
        notices.append(
            'The runs were not measured on the same files: '
            + ', '.join(
                f'{name} on {run["data"]["name"]} ({run["data"]["sha256"][:8]})'
                for name, run in zip(names, runs, strict=True)
            )
            + '.'
        )
    if len({json.dumps(run['definition'], sort_keys=True) for run in runs}) > 1:
        notices.append('The runs do not use the same definitions; see results.json of each.')
    return notices


def _curves(names: Sequence[str], runs: Sequence[Document]) -> list[Section]:
    shown = [(name, run) for name, run in zip(names, runs, strict=True) if 'curves' in run]
    if not shown:
        return []
    arrays = {
        name: {
            key: np.array(run['curves'][key], np.float64) for key in ('tpr', 'fpr', 'precision')
        }
        for name, run in shown
    }
    precision_recall = [
        RunCurve(
            name=name,
            x=arrays[name]['tpr'],
            y=arrays[name]['precision'],
            figure=run['figures']['ap'],
        )
        for name, run in shown
    ]
    roc = [
        RunCurve(
            name=name,
            x=arrays[name]['fpr'],
            y=arrays[name]['tpr'],
            figure=run['figures']['auroc'],
        )
        for name, run in shown
    ]
    charts = (precision_recall_of_runs(precision_recall), roc_of_runs(roc))
    return [Section(title='Curves', charts=charts)]


def _figures(names: Sequence[str], runs: Sequence[Document]) -> Section:
    rows = []
    for key in _all_figures(runs):
        values = [run['figures'].get(key) for run in runs]
        known = [value for value in values if value is not None]
        best = percent(min(known) if key in LOWER_IS_BETTER else max(known))
        shown = ['' if value is None else percent(value) for value in values]
        cells = [f'{text} *' if text == best else text for text in shown]
        rows.append((NAMES[key], *cells))
    return Section(
        title='Figures [%]',
        text='* marks the best of a row.',
        table=Table(('figure', *names), tuple(rows)),
    )


def _intervals(names: Sequence[str], runs: Sequence[Document]) -> Section:
    rows = tuple(
        (NAMES[key], *(interval_text(run['intervals'].get(key)) for run in runs))
        for key in _all_figures(runs)
        if any(key in run['intervals'] for run in runs)
    )
    return Section(title='95 % intervals [%]', table=Table(('figure', *names), rows))


def _all_figures(runs: Sequence[Document]) -> list[str]:
    return known_figures({key: 0.0 for run in runs for key in run['figures']})
