"""How a ROS parameter is declared as a dataclass field, described, and checked."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import Field, field
from typing import Any, Final, Literal, get_args

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor

When = Literal['start', 'configure', 'any time']
"""When a parameter is read: a `start` parameter is read-only, one of `configure` may be set while
the node is not configured."""

WHEN_TEXT: Final = {
    'start': 'Read when the process starts.',
    'configure': 'Read by the transition configure; to change it, clean up first.',
    'any time': 'May be changed at any time.',
}
assert set(WHEN_TEXT) == set(get_args(When))


class SettingError(ValueError):
    """A parameter value that cannot be used; the message says what was got and what is valid."""


Table = Mapping[str, 'Field[Any]']
"""Parameter name -> its dataclass field."""


def declared(
    default: Any,
    description: str,
    *,
    when: When = 'configure',
    at_least: float | None = None,
    at_most: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """Return a dataclass field that carries what ROS and people are told of a parameter."""
    metadata = {
        'description': description,
        'when': when,
        'range': None if at_least is None or at_most is None else (at_least, at_most),
        'choices': choices,
    }
    return field(default=default, metadata=metadata)


def declare(node: Any, table: Table) -> None:
    """Declare every parameter of a table on a node.

    Raises:
        rclpy.exceptions.ParameterException: a value given at the start has the wrong type or is
            out of range.
        SettingError: a value given at the start that is none of the choices.
    """
    for name, each in table.items():
        default = list(each.default) if isinstance(each.default, tuple) else each.default
        node.declare_parameter(name, default, descriptor(each))
    values = ((name, read(node, name)) for name in table)
    if reason := reason_to_refuse(values, table, is_configured=False):
        raise SettingError(reason)


def read(node: Any, name: str) -> Any:
    """Return a parameter's present value; lists as tuples."""
    value = node.get_parameter(name).value
    return tuple(value) if isinstance(value, list) else value


def descriptor(each: 'Field[Any]') -> ParameterDescriptor:
    """Return what `ros2 param describe` shows of a parameter."""
    metadata = each.metadata
    found = ParameterDescriptor(
        description=f'{metadata["description"]} {WHEN_TEXT[metadata["when"]]}',
        read_only=metadata['when'] == 'start',
    )
    if metadata['choices']:
        found.additional_constraints = _one_of(metadata['choices'])
    if metadata['range'] is not None:
        low, high = metadata['range']
        if _may_be_nan(each):
            found.additional_constraints = f'NaN, or {low:g} to {high:g}'
        elif isinstance(low, int):
            found.integer_range = [IntegerRange(from_value=low, to_value=high)]
        else:
            found.floating_point_range = [FloatingPointRange(from_value=low, to_value=high)]
    return found


def reason_to_refuse(
    values: Iterable[tuple[str, Any]], table: Table, *, is_configured: bool
) -> str:
    """Return why new values are refused, or '' where they are good.

    Types are checked by rclpy, and the ranges that do not allow NaN.

    Args:
        values: names and values; names that are not in the table are left to others.
        table: of our parameters.
        is_configured: whether the values of `configure` are in use.
    """
    for name, value in values:
        if name not in table:
            continue
        metadata = table[name].metadata
        if metadata['choices'] and value not in metadata['choices']:
            return f'{name} must be {_one_of(metadata["choices"])}, got {value!r}'
        if isinstance(value, float) and math.isinf(value):
            return f'{name} must be finite, got {value}'
        if metadata['range'] is not None and _may_be_nan(table[name]):
            low, high = metadata['range']
            if value < low or value > high:
                return f'{name} must be NaN, or {low:g} to {high:g}, got {value:g}'
        if metadata['when'] == 'configure' and is_configured:
            return (
                f'{name} is in use since the transition configure; '
                'deactivate and clean up the node, set it, and configure again'
            )
    return ''


def _may_be_nan(each: 'Field[Any]') -> bool:
    """Tell whether NaN, which rclpy's ranges refuse, is the default and so has a meaning."""
    return isinstance(each.default, float) and math.isnan(each.default)


def _one_of(choices: tuple[str, ...]) -> str:
    return 'one of ' + ', '.join(repr(each) for each in choices)
