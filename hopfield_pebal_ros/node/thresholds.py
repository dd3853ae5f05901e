"""Which energy threshold holds: one that is set, one for a false-positive rate, or the model's."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from hopfield_pebal_ros.contract.metadata import Calibration
from hopfield_pebal_ros.node.parameter_table import SettingError
from hopfield_pebal_ros.node.parameters import Parameters


def threshold_for(calibration: Calibration, *, energy: float, false_positive_rate: float) -> float:
    """Return the threshold in the energy unit of the model.

    Args:
        calibration: of the model file.
        energy: set by the operator; NaN where it is not.
        false_positive_rate: target that is set; NaN where it is not. An `energy` wins over it.

    Raises:
        SettingError: a rate outside of those that were fitted.
    """
    if not math.isnan(energy):
        return energy
    if not math.isnan(false_positive_rate):
        return threshold_at_rate(calibration, false_positive_rate)
    return calibration.threshold


def threshold_at_rate(calibration: Calibration, false_positive_rate: float) -> float:
    """Return the threshold for a false-positive rate, between the fitted ones on a log scale.

    Raises:
        SettingError: a rate outside of those that were fitted, or none was.
    """
    fitted = {calibration.false_positive_rate: calibration.threshold} | {
        float(rate): threshold
        for rate, threshold in calibration.thresholds_by_false_positive_rate.items()
    }
    rates = np.array(sorted(rate for rate in fitted if rate > 0))
    if not len(rates) or not rates[0] <= false_positive_rate <= rates[-1]:
        known = ', '.join(f'{rate:g}' for rate in rates) or 'none'
        raise SettingError(
            f'target_false_positive_rate must be between the rates fitted in the model file '
            f'({known}), got {false_positive_rate:g}; set energy_threshold, or calibrate again'
        )
    thresholds = [fitted[rate] for rate in rates]
    return float(np.interp(np.log(false_positive_rate), np.log(rates), thresholds))


def reason_against_thresholds(
    changed: Mapping[str, Any], present: Parameters, calibration: Calibration | None
) -> str:
    """Return why new threshold parameters are refused, or ''.

    Args:
        changed: parameters to be set, by name.
        present: what holds until then.
        calibration: of the open model; None without one.
    """
    names = ('energy_threshold', 'target_false_positive_rate')
    energy, rate = (changed.get(each, getattr(present, each)) for each in names)
    if math.isnan(rate):
        return ''
    if not math.isnan(energy):
        return f'{names[0]} and {names[1]} cannot both be set; set the other one to NaN'
    try:
        if calibration is not None:
            threshold_at_rate(calibration, rate)
    except SettingError as error:
        return str(error)
    return ''
