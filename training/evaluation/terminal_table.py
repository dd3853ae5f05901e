"""Figures as plain text tables for a terminal."""

from collections.abc import Sequence

from training.evaluation.figure_names import (
    HEADLINES,
    NAMES,
    interval_text,
    known_figures,
    percent,
)
from training.evaluation.results import Document


def figure_table(results: Document) -> str:
    """Return every figure of a run with its interval, in percent."""
    rows = [('figure', '%', '95 % interval')]
    rows += [
        (NAMES[name], percent(results['figures'][name]), interval_text(_interval(results, name)))
        for name in known_figures(results['figures'])
    ]
    for tool, figures in results['compatible'].items():
        rows += [
            (f'{NAMES[name]} as {tool}', percent(value), '') for name, value in figures.items()
        ]
    lines = text_table(rows)
    unit = results['scorer']['unit']
    lines += [
        f'threshold {name}: {value:.4g} {unit}' for name, value in results['thresholds'].items()
    ]
    return '\n'.join(lines)


def comparison_table(names: Sequence[str], runs: Sequence[Document]) -> str:
    """Return the headline figures of several runs, a line a run, in percent."""
    columns = [name for name in HEADLINES if any(name in results['figures'] for results in runs)]
    rows = [('run', 'set', *(HEADLINES[name][0] for name in columns))]
    for run_name, results in zip(names, runs, strict=True):
        figures = results['figures']
        values = [percent(figures[name]) if name in figures else '' for name in columns]
        rows.append((run_name, results['data']['name'], *values))
    return '\n'.join(text_table(rows))


def _interval(results: Document, name: str) -> dict[str, float] | None:
    found: dict[str, float] | None = results['intervals'].get(name)
    return found


def text_table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return lines of equal columns; the first column to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append('  '.join(cells).rstrip())
    lines.insert(1, '-' * (sum(widths) + 2 * (len(widths) - 1)))
    return lines
