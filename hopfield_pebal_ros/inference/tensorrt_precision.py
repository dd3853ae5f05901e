"""How TensorRT is made to compute in a precision, and how much of a plan really does."""

import json
import re
from collections import Counter
from typing import Any, Final

from hopfield_pebal_ros.contract.metadata import Precision
from hopfield_pebal_ros.inference.engine import EngineError, RunPrecision

_OLDEST: Final = (10, 3)
_NEWEST_MAJOR: Final = 11
_WEAK_TYPES: Final = 10
"""The last major version whose builder may round an fp32 graph by itself."""

# narrowest first; TensorRT 10 writes 'Half' or 'Row major linear FP16 format', 11 'Half'
_TYPE_WORDS: Final = {
    'int8': re.compile(r'\bint8\b', re.IGNORECASE),
    'fp16': re.compile(r'\b(fp16|half)\b', re.IGNORECASE),
    'bf16': re.compile(r'\b(bf16|bfloat16)\b', re.IGNORECASE),
    'fp32': re.compile(r'\b(fp32|float|float32)\b', re.IGNORECASE),
}
_TYPE_KEYS: Final = ('format/datatype', 'datatype', 'format')


def check_version(version: str) -> int:
    """Return the major version of TensorRT.

    Raises:
        EngineError: a version that this package does not know.
    """
    found = re.match(r'(\d+)\.(\d+)', version)
    numbers = (int(found[1]), int(found[2])) if found else (0, 0)
    if numbers < _OLDEST or numbers[0] > _NEWEST_MAJOR:
        raise EngineError(
            f'TensorRT {version} is installed, this package knows 10.3 to {_NEWEST_MAJOR}.x; '
            'install one of these'
        )
    return numbers[0]


def rounding_flag(asked: RunPrecision, file_precision: Precision, version: str) -> str | None:
    """Return the builder flag that rounds the graph, or None: the graph has the types already.

    Args:
        asked: precision to compute in.
        file_precision: of the graph.
        version: of TensorRT.

    Raises:
        EngineError: this TensorRT has no way from the one to the other.
    """
    if asked == file_precision:
        return None
    if file_precision == 'fp32' and asked in ('fp16', 'bf16'):
        if check_version(version) <= _WEAK_TYPES:
            return asked.upper()
        reason = f'TensorRT {version} keeps the types of the graph'
    else:
        reason = f'the graph computes in {file_precision}'
    remedy = f'export it with --precision {asked}, or ' if asked != 'bf16' else ''
    raise EngineError(
        f'precision {asked} was asked for, but {reason}; {remedy}ask for {file_precision}'
    )


def layer_shares(inspection: str) -> dict[str, float]:
    """Return the share of layers at each precision, widest share first.

    A layer counts at the narrowest type among its inputs and outputs: a convolution that reads
    halves and writes floats computes in halves. Layers without such types are left out.

    Args:
        inspection: JSON of TensorRT's engine inspector, of a plan built with detailed verbosity.
    """
    layers = json.loads(inspection).get('Layers', [])
    found = Counter(name for layer in layers if (name := _layer_precision(layer)))
    return {name: count / found.total() for name, count in found.most_common()}


def check_reached(asked: str, shares: dict[str, float], flag: str | None) -> None:
    """Refuse a plan that TensorRT was allowed to round and did not.

    Raises:
        EngineError: no layer computes in the precision that was asked for.
    """
    if flag is not None and not shares.get(asked):
        raise EngineError(
            f'precision {asked} was asked for, but TensorRT chose {shares or "unnamed types"} for '
            f'the layers: this GPU has no fast {asked}; ask for fp32'
        )


def _layer_precision(layer: Any) -> str | None:
    if not isinstance(layer, dict):
        return None
    text = ' | '.join(
        str(value)
        for tensor in (*layer.get('Inputs', ()), *layer.get('Outputs', ()))
        for key, value in tensor.items()
        if key.lower() in _TYPE_KEYS
    )
    return next((name for name, word in _TYPE_WORDS.items() if word.search(text)), None)
