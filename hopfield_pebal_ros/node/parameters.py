"""Every ROS parameter of the node, declared once: default, meaning, unit, range, when read."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, Final, Literal, get_args

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor

from hopfield_pebal_ros.contract.metadata import Metadata
from hopfield_pebal_ros.inference.engine import Backend, RunPrecision

When = Literal['start', 'configure', 'any time']
"""When a parameter is read: a `start` parameter is read-only, one of `configure` may be set while
the node is not configured."""

_WHEN_TEXT: Final = {
    'start': 'Read when the process starts.',
    'configure': 'Read by the transition configure; to change it, clean up first.',
    'any time': 'May be changed at any time.',
}


def _declared(
    default: Any,
    description: str,
    *,
    when: When = 'configure',
    at_least: float | None = None,
    at_most: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    limits = None if at_least is None or at_most is None else (at_least, at_most)
    return field(
        default=default,
        metadata={'description': description, 'when': when, 'range': limits, 'choices': choices},
    )


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """What an operator can set."""

    autostart: bool = _declared(
        True,
        'Configure and activate by itself; if that fails, the process ends with exit code 1.',
        when='start',
    )
    model: str = _declared('', 'Deployable ONNX file; empty takes the bundled default model.')
    backend: str = _declared(
        'openvino', 'Inference runtime; no other takes its place.', choices=get_args(Backend)
    )
    device: str = _declared('CPU', 'Device, as the runtime names it.')
    precision: str = _declared(
        '',
        'Precision of the arithmetic; empty is the precision of the file.',
        choices=('', *get_args(RunPrecision)),
    )
    num_threads: int = _declared(
        0, 'Threads of the runtime; 0 is one for every core.', at_least=0, at_most=1024
    )
    image_converter: str = _declared(
        'builtin', 'What reads image messages.', choices=('builtin', 'cv_bridge')
    )
    image_reliability: str = _declared(
        'best_effort',
        'Reliability of the image subscription. best_effort fits every camera; reliable gets '
        'large images through where the transport loses them, and needs a reliable publisher.',
        choices=('best_effort', 'reliable'),
    )
    energy_threshold: float = _declared(
        math.nan,
        'Energy above which a pixel is anomalous, in the energy unit of the model (see '
        'diagnostics); NaN is the threshold calibrated in the model file.',
        when='any time',
    )
    min_region_area_px: int = _declared(
        100,
        'Anomalous regions below this area are neither listed nor marked [camera px].',
        when='any time',
        at_least=0,
        at_most=100_000_000,
    )
    overlay_label_alpha: float = _declared(
        0.35,
        'Share of the class colour in the overlay, 0 to 1.',
        when='any time',
        at_least=0.0,
        at_most=1.0,
    )
    max_rate_hz: float = _declared(
        0.0,
        'Images are taken no more often than this [Hz]; 0 is as often as the engine can.',
        when='any time',
        at_least=0.0,
        at_most=1000.0,
    )
    image_timeout_s: float = _declared(
        2.0,
        'A warning is given when no image came for this long [s].',
        when='any time',
        at_least=0.1,
        at_most=3600.0,
    )
    max_allowed_processing_time_ms: float = _declared(
        0.0,
        'Diagnostics warn when an image takes longer than this from take to publish [ms]; 0 is '
        'never.',
        when='any time',
        at_least=0.0,
        at_most=60_000.0,
    )
    diagnostics_period_s: float = _declared(
        1.0, 'Time between two diagnostics [s].', when='start', at_least=0.1, at_most=60.0
    )

    @classmethod
    def declare_on(cls, node: Any) -> 'Parameters':
        """Declare every parameter on a node and return their values.

        Raises:
            rclpy.exceptions.ParameterException: a value given at the start has the wrong type or
                is out of range.
            ValueError: a value given at the start that is none of the choices.
        """
        for each in fields(cls):
            node.declare_parameter(each.name, each.default, descriptor(each.name))
        values = cls.read_from(node)
        if reason := reason_to_refuse(vars(values).items(), is_configured=False):
            raise ValueError(reason)
        return values

    @classmethod
    def read_from(cls, node: Any) -> 'Parameters':
        """Return the present values."""
        return cls(**{each.name: node.get_parameter(each.name).value for each in fields(cls)})

    def threshold_for(self, metadata: Metadata) -> float:
        """Return the energy threshold: the one set, or else the model's own."""
        is_set = not math.isnan(self.energy_threshold)
        return self.energy_threshold if is_set else metadata.calibration.threshold


def descriptor(name: str) -> ParameterDescriptor:
    """Return what `ros2 param describe` shows of a parameter."""
    metadata = _metadata(name)
    sentences = [metadata['description'], _WHEN_TEXT[metadata['when']]]
    found = ParameterDescriptor(
        description=' '.join(sentences), read_only=metadata['when'] == 'start'
    )
    if metadata['choices']:
        found.additional_constraints = _one_of(metadata['choices'])
    if metadata['range'] is not None:
        low, high = metadata['range']
        if isinstance(low, int):
            found.integer_range = [IntegerRange(from_value=low, to_value=high)]
        else:
            found.floating_point_range = [FloatingPointRange(from_value=low, to_value=high)]
    return found


def reason_to_refuse(values: Iterable[tuple[str, Any]], *, is_configured: bool) -> str:
    """Return why new values are refused, or '' where they are good.

    Types and ranges are checked by rclpy with the descriptors.

    Args:
        values: names and values; names that are not ours are left to others.
        is_configured: whether the values of `configure` are in use.
    """
    ours = {each.name for each in fields(Parameters)}
    for name, value in values:
        if name not in ours:
            continue
        metadata = _metadata(name)
        if metadata['choices'] and value not in metadata['choices']:
            return f'{name} must be {_one_of(metadata["choices"])}, got {value!r}'
        if isinstance(value, float) and math.isinf(value):
            return f'{name} must be finite, got {value}'
        if metadata['when'] == 'configure' and is_configured:
            return (
                f'{name} is in use since the transition configure; '
                'deactivate and clean up the node, set it, and configure again'
            )
    return ''


def _metadata(name: str) -> Any:
    return next(each.metadata for each in fields(Parameters) if each.name == name)


def _one_of(choices: tuple[str, ...]) -> str:
    return 'one of ' + ', '.join(repr(each) for each in choices)
