"""The folder of TensorRT plans: found by what they were built for, written atomically."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hopfield_pebal_ros.inference.engine import EngineError
from hopfield_pebal_ros.inference.tensorrt_plan import (
    PlanKey,
    PlanRecord,
    differences,
    parse_record,
    plan_name,
)

_SIDECAR: Final = '.json'


@dataclass(frozen=True)
class StoredPlan:
    """A plan file with its sidecar."""

    path: Path
    record: PlanRecord


def default_cache_folder() -> Path:
    """Return the folder of this package in the user's cache.

    Raises:
        EngineError: this user has no home.
    """
    try:
        cache_home = Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache')
    except RuntimeError as error:
        raise EngineError(f'no folder for TensorRT plans ({error}); name a cache_folder') from None
    return cache_home / 'hopfield_pebal_ros' / 'tensorrt'


def write_plan(folder: Path, record: PlanRecord, plan: bytes) -> StoredPlan:
    """Write a plan, then its sidecar; a reader sees the old pair, the new one, or refuses.

    Raises:
        EngineError: the folder cannot be written or its disk is full.
    """
    path = folder / plan_name(record.key, record.input_shape)
    write_atomically(path, plan)
    write_atomically(path.with_name(path.name + _SIDECAR), record.to_json().encode())
    return StoredPlan(path, record)


def write_atomically(path: Path, content: bytes) -> None:
    """Put a whole file in place, or leave what was there.

    Raises:
        EngineError: the folder cannot be written or its disk is full.
    """
    partial = path.with_name(f'.{path.name}.{os.getpid()}.partial')
    try:
        with partial.open('wb') as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise EngineError(
            f'cannot write {path} ({error}); make room or name another cache_folder'
        ) from None
    finally:
        partial.unlink(missing_ok=True)


def stored_plans(folder: Path) -> list[StoredPlan]:
    """Return every plan with a readable sidecar; one without is as good as none."""
    stored = []
    for sidecar in sorted(folder.glob(f'*.engine{_SIDECAR}')):
        try:
            record = parse_record(sidecar.read_text('utf-8'))
        except (OSError, ValueError):
            continue
        stored.append(StoredPlan(sidecar.with_name(sidecar.name.removesuffix(_SIDECAR)), record))
    return stored


def find_plans(
    folder: Path, key: PlanKey, *, model_path: Path, model_name: str
) -> list[StoredPlan]:
    """Return the plans for exactly this key, smallest batch first.

    Raises:
        EngineError: there is none; the message says how the nearest one differs.
    """
    stored = stored_plans(folder)
    fitting = [each for each in stored if each.record.key == key]
    if not fitting:
        raise EngineError(
            f'no TensorRT plan of {model_path} for this machine in {folder}: '
            f'{_reason(stored, key, model_name)}; build it here: '
            f'python -m hopfield_pebal_ros.inference.build_tensorrt {model_path} '
            f'--precision {key.precision}'
        )
    return sorted(fitting, key=lambda each: each.record.batch_size)


def cached_plan(folder: Path, key: PlanKey, input_shape: tuple[int, ...]) -> StoredPlan | None:
    """Return the plan for exactly this key and shape, if there is one.

    Raises:
        EngineError: it is gone, half written or damaged.
    """
    for stored in stored_plans(folder):
        if stored.record.key == key and stored.record.input_shape == input_shape:
            read_plan(stored)
            return stored
    return None


def read_plan(stored: StoredPlan) -> bytes:
    """Return a plan that is still what its sidecar says.

    Raises:
        EngineError: it is gone, half written or damaged.
    """
    try:
        plan = stored.path.read_bytes()
    except OSError as error:
        raise EngineError(f'cannot read TensorRT plan {stored.path} ({error}); {_AGAIN}') from None
    if hashlib.sha256(plan).hexdigest() != stored.record.plan_sha256:
        raise EngineError(
            f'TensorRT plan {stored.path} is not the one of its sidecar: damaged, or being '
            f'written right now; {_AGAIN}'
        )
    return plan


_AGAIN: Final = 'build it again with build_tensorrt --rebuild'


def _reason(stored: list[StoredPlan], key: PlanKey, model_name: str) -> str:
    related = [
        each
        for each in stored
        if each.record.key.model_sha256 == key.model_sha256 or each.record.model_name == model_name
    ]
    if not related:
        return f'none of {model_name!r} among {len(stored)} plans'
    nearest = min(related, key=lambda each: len(differences(each.record.key, key)))
    return f'{nearest.path.name} has ' + '; '.join(differences(nearest.record.key, key))
