"""What a comparison of scores says: a table, results.json, a report and a sheet of pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch

from hopfield_pebal_ros.report.page import FramePictures, Section, Table, render_page
from hopfield_pebal_ros.report.panels import Panel, contact_sheet, to_picture
from training.data.benchmarks.benchmark import Benchmark
from training.data.benchmarks.scan import SetSummary
from training.evaluation.arguments import BEST_F1
from training.evaluation.comparison import comparison_page
from training.evaluation.figure_names import percent
from training.evaluation.figures import figures_of_set
from training.evaluation.many_counts import ManyCounts, stored_maps
from training.evaluation.results import Document, document, header, write_results
from training.evaluation.score_sheet import PANEL_WIDTH_PX, score_panels
from training.evaluation.scores import Scorer
from training.read_network import ReadNetwork
from training.scores.fitted_state import num_bytes
from training.scores.score import AnyScore

COLUMNS: Final = ('score', 'AP', 'FPR95', 'AUROC', 'component F1', 'ms', 'MB')
"""Percent, milliseconds an image without the network, megabytes of fitted state."""

_CURVES: Final = 6
_SHEET_COLUMNS: Final = 6


@dataclass(frozen=True)
class PictureRow:
    """The panels of one image."""

    name: str
    panels: tuple[Panel, ...]


def table_rows(counts: ManyCounts, scores: Mapping[str, AnyScore]) -> list[tuple[str, ...]]:
    """Return a row for each score, the highest AP first."""
    rows = []
    for name, each in counts.counts.items():
        figures = figures_of_set(each).figures
        megabytes = num_bytes(scores[name]) / 1e6 if name in scores else 0.0
        rows.append(
            (
                figures['ap'],
                (
                    name,
                    *(percent(figures[key]) for key in ('ap', 'fpr95', 'auroc')),
                    percent(figures['component_f1']) if 'component_f1' in figures else '',
                    f'{np.median(counts.milliseconds[name]):.1f}',
                    f'{megabytes:.2f}',
                ),
            )
        )
    return [row for _, row in sorted(rows, key=lambda each: -each[0])]


def documents_of(
    benchmark: Benchmark, summary: SetSummary, network: ReadNetwork, counts: ManyCounts
) -> dict[str, Document]:
    """Return results as of training.evaluate for each score."""
    found = {}
    for name, each in counts.counts.items():
        scorer = Scorer(
            name=name,
            facts=(
                ('score', name),
                ('network', network.name),
                ('sha256 of weights', network.sha256),
                ('engine', f'torch {torch.__version__} on CPU, fp32'),
            ),
            sha256=network.sha256,
            label_set=network.label_set,
        )
        head = header(benchmark, summary, scorer, each.plan, BEST_F1)
        found[name] = document(head, each, figures_of_set(each))
    return found


def picture_rows(
    benchmark: Benchmark, counts: ManyCounts, maps: Path, *, count: int
) -> list[PictureRow]:
    """Paint images at equal steps through those that have outliers."""
    first = next(iter(counts.counts.values()))
    places = [place for place, record in enumerate(first.images) if not np.isnan(record.ap)]
    chosen = places[:: max(1, len(places) // max(count, 1))][:count]
    rows = []
    for place in chosen:
        pair = benchmark.pairs[place]
        image_rgb, truth = benchmark.read(pair)
        scores = dict(zip(counts.counts, stored_maps(maps, place), strict=True))
        panels = score_panels(image_rgb, truth, scores, counts.counts)
        rows.append(PictureRow(pair.name, tuple(panels)))
    return rows


def write_comparison(
    out: Path,
    rows: Sequence[tuple[str, ...]],
    documents: Mapping[str, Document],
    pictures: Sequence[PictureRow],
    counts: ManyCounts,
) -> None:
    """Write results.json, report.html and sheet.png."""
    network_ms = float(np.median(counts.network_milliseconds))
    kept = ('data', 'scorer', 'definition', 'figures', 'intervals', 'thresholds')
    results: Document = {
        'network_milliseconds': network_ms,
        'scores': {
            row[0]: {
                **{key: documents[row[0]][key] for key in kept},
                'milliseconds': float(np.median(counts.milliseconds[row[0]])),
                'megabytes': float(row[-1]),
            }
            for row in rows
        },
    }
    write_results(out, results)
    best = [row[0] for row in rows[:_CURVES]]
    page = comparison_page(best, [documents[name] for name in best])
    table = Section(
        title='Every score',
        text=f'AP, FPR95, AUROC and component F1 in percent; milliseconds of one image on top of '
        f'the {network_ms:.0f} ms of the network; megabytes of fitted state.',
        table=Table(COLUMNS, tuple(rows), is_sortable=True),
    )
    frames = tuple(
        FramePictures(
            title=row.name,
            pictures=tuple(to_picture(each, width_px=PANEL_WIDTH_PX) for each in row.panels),
            columns=_SHEET_COLUMNS,
        )
        for row in pictures
    )
    sections = (table, *page.sections, Section(title='Pictures', frames=frames))
    page = replace(page, title=f'{len(rows)} scores on one network', sections=sections)
    (out / 'report.html').write_text(render_page(page), 'utf-8')
    if pictures:
        _write_sheet(out / 'sheet.png', pictures)


def _write_sheet(path: Path, pictures: Sequence[PictureRow]) -> None:
    sheets = [
        contact_sheet(row.panels, width_px=PANEL_WIDTH_PX, columns=_SHEET_COLUMNS)
        for row in pictures
    ]
    width = max(each.shape[1] for each in sheets)
    padded = [
        np.pad(each, ((0, 0), (0, width - each.shape[1]), (0, 0)), constant_values=255)
        for each in sheets
    ]
    sheet_bgr = cv2.cvtColor(np.concatenate(padded), cv2.COLOR_RGB2BGR)
    path.write_bytes(cv2.imencode('.png', sheet_bgr)[1].tobytes())
