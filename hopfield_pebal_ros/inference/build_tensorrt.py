"""`python -m hopfield_pebal_ros.inference.build_tensorrt M [--warm]`: a TensorRT plan, cached."""

import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import tyro

from hopfield_pebal_ros.contract.deployment import read_metadata
from hopfield_pebal_ros.contract.metadata import Metadata
from hopfield_pebal_ros.inference.cache_folder import prepare_cache_folder
from hopfield_pebal_ros.inference.cuda_stream import CudaStream, open_stream
from hopfield_pebal_ros.inference.engine import (
    EngineError,
    RunPrecision,
    Tuning,
    decide_precision,
    open_engine,
)
from hopfield_pebal_ros.inference.file_hash import sha256_of
from hopfield_pebal_ros.inference.tensorrt_cache import (
    StoredPlan,
    cached_plan,
    default_cache_folder,
    write_atomically,
    write_plan,
)
from hopfield_pebal_ros.inference.tensorrt_graph import graph_for_tensorrt
from hopfield_pebal_ros.inference.tensorrt_library import require_tensorrt
from hopfield_pebal_ros.inference.tensorrt_plan import (
    PlanKey,
    new_record,
    plan_key,
    timing_cache_name,
)
from hopfield_pebal_ros.inference.tensorrt_precision import (
    check_reached,
    layer_shares,
    rounding_flag,
)
from hopfield_pebal_ros.inference.tensorrt_progress import BuildProgress, run_reporting

NUM_WARM_UP_RUNS: Final = 3
NUM_TIMED_RUNS: Final = 10


@dataclass(frozen=True, kw_only=True)
class BuildSettings:
    """Build the TensorRT plan of a model on the GPU that will run it."""

    model: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar='M')]
    """Deployable ONNX file."""
    device: str = 'CUDA'
    """'CUDA' or, for the second GPU, 'CUDA:1'."""
    precision: RunPrecision | None = None
    """Of the arithmetic; by default the precision of the file."""
    batch_size: int = 1
    """Images in one launch; build once more for the number of cameras that run together."""
    cache_folder: Path | None = None
    """Folder of plans; by default hopfield_pebal_ros/tensorrt in the user's cache."""
    workspace_mb: int | None = None
    """Most memory of the GPU that a layer may use beside its tensors; by default all of it."""
    rebuild: bool = False
    """Build even where a plan is there."""
    warm: bool = False
    """Run the plan 3 times, then time 10 runs."""


def main(arguments: Sequence[str] | None = None) -> int:
    settings = tyro.cli(BuildSettings, prog='build_tensorrt', args=arguments)
    try:
        build(settings)
    except (EngineError, ValueError, OSError) as error:
        print(f'build_tensorrt: {error}', file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        print('build_tensorrt: stopped, no plan was written', file=sys.stderr)  # noqa: T201
        return 130
    return 0


def build(settings: BuildSettings) -> StoredPlan:
    """Return the plan of these settings: the one in the cache, else a new one.

    Raises:
        EngineError: TensorRT, a GPU or the package onnx is missing, the folder cannot be written,
            or TensorRT cannot build this model so.
        FileNotFoundError: no such model.
        DeploymentError: not a valid deployable file.
    """
    if settings.batch_size < 1:
        raise EngineError(f'--batch-size must be 1 or more, got {settings.batch_size}')
    metadata = read_metadata(settings.model)
    precision = decide_precision(settings.precision, metadata)
    version = require_tensorrt()
    flag = rounding_flag(precision, metadata.precision, version)
    folder = prepare_cache_folder(settings.cache_folder or default_cache_folder())
    with closing(open_stream(settings.device)) as stream:
        shape = _input_shape(settings, metadata)
        key = plan_key(sha256_of(settings.model), precision, version, stream.gpu)
        stored = None if settings.rebuild else cached_plan(folder, key, shape)
        stored = stored or _build_new(
            settings, metadata, key, flag=flag, folder=folder, stream=stream
        )
    shares = ', '.join(f'{name} {share:.0%}' for name, share in stored.record.layer_shares.items())
    _say(f'{stored.path}: {stored.path.stat().st_size / 1e6:.1f} MB')
    _say(f'layers by precision: {shares or "TensorRT does not tell"}')
    if settings.warm:
        _say(_time_runs(settings, metadata))
    return stored


def _build_new(
    settings: BuildSettings,
    metadata: Metadata,
    key: PlanKey,
    *,
    flag: str | None,
    folder: Path,
    stream: CudaStream,
) -> StoredPlan:
    from hopfield_pebal_ros.inference.tensorrt_builder import BuiltPlan, build_plan

    graph = graph_for_tensorrt(settings.model, settings.batch_size)
    timing_path = folder / timing_cache_name(key)

    def work(progress: BuildProgress) -> BuiltPlan:
        stream.make_current()  # of this thread
        return build_plan(
            graph,
            flag=flag,
            workspace_mb=settings.workspace_mb,
            timing_cache=timing_path.read_bytes() if timing_path.is_file() else b'',
            progress=progress,
        )

    _say(f'building for {key.gpu}, TensorRT {key.tensorrt}, {key.precision}; this takes minutes')
    start = time.monotonic()
    built = run_reporting(work, _say)
    write_atomically(timing_path, built.timing_cache)
    shares = layer_shares(built.inspection)
    check_reached(key.precision, shares, flag)
    record = new_record(
        key,
        built.plan,
        model_name=metadata.name,
        input_shape=_input_shape(settings, metadata),
        layer_shares=shares,
        build_s=time.monotonic() - start,
    )
    return write_plan(folder, record, built.plan)


def _time_runs(settings: BuildSettings, metadata: Metadata) -> str:
    """Open the plan as the node does, run it, and return how long a run takes."""
    engine = open_engine(
        settings.model,
        metadata,
        backend='tensorrt',
        device=settings.device,
        precision=settings.precision,
        tuning=Tuning(cache_folder=settings.cache_folder),
    )
    images = np.zeros(_input_shape(settings, metadata), np.uint8)
    times_ms = []
    with closing(engine):
        for _ in range(NUM_WARM_UP_RUNS + NUM_TIMED_RUNS):
            start = time.perf_counter()
            engine.infer(images)
            times_ms.append(1e3 * (time.perf_counter() - start))
    timed = times_ms[NUM_WARM_UP_RUNS:]
    return (
        f'a run of {settings.batch_size} images: median {np.median(timed):.2f} ms, slowest of '
        f'{NUM_TIMED_RUNS} {max(timed):.2f} ms'
    )


def _input_shape(settings: BuildSettings, metadata: Metadata) -> tuple[int, ...]:
    return (settings.batch_size, *metadata.network_hw, 3)


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == '__main__':
    sys.exit(main())
