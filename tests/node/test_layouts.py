"""The layouts of viewers are readable and name topics that the node publishes."""

import json
import re
from pathlib import Path

import pytest

pytest.importorskip('rclpy')

import yaml

from hopfield_pebal_ros.node.outputs import DEBUG_TIMES

CONFIG = Path(__file__).parents[2] / 'config'
OURS = {'overlay', 'energy', 'anomaly_mask', 'anomaly_points', 'diagnostics'}
OURS |= {f'debug/{name}' for name in DEBUG_TIMES}


def values_of(document, key):
    """Return every text below `key`, however deep."""
    if isinstance(document, list):
        return [text for each in document for text in values_of(each, key)]
    if not isinstance(document, dict):
        return []
    own = [document[key]] if isinstance(document.get(key), str) else []
    return own + [text for each in document.values() for text in values_of(each, key)]


def test_rviz():
    document = yaml.safe_load((CONFIG / 'detector.rviz').read_text('utf-8'))
    assert set(values_of(document, 'Value')) == {'anomaly_points', 'overlay', 'energy'}


def test_foxglove():
    document = json.loads((CONFIG / 'detector.foxglove.json').read_text('utf-8'))
    topics = values_of(document, 'imageTopic') + values_of(document, 'topicToRender')
    topics += [each.removesuffix('.data') for each in values_of(document, 'value')]
    assert {each.lstrip('/') for each in topics} <= OURS
    panels = re.findall(r'"\w+![a-z]+"', json.dumps(document['layout']))
    assert {each.strip('"') for each in panels} == set(document['configById'])


def test_rqt():
    document = json.loads((CONFIG / 'detector.perspective').read_text('utf-8'))
    topics = [each for each in values_of(document, 'repr') if each.startswith("'/")]
    assert {each.strip("'/") for each in topics} == {'overlay', 'energy'}
