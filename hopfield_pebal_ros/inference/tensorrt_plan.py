"""What a TensorRT plan was built for: its file name, its sidecar, and why another does not fit."""

import hashlib
import json
import platform
import re
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timezone
from typing import Any, Final

from hopfield_pebal_ros.inference.cuda_stream import Gpu

_HASH_DIGITS: Final = 16


@dataclass(frozen=True, kw_only=True)
class PlanKey:
    """What a plan depends on besides the batch size; a plan for anything else is refused."""

    model_sha256: str
    precision: str
    tensorrt: str
    """Version, such as '10.3.0'."""
    gpu: str
    """Product name."""
    compute_capability: str
    """Such as '8.7'."""
    platform: str
    """Such as 'linux-aarch64'."""


@dataclass(frozen=True, kw_only=True)
class PlanRecord:
    """The sidecar of a plan."""

    key: PlanKey
    model_name: str
    input_shape: tuple[int, ...]
    """(N, H, W, 3), all fixed."""
    plan_sha256: str
    layer_shares: dict[str, float]
    """Precision -> share of the plan's layers, as TensorRT's inspector tells it."""
    built: str
    """ISO 8601, UTC."""
    build_s: float

    @property
    def batch_size(self) -> int:
        return self.input_shape[0]

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, sort_keys=True)


def plan_key(model_sha256: str, precision: str, tensorrt: str, gpu: Gpu) -> PlanKey:
    """Return what a plan for this machine must have been built for."""
    return PlanKey(
        model_sha256=model_sha256,
        precision=precision,
        tensorrt=tensorrt,
        gpu=gpu.name,
        compute_capability=gpu.compute_capability,
        platform=f'{platform.system()}-{platform.machine()}'.lower(),
    )


def new_record(
    key: PlanKey,
    plan: bytes,
    *,
    model_name: str,
    input_shape: tuple[int, ...],
    layer_shares: dict[str, float],
    build_s: float,
) -> PlanRecord:
    """Return the sidecar of a plan that was just built."""
    return PlanRecord(
        key=key,
        model_name=model_name,
        input_shape=input_shape,
        plan_sha256=hashlib.sha256(plan).hexdigest(),
        layer_shares=layer_shares,
        built=datetime.now(timezone.utc).isoformat(timespec='seconds'),
        build_s=round(build_s, 1),
    )


def plan_name(key: PlanKey, input_shape: tuple[int, ...]) -> str:
    """Return the file name of a plan: every part of the key, and the shape without channels."""
    shape = 'x'.join(map(str, input_shape[:3]))
    return f'{key.model_sha256[:_HASH_DIGITS]}_{_machine(key)}_{key.precision}_{shape}.engine'


def timing_cache_name(key: PlanKey) -> str:
    """Return the file name of the timings that every model on this machine shares."""
    return f'{_machine(key)}.timing'


def _machine(key: PlanKey) -> str:
    gpu = re.sub('[^a-z0-9]+', '-', key.gpu.lower()).strip('-')
    capability = key.compute_capability.replace('.', '')
    return f'trt{key.tensorrt}_{gpu}_sm{capability}_{key.platform}'


def parse_record(text: str) -> PlanRecord:
    """Read a sidecar.

    Raises:
        ValueError: it is not one.
    """
    try:
        document: dict[str, Any] = json.loads(text)
        return PlanRecord(
            key=PlanKey(
                **{each.name: str(document['key'][each.name]) for each in fields(PlanKey)}
            ),
            model_name=str(document['model_name']),
            input_shape=tuple(int(length) for length in document['input_shape']),
            plan_sha256=str(document['plan_sha256']),
            layer_shares={str(k): float(v) for k, v in document['layer_shares'].items()},
            built=str(document['built']),
            build_s=float(document['build_s']),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f'no sidecar of a TensorRT plan ({error!r})') from None


def differences(found: PlanKey, wanted: PlanKey) -> list[str]:
    """Say what keeps a plan from being used, one phrase for each part of the key."""
    return [
        f'{_WORDS[name]} {_shown(name, found)}, here it is {_shown(name, wanted)}'
        for name in (each.name for each in fields(PlanKey))
        if getattr(found, name) != getattr(wanted, name)
    ]


_WORDS: Final = {
    'model_sha256': 'model contents',
    'precision': 'precision',
    'tensorrt': 'TensorRT',
    'gpu': 'GPU',
    'compute_capability': 'compute capability',
    'platform': 'platform',
}


def _shown(name: str, key: PlanKey) -> str:
    value: str = getattr(key, name)
    return value[:_HASH_DIGITS] if name == 'model_sha256' else value
