"""The schema file is what the parameter table says, and the parameter files keep to it."""

import json
from pathlib import Path

import pytest

pytest.importorskip('rclpy')

import yaml

from hopfield_pebal_ros.node.parameter_schema import schema

ROOT = Path(__file__).parents[2]
KINDS = {'boolean': bool, 'integer': int, 'number': float, 'string': str, 'array': list}


def test_the_file_is_what_the_table_says():
    written = json.loads((ROOT / 'schema' / 'detector.schema.json').read_text('utf-8'))
    assert written == json.loads(json.dumps(schema())), (
        'write it again: python -m hopfield_pebal_ros.node.parameter_schema > '
        'schema/detector.schema.json'
    )


def problems(values, definition):
    """Return what a strict reader of the schema would say; enough of it for our schema."""
    found = []
    for name, value in values.items():
        if isinstance(value, dict):
            found += problems(value, schema()['definitions']['camera'])
            continue
        rule = definition['properties'].get(name)
        if rule is None or type(value) is not KINDS[rule['type']]:
            found.append(f'{name}: {value!r}')
        elif 'enum' in rule and value not in rule['enum']:
            found.append(f'{name}: {value!r} is none of {rule["enum"]}')
        elif 'minimum' in rule and (value < rule['minimum'] or value > rule['maximum']):
            found.append(f'{name}: {value!r} is out of range')
    return found


@pytest.mark.parametrize('name', ['detector.yaml', 'three_cameras.yaml'])
def test_the_parameter_files_keep_to_the_schema(name):
    document = yaml.safe_load((ROOT / 'config' / name).read_text('utf-8'))
    values = document['/**']['ros__parameters']
    assert problems(values, schema()['definitions']['detector']) == []


def test_what_breaks_the_schema_is_found():
    wrong = {
        'model': 5,
        'backend': 'tpu',
        'num_threads': -1,
        'front': {'model': 'x'},
        'nothing': 1,
    }
    assert len(problems(wrong, schema()['definitions']['detector'])) == 5
