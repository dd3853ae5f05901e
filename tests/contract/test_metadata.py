import json
from dataclasses import replace
from typing import Any

import pytest

from hopfield_pebal_ros.contract.geometry import Geometry
from hopfield_pebal_ros.contract.labels import InlierClass, LabelSet
from hopfield_pebal_ros.contract.metadata import (
    SCHEMA_VERSION,
    Calibration,
    DeploymentError,
    EnergyDescription,
    Metadata,
    Provenance,
    parse_metadata,
)

EXAMPLE = Metadata(
    name='example',
    label_set=LabelSet((InlierClass('road', (1, 2, 3)), InlierClass('Fußgänger', (4, 5, 6)))),
    network_hw=(256, 512),
    output_hw=(64, 128),
    geometry=Geometry(mode='crop', interpolation='area', padding_rgb=(7, 8, 9)),
    energy=EnergyDescription(
        kind='fused_energy',
        unit='inlier standard deviation',
        components=('free_energy', 'hopfield_energy'),
    ),
    calibration=Calibration(
        threshold=-2.5,
        false_positive_rate=0.01,
        thresholds_by_false_positive_rate={'0.01': -2.5, '0.05': -3.25},
        threshold_kinds={'0.01': 'quantile', '0.05': 'guaranteed'},
        num_images=64,
        threshold_at_95_true_positives=-2.75,
        inlier_mean=-6.5,
        inlier_standard_deviation=1.25,
        fitted_on='64 frames',
    ),
    provenance=Provenance(
        trained_on=('procedural drives', 'CamVid'),
        licence='research only',
        created='2026-01-01T00:00:00Z',
        git_revision='abc',
        weights_sha256='0123456789abcdef' * 4,
        versions={'torch': '2.14'},
    ),
    precision='int8',
)


def document_with(path: str, value: Any) -> str:
    """Return the example's document with one entry, named 'a.b', replaced."""
    document = json.loads(EXAMPLE.to_json())
    *parents, name = path.split('.')
    entry = document
    for parent in parents:
        entry = entry[parent]
    entry[name] = value
    return json.dumps(document)


def test_a_document_is_read_as_it_was_written():
    assert parse_metadata(EXAMPLE.to_json(), source='x') == EXAMPLE


def test_optional_entries_survive_the_round_trip_empty():
    plain = replace(EXAMPLE, calibration=Calibration(threshold=1.0, false_positive_rate=0.5))
    assert parse_metadata(plain.to_json(), source='x') == plain


def test_a_file_that_does_not_say_what_its_thresholds_promise_is_read():
    document = json.loads(EXAMPLE.to_json())
    del document['calibration']['threshold_kinds'], document['calibration']['num_images']
    calibration = parse_metadata(json.dumps(document), source='x').calibration
    assert (calibration.threshold_kinds, calibration.num_images) == ({}, 0)
    assert calibration.threshold == EXAMPLE.calibration.threshold


def test_the_document_says_its_schema_and_its_classes():
    document = json.loads(EXAMPLE.to_json())
    assert document['schema_version'] == SCHEMA_VERSION == 1
    assert document['label_set'][0] == {'name': 'road', 'color_rgb': [1, 2, 3]}


def test_a_newer_schema_is_refused_with_both_versions():
    with pytest.raises(DeploymentError, match=r'm\.onnx.*schema 2, .* up to 1; install a newer'):
        parse_metadata(document_with('schema_version', SCHEMA_VERSION + 1), source='m.onnx')


@pytest.mark.parametrize('version', [None, '1', True, 0, 1.0])
def test_a_schema_version_that_is_none_is_refused(version: object):
    with pytest.raises(DeploymentError, match='schema_version of 1 or more'):
        parse_metadata(document_with('schema_version', version), source='x')


@pytest.mark.parametrize('text', ['', '{', 'nonsense'])
def test_text_that_is_no_json_is_refused(text: str):
    with pytest.raises(DeploymentError, match=r'metadata is not JSON .*training\.export'):
        parse_metadata(text, source='x')


@pytest.mark.parametrize('text', ['[]', '1', 'null'])
def test_json_that_is_no_object_is_refused(text: str):
    with pytest.raises(DeploymentError, match='must be a JSON object'):
        parse_metadata(text, source='x')


OPTIONAL = {'schema_version', 'notes'}


def test_files_without_notes_have_none():
    document = json.loads(EXAMPLE.to_json())
    del document['notes']
    assert parse_metadata(json.dumps(document), source='x').notes == ()


@pytest.mark.parametrize('name', sorted(set(json.loads(EXAMPLE.to_json())) - OPTIONAL))
def test_every_entry_is_needed(name: str):
    document = json.loads(EXAMPLE.to_json())
    del document[name]
    with pytest.raises(DeploymentError, match=f"metadata lacks '{name}'; found"):
        parse_metadata(json.dumps(document), source='x')


@pytest.mark.parametrize(
    ('path', 'value', 'message'),
    [
        ('network_hw', [250, 512], 'multiples of 8'),
        ('network_hw', [0, 512], 'multiples of 8'),
        ('network_hw', [256], 'expected 2 whole numbers'),
        ('network_hw', [256.0, 512], 'expected 2 whole numbers'),
        ('network_hw', '256x512', 'expected 2 whole numbers'),
        ('output_hw', [64, 100], 'divided by 1, 2, 4 or 8'),
        ('output_hw', [512, 1024], 'divided by 1, 2, 4 or 8'),
        ('label_set', [], '1 to 254 classes'),
        ('label_set', ['road'], 'bad metadata'),
        ('label_set', None, 'bad metadata'),
        ('geometry', 5, 'bad metadata'),
        ('geometry.mode', 'pad', 'mode must be one of'),
        ('geometry.interpolation', [], 'interpolation must be one of'),
        ('geometry.padding_rgb', [1, 2], 'expected 3 whole numbers'),
        ('energy.unit', 'joule', r"energy\.unit must be one of .*got 'joule'"),
        ('energy.components', 'free_energy', 'expected a list of texts'),
        ('calibration.threshold', 'high', 'bad metadata'),
        ('calibration.threshold', float('nan'), r'calibration\.threshold must be finite'),
        ('calibration.threshold', float('inf'), r'calibration\.threshold must be finite'),
        ('calibration.threshold', 10**400, 'bad metadata'),
        ('calibration.inlier_mean', float('nan'), r'calibration\.inlier_mean must be finite'),
        ('calibration.inlier_standard_deviation', 0, 'must be positive, got 0'),
        ('calibration.inlier_standard_deviation', float('inf'), 'must be finite'),
        ('calibration.false_positive_rate', 1.5, r'must be 0\.\.1, got 1\.5'),
        ('calibration.thresholds_by_false_positive_rate', [1.0], 'bad metadata'),
        ('calibration.threshold_kinds', {'0.01': 'sure'}, r"must be one of .*got 'sure'"),
        ('calibration.threshold_kinds', ['quantile'], 'bad metadata'),
        ('calibration.num_images', 'many', 'bad metadata'),
        ('provenance.trained_on', 'CamVid', 'expected a list of texts'),
        ('provenance.versions', [1], 'bad metadata'),
        ('provenance.weights_sha256', 'abc', '64 hexadecimal digits'),
        ('precision', 'fp8', "precision must be one of .*got 'fp8'"),
        ('precision', 'bf16', 'precision must be one of'),
    ],
)
def test_a_wrong_entry_is_refused(path: str, value: object, message: str):
    with pytest.raises(DeploymentError, match=message) as caught:
        parse_metadata(document_with(path, value), source='m.onnx')
    assert 'm.onnx' in str(caught.value)
    assert 'training.export' in str(caught.value)
