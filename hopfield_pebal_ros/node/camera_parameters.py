"""What may differ between cameras: names, topics, and parameters that win over the node's."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from hopfield_pebal_ros.node.parameter_table import SettingError, Table, declared, read
from hopfield_pebal_ros.node.parameters import PARAMETERS, Parameters


@dataclass(frozen=True, kw_only=True)
class CameraParameters:
    """What an operator can set for one named camera; NaN or '' leaves it to the node's value."""

    ignore_mask: str = declared('', "Ignore mask of this camera; '' takes the node's.")
    energy_threshold: float = declared(
        math.nan, "Energy threshold of this camera; NaN takes the node's.", when='any time'
    )
    max_rate_hz: float = declared(
        math.nan,
        "Most images taken of this camera [Hz]; 0 is without limit, NaN takes the node's.",
        when='any time',
        at_least=0.0,
        at_most=1000.0,
    )
    camera_height_m: float = declared(
        math.nan,
        "Height of this camera above the ground [m]; NaN takes the node's.",
        when='any time',
        at_least=0.0,
        at_most=100.0,
    )
    camera_pitch_deg: float = declared(
        math.nan,
        "How far this camera looks down [deg]; NaN takes the node's.",
        when='any time',
        at_least=-90.0,
        at_most=90.0,
    )
    camera_yaw_deg: float = declared(
        math.nan,
        "How far this camera looks to the left [deg]; NaN takes the node's.",
        when='any time',
        at_least=-180.0,
        at_most=180.0,
    )


_FIELDS: Final = fields(CameraParameters)


def check_cameras(cameras: Sequence[str]) -> None:
    """Refuse camera names that make no topics or that clash.

    Raises:
        SettingError: none, one twice, '' beside others, or not a plain name.
    """
    if not cameras or len(set(cameras)) != len(cameras):
        raise SettingError(f'cameras must be one or more different names, got {list(cameras)}')
    for each in cameras:
        if each == '' and len(cameras) > 1:
            raise SettingError(
                f"camera '' is a single camera without a name, got {list(cameras)}; name each"
            )
        if each and not re.fullmatch('[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*', each):
            raise SettingError(
                f'camera names are letters, digits and single underscores, got {each!r}'
            )
        if each in PARAMETERS or each == 'qos_overrides':
            raise SettingError(f'a camera cannot be called {each!r}, a parameter has that name')


def topic_of(camera: str, name: str) -> str:
    """Return the relative topic `name` of a camera: 'front/energy', or 'energy' without a name."""
    return f'{camera}/{name}' if camera else name


def camera_table(cameras: Sequence[str]) -> Table:
    """Return the parameters of all named cameras, 'front.energy_threshold' and so on."""
    return {f'{camera}.{each.name}': each for camera in cameras if camera for each in _FIELDS}


def read_camera(node: Any, camera: str, parameters: Parameters) -> CameraParameters:
    """Return what holds for one camera: its own values, and the node's where it has none."""
    values = {each.name: getattr(parameters, each.name) for each in _FIELDS}
    for name in values if camera else ():
        own = read(node, f'{camera}.{name}')
        if own != '' and own == own:  # NaN differs from itself
            values[name] = own
    return CameraParameters(**values)
