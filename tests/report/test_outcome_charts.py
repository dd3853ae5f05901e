import base64

import numpy as np

from hopfield_pebal_ros.report.outcome_charts import (
    RunCurve,
    energies_and_thresholds,
    energy_reliability_chart,
    precision_recall_of_runs,
    roc_of_runs,
)

EDGES = np.linspace(0.0, 4.0, 5)


def svg_of(chart):
    return base64.b64decode(chart.data_uri.partition(',')[2]).decode()


def run(name, figure):
    rates = np.array([0.1, 0.5, 1.0])
    return RunCurve(name=name, x=rates, y=rates, figure=figure)


def test_thresholds_are_named_with_their_energy():
    chart = energies_and_thresholds(
        EDGES,
        np.array([3, 1, 0, 0]),
        np.array([0, 0, 1, 3]),
        thresholds={'deployed': 2.5, 'best F1': 99.0},
        unit='nat',
    )
    assert 'deployed 2.5, best F1 99' in chart.alt
    assert 'outlier pixels' in chart.alt
    assert svg_of(chart).startswith('<?xml')


def test_a_set_without_outliers_shows_one_class():
    chart = energies_and_thresholds(
        EDGES, np.array([3, 1, 0, 0]), np.zeros(4, np.int64), thresholds={}, unit='nat'
    )
    assert 'outlier' not in chart.alt
    assert 'thresholds: none' in chart.alt


def test_reliability_says_where_it_begins_and_ends():
    chart = energy_reliability_chart(
        np.array([0.0, 1.0]), np.array([0.01, 0.5]), unit='nat', base_rate=0.1
    )
    assert 'from 1 % to 50 %' in chart.alt


def test_every_run_is_named_with_its_figure():
    runs = [run('ours', 0.5), run('theirs', 0.25)]
    assert precision_recall_of_runs(runs).alt.endswith('ours AP 50.0 %, theirs AP 25.0 %')
    assert roc_of_runs(runs).alt.endswith('ours AUROC 50.0 %, theirs AUROC 25.0 %')
