"""Charts: vector pictures that say the right numbers and are the same each time."""

import base64
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from hopfield_pebal_ros.contract.labels import CITYSCAPES
from hopfield_pebal_ros.report.chart import Chart
from hopfield_pebal_ros.report.class_charts import class_iou_bars
from hopfield_pebal_ros.report.energy_charts import (
    anomaly_timeline,
    energy_colors,
    energy_histogram,
    precision_recall_curve,
    roc_curve,
)
from hopfield_pebal_ros.report.latency_charts import latency_histogram, latency_timeline

RATES = np.array([0.0, 0.5, 1.0])
EDGES = np.array([0.0, 1.0, 2.0])
PERCENTILES = {'p50': 10.0, 'p95': 20.0, 'p99': 30.0}


def chart(name: str) -> Chart:
    inlier, outlier = np.array([9, 1]), np.array([1, 3])
    iou = [float('nan')] * 17 + [0.25, 0.75]
    charts = {
        'histogram': lambda: energy_histogram(EDGES, inlier, outlier, threshold=1.5, unit='nat'),
        'unlabelled': lambda: energy_histogram(EDGES, inlier, None, threshold=99.0, unit='nat'),
        'colors': lambda: energy_colors(threshold=2.0, scale=0.5, unit='nat'),
        'anomaly': lambda: anomaly_timeline([0.0, 0.1], [0.0, 0.25]),
        'pr': lambda: precision_recall_curve(RATES, 1 - RATES, ap=0.421),
        'roc': lambda: roc_curve(RATES, RATES, auroc=0.987, fpr95=0.123),
        'latencies': lambda: latency_histogram([10.0, 11.0, 30.0], PERCENTILES),
        'timeline': lambda: latency_timeline([0.0, 1.0], [5.0, 6.0], lost_times_s=[0.5]),
        'classes': lambda: class_iou_bars(CITYSCAPES, iou, miou=0.5),
    }
    return charts[name]()


NAMES = (
    'histogram', 'unlabelled', 'colors', 'anomaly', 'pr', 'roc', 'latencies', 'timeline',
    'classes',
)  # fmt: skip


def svg_of(found: Chart) -> str:
    media_type, _, content = found.data_uri.partition(',')
    assert media_type == 'data:image/svg+xml;base64'
    return base64.b64decode(content).decode('utf-8')


@pytest.mark.parametrize('name', NAMES)
def test_a_chart_is_a_vector_picture_and_always_the_same(name: str) -> None:
    first, second = chart(name), chart(name)
    assert ElementTree.fromstring(svg_of(first)).tag.endswith('svg')
    assert first == second
    assert first.width_px > 100


@pytest.mark.parametrize(
    ('name', 'words'),
    [
        ('histogram', ['inlier pixels', 'outlier pixels', 'threshold 1.5 nat']),
        ('unlabelled', ['all pixels', 'threshold 99 nat']),
        ('colors', ['from 0.5 to 3.5 nat']),
        ('anomaly', ['up to 25.00 %']),
        ('pr', ['42.1 %']),
        ('roc', ['AUROC 98.7 %', 'FPR95 12.3 %']),
        ('latencies', ['p50 10.0 ms', 'p95 20.0 ms', 'p99 30.0 ms']),
        ('timeline', ['2 frames', '1 without result']),
        ('classes', ['2 classes', 'mean 50.0 %']),
    ],
)
def test_the_words_beside_a_chart_say_its_numbers(name: str, words: list[str]) -> None:
    alt = chart(name).alt
    assert [word for word in words if word not in alt] == []


def test_a_chart_has_no_date() -> None:
    assert 'dc:date' not in svg_of(chart('pr'))
