"""What a run must reach, such as figures.ap:min=0.4, and whether it did."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hopfield_pebal_ros.replay.run_evaluation import FIGURES

_PERCENTILES = ('p50', 'p95', 'p99')
_COUNTS = ('frames_in', 'frames_out', 'frames_dropped', 'frames_rejected', 'frames_labelled')


class RequirementError(ValueError):
    """A requirement that cannot be read; the message says what can."""


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """A bound of a number in summary.json."""

    key: str
    """Keys from the outside in, with dots between."""
    bound: Literal['min', 'max']
    value: float

    def holds(self, measured: float | None) -> bool:
        """Return whether a measured value is within the bound, which it may equal."""
        if measured is None:
            return False
        return measured >= self.value if self.bound == 'min' else measured <= self.value


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A requirement and what came of it."""

    requirement: Requirement
    measured: float | None
    """None where the run has no such number: no labels, no result."""

    @property
    def holds(self) -> bool:
        return self.requirement.holds(self.measured)

    def cells(self) -> tuple[str, str, str, str]:
        """Return result, key, bound and measured value as text."""
        required = self.requirement
        sign = '>=' if required.bound == 'min' else '<='
        measured = 'not measured' if self.measured is None else f'{self.measured:.6g}'
        return (
            'holds' if self.holds else 'FAILS',
            required.key,
            f'{sign} {required.value:.6g}',
            measured,
        )

    def to_json(self) -> dict[str, Any]:
        required = self.requirement
        return {
            'key': required.key,
            required.bound: required.value,
            'measured': self.measured,
            'holds': self.holds,
        }


def parse_requirements(words: Sequence[str], cameras: Sequence[str]) -> tuple[Requirement, ...]:
    """Return the requirements of words such as 'latency_ms.p95:max=100'.

    Args:
        words: each KEY:min=NUMBER or KEY:max=NUMBER.
        cameras: names of the cameras of the run, '' for one without.

    Raises:
        RequirementError: another form, or a key that no summary has; lists the keys there are.
    """
    known = keys_of(cameras)
    parsed = []
    for word in words:
        match = re.fullmatch(r'(?P<key>[^:=]+):(?P<bound>min|max)=(?P<value>.+)', word)
        value = _number(match['value']) if match else math.nan
        if match is None or math.isnan(value):
            raise RequirementError(
                f'--require takes KEY:min=NUMBER or KEY:max=NUMBER, such as figures.ap:min=0.4, '
                f'got {word!r}'
            )
        if match['key'] not in known:
            raise RequirementError(
                f'--require names {match["key"]}, which is no number in summary.json; there are '
                f'{", ".join(known)}'
            )
        bound: Literal['min', 'max'] = 'min' if match['bound'] == 'min' else 'max'
        parsed.append(Requirement(key=match['key'], bound=bound, value=value))
    return tuple(parsed)


def keys_of(cameras: Sequence[str]) -> list[str]:
    """Return the keys of the numbers that summary.json may have."""
    keys = [
        *_COUNTS,
        *(f'{group}.{each}' for group in ('latency_ms', 'inference_ms') for each in _PERCENTILES),
        *(f'figures.{each}' for each in FIGURES),
    ]
    return keys + [f'cameras.{camera}.{key}' for camera in cameras if camera for key in keys]


def judge(requirements: Sequence[Requirement], summary: Mapping[str, Any]) -> tuple[Verdict, ...]:
    """Compare requirements with a summary."""
    return tuple(
        Verdict(requirement=each, measured=_at(summary, each.key)) for each in requirements
    )


def as_table(verdicts: Sequence[Verdict]) -> str:
    """Return one line for each verdict, in columns."""
    rows = [('', 'figure', 'required', 'measured'), *(each.cells() for each in verdicts)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return '\n'.join(
        '  '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _at(summary: Mapping[str, Any], key: str) -> float | None:
    found: Any = summary
    for part in key.split('.'):
        found = found.get(part) if isinstance(found, Mapping) else None
    return None if found is None else float(found)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
