"""The one form of every benchmark's answer: a JSON document of figures with targets."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from benchmarks.machine import describe_machine


@dataclass(frozen=True)
class Figure:
    """One measured number."""

    name: str
    value: float | None  # None: it could not be measured here; the unit then says why
    unit: str
    better: Literal['higher', 'lower']
    target: float | None  # None: reported only

    @property
    def holds(self) -> bool | None:
        """Whether the target is met; None without a target or a value."""
        if self.value is None or self.target is None:
            return None
        return self.value >= self.target if self.better == 'higher' else self.value <= self.target


def to_json(figures: Sequence[Figure]) -> str:
    """Return the document that every `python -m benchmarks.*` prints."""
    rows = [asdict(figure) | {'holds': figure.holds} for figure in figures]
    return json.dumps({'machine': describe_machine(), 'figures': rows}, indent=2)
