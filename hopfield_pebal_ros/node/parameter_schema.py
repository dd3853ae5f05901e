"""python -m hopfield_pebal_ros.node.parameter_schema > schema/detector.schema.json: parameters."""

import json
import math
from dataclasses import Field
from typing import Any, Final

from hopfield_pebal_ros.node.camera_parameters import camera_table
from hopfield_pebal_ros.node.parameter_table import WHEN_TEXT, Table
from hopfield_pebal_ros.node.parameters import PARAMETERS

_TYPES: Final = {bool: 'boolean', int: 'integer', float: 'number', str: 'string', tuple: 'array'}


def schema() -> dict[str, Any]:
    """Return the JSON schema of a parameter file, in the form that Autoware's nodes use."""
    one_camera = {name.partition('.')[2]: each for name, each in camera_table(['camera']).items()}
    return {
        '$schema': 'http://json-schema.org/draft-07/schema#',
        'title': 'Parameters of the hopfield_pebal_ros detector node',
        'type': 'object',
        'definitions': {
            'detector': {
                'type': 'object',
                'properties': _properties(PARAMETERS),
                'patternProperties': {
                    '^qos_overrides': {'description': 'Quality of service of an output.'}
                },
                'additionalProperties': {'$ref': '#/definitions/camera'},
            },
            'camera': {
                'type': 'object',
                'description': 'A camera of `cameras`, by its name.',
                'properties': _properties(one_camera),
                'additionalProperties': False,
            },
        },
        'properties': {
            '/**': {
                'type': 'object',
                'properties': {'ros__parameters': {'$ref': '#/definitions/detector'}},
                'required': ['ros__parameters'],
            }
        },
    }


def _properties(table: Table) -> dict[str, Any]:
    return {name: _property(each) for name, each in table.items()}


def _property(each: 'Field[Any]') -> dict[str, Any]:
    metadata, default = each.metadata, each.default
    found: dict[str, Any] = {
        'type': _TYPES[type(default)],
        'description': f'{metadata["description"]} {WHEN_TEXT[metadata["when"]]}',
    }
    if isinstance(default, tuple):
        found['items'] = {'type': 'string'}
    is_nan = isinstance(default, float) and math.isnan(default)
    found['default'] = '.nan' if is_nan else default
    if metadata['choices']:
        found['enum'] = metadata['choices']
    if metadata['range'] is not None:
        found['minimum'], found['maximum'] = metadata['range']
    return found


def main() -> None:
    print(json.dumps(schema(), indent=2))  # noqa: T201


if __name__ == '__main__':
    main()
