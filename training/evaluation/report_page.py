"""The report of one run as a page, from its results and its pictures."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import InlierClass, LabelSet
from hopfield_pebal_ros.report.chart import Chart
from hopfield_pebal_ros.report.class_charts import class_iou_bars
from hopfield_pebal_ros.report.energy_charts import precision_recall_curve, roc_curve
from hopfield_pebal_ros.report.outcome_charts import (
    energies_and_thresholds,
    energy_reliability_chart,
)
from hopfield_pebal_ros.report.page import Page, Section, Table, Tile
from training.evaluation.figure_names import (
    HEADLINES,
    NAMES,
    THRESHOLDS,
    interval_text,
    known_figures,
    percent,
)
from training.evaluation.results import Document


def run_page(results: Document, pictures: Sequence[Section]) -> Page:
    """Return the page of a run.

    Args:
        results: as `results.document` makes them, or as read from results.json.
        pictures: sections of pictures, which results do not hold; none after a merge.
    """
    data, scorer = results['data'], results['scorer']
    return Page(
        kind='Evaluation',
        title=f'{scorer["name"]} on {data["name"]}',
        lead=f'{data["pairs"]} labelled images, {data["variant"]}. Figures are pooled over all '
        'pixels that count and given in percent; the range behind each holds 95 % of what other '
        'images of this kind would give.',
        tiles=headline_tiles(results),
        notices=(*data['notices'], *results['notices']),
        sections=(
            _chart_section(results),
            *pictures,
            _figure_section(results),
            _image_section(results),
            *what_was_evaluated(results),
        ),
        footer='Made by hopfield_pebal_ros. Versions: '
        + ', '.join(f'{name} {version}' for name, version in results['versions'].items())
        + '.',
    )


def headline_tiles(results: Document) -> tuple[Tile, ...]:
    figures, intervals = results['figures'], results['intervals']
    tiles = []
    for key, (name, note) in HEADLINES.items():
        if key in figures:
            interval = interval_text(intervals.get(key))
            tiles.append(
                Tile(
                    name=name,
                    value=f'{100 * figures[key]:.1f}',
                    unit='%',
                    note=f'{interval}; {note}' if interval else note,
                )
            )
    return tuple(tiles)


def what_was_evaluated(results: Document) -> list[Section]:
    """Return the model, the set and the definitions."""
    data = results['data']
    sizes = ', '.join(f'{count} of {size}' for size, count in data['resolutions'].items())
    set_facts = [
        ('set', f'{data["name"]}, {data["variant"]}'),
        ('images', f'{data["pairs"]}; {data["num_left_out"]} left out by the rule of the set'),
        ('without outliers', str(data['num_without_outliers'])),
        ('scenes', str(data['num_groups'] or 'not known')),
        ('sizes', sizes),
        ('outlier pixels', f'{100 * data["outlier_share"]:.3f} % of those that count'),
        ('void pixels', f'{100 * data["void_share"]:.1f} % of all'),
        ('file list sha256', data['sha256']),
    ]
    return [
        Section(title='What was evaluated', facts=tuple(map(_pair, results['scorer']['facts']))),
        Section(title='The set', facts=tuple(set_facts)),
        Section(
            title='Definitions',
            text='Published anomaly figures differ by definition; these are the ones used here.',
            facts=tuple(_definition_facts(results['definition'])),
        ),
    ]


def _chart_section(results: Document) -> Section:
    charts = [*_anomaly_charts(results), *_class_charts(results)]
    return Section(title='Charts', charts=tuple(charts))


def _anomaly_charts(results: Document) -> list[Chart]:
    if 'curves' not in results:
        return []
    figures, curves = results['figures'], results['curves']
    thresholds, unit = results['thresholds'], results['scorer']['unit']
    shown = {name: thresholds[key] for key, name in THRESHOLDS.items() if key in thresholds}
    tpr, fpr = _floats(curves['tpr']), _floats(curves['fpr'])
    levels = curves['reliability']
    return [
        energies_and_thresholds(
            _floats(curves['bin_edges']),
            np.array(curves['inlier_counts'], np.int64),
            np.array(curves['outlier_counts'], np.int64),
            thresholds=shown,
            unit=unit,
        ),
        precision_recall_curve(tpr, _floats(curves['precision']), ap=figures['ap']),
        roc_curve(fpr, tpr, auroc=figures['auroc'], fpr95=figures['fpr95']),
        energy_reliability_chart(
            _floats(levels['lowest_energy']),
            _floats(levels['outlier_share']),
            unit=unit,
            base_rate=results['data']['outlier_share'],
        ),
    ]


def _class_charts(results: Document) -> list[Chart]:
    if 'miou' not in results['figures']:
        return []
    classes = results['classes']
    label_set = LabelSet(
        tuple(InlierClass(each['name'], tuple(each['color_rgb'])) for each in classes)
    )
    iou = [each.get('iou', float('nan')) for each in classes]
    return [class_iou_bars(label_set, iou, miou=results['figures']['miou'])]


def _figure_section(results: Document) -> Section:
    figures, intervals = results['figures'], results['intervals']
    rows = [
        (NAMES[name], percent(figures[name]), interval_text(intervals.get(name)))
        for name in known_figures(figures)
    ]
    for tool, theirs in results['compatible'].items():
        rows += [
            (f'{NAMES[name]} as {tool}', percent(value), '') for name, value in theirs.items()
        ]
    unit = results['scorer']['unit']
    rows += [
        (f'threshold, {name.replace("_", " ")}', f'{value:.4g}', f'{unit}')
        for name, value in results['thresholds'].items()
    ]
    return Section(
        title='All figures',
        table=Table(('figure', '%', '95 % interval'), tuple(rows)),
    )


def _image_section(results: Document) -> Section:
    # the worst come first, images without outliers last
    images = sorted(results['images'], key=lambda each: each.get('ap', 2.0))
    columns = {'image': [each['name'] for each in images]}
    if any(each['group'] for each in images):
        columns['scene'] = [each['group'] for each in images]
    num_text_columns = len(columns)
    if any('ap' in each for each in images):
        for key, name in (('ap', 'AP [%]'), ('auroc', 'AUROC [%]'), ('fpr95', 'FPR95 [%]')):
            columns[name] = [percent(each[key]) if key in each else '' for each in images]
        columns['outlier pixels'] = [f'{each["outlier_pixels"]:,}' for each in images]
    rows = tuple(zip(*columns.values(), strict=True))
    return Section(
        title=f'All {len(rows)} images',
        text='Figures of each image alone; without outliers it has none. A click on a column '
        'sorts by it.',
        table=Table(tuple(columns), rows, num_text_columns=num_text_columns, is_sortable=True),
        is_folded=len(rows) > 40,
    )


def _definition_facts(definition: Document) -> list[tuple[str, str]]:
    facts = []
    for name, value in definition.items():
        if isinstance(value, dict):
            text = '; '.join(f'{key}: {each}' for key, each in value.items())
        else:
            text = str(value)
        facts.append((name, text))
    return facts


def _pair(fact: list[str]) -> tuple[str, str]:
    return fact[0], fact[1]


def _floats(values: Any) -> npt.NDArray[np.float64]:
    return np.array(values, np.float64)
