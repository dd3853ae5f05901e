from dataclasses import replace

import pytest

pytest.importorskip('torch')

from hopfield_pebal_ros.contract.metadata import Calibration
from training.calibration.report_text import fusion_table, threshold_table
from training.models.fusion import Fusion

FOUND = Calibration(
    threshold=-2.5,
    false_positive_rate=0.01,
    thresholds_by_false_positive_rate={'0.05': -3.25, '0.01': -2.5},
    threshold_kinds={'0.05': 'guaranteed', '0.01': 'quantile'},
    num_images=30,
    threshold_at_95_true_positives=-2.75,
    inlier_mean=-6.5,
    inlier_standard_deviation=1.25,
    fitted_on='30 frames',
)


def test_the_table_says_rate_threshold_kind_and_missing_images():
    lines = threshold_table(FOUND, unit='nat').splitlines()
    assert lines[:2] == ['calibrated on 30 frames', 'inlier energy -6.500 +- 1.250 nat']
    table = [line.split('  ') for line in lines[2:5]]
    assert [[cell.strip() for cell in row if cell] for row in table] == [
        ['inliers above', 'threshold [nat]', 'kind', 'images'],
        ['5 %', '-3.250', 'guaranteed', '30'],
        ['1 %', '-2.500', 'quantile', '30, 69 missing'],
    ]
    assert len({len(line) for line in lines[2:5]}) == 1
    assert lines[-1] == '95 % of outliers are above -2.750 nat'


def test_only_the_kinds_that_occur_are_explained():
    text = threshold_table(replace(FOUND, threshold_kinds={'0.05': 'guaranteed'}), unit='nat')
    assert 'guaranteed:' in text
    assert 'quantile:' not in text


def test_a_calibration_of_an_older_file_has_thresholds_of_unknown_kind():
    older = replace(FOUND, threshold_kinds={}, num_images=0, threshold_at_95_true_positives=None)
    text = threshold_table(older, unit='nat')
    assert text.count('unknown') == 4  # kinds and images
    assert 'missing' not in text
    assert 'outlier' not in text


def test_every_energy_that_was_offered_has_its_weight_in_the_table():
    fusion = Fusion(
        components=('a', 'b'),
        means=(-8.0, 0.5),
        standard_deviations=(2.0, 0.25),
        weights=(0.7, 0.3),
    )
    rows = [line.split() for line in fusion_table(fusion, offered=('a', 'c', 'b')).splitlines()]
    assert rows == [
        ['energy', 'weight', 'inlier', 'mean', 'standard', 'deviation'],
        ['a', '0.70', '-8.000', '2.000'],
        ['b', '0.30', '0.500', '0.250'],
        ['c', '0', 'adds', 'nothing'],
    ]
