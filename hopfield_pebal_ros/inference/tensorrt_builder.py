"""A graph -> a TensorRT plan, on the GPU that will run it."""

from dataclasses import dataclass
from typing import Final

import tensorrt as trt

from hopfield_pebal_ros.inference.engine import EngineError
from hopfield_pebal_ros.inference.tensorrt_log import TensorRtLog, start
from hopfield_pebal_ros.inference.tensorrt_progress import BuildProgress

_EXPORT: Final = 'export it again, at another --precision (int8 needs zero points of 0)'


@dataclass(frozen=True)
class BuiltPlan:
    """What a build leaves behind."""

    plan: bytes
    timing_cache: bytes
    """Measured times of kernels, which make the next build faster."""
    inspection: str
    """JSON of TensorRT's engine inspector."""


class _Monitor(trt.IProgressMonitor):
    """Passes TensorRT's reports on."""

    def __init__(self, progress: BuildProgress) -> None:
        trt.IProgressMonitor.__init__(self)
        self._progress = progress

    def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
        del parent_phase
        self._progress.start(phase_name, num_steps)

    def step_complete(self, phase_name: str, step: int) -> bool:
        return self._progress.step(phase_name, step)

    def phase_finish(self, phase_name: str) -> None:
        self._progress.finish(phase_name)


def build_plan(
    graph: bytes,
    *,
    flag: str | None,
    workspace_mb: int | None,
    timing_cache: bytes,
    progress: BuildProgress,
) -> BuiltPlan:
    """Build a plan; takes minutes, and stops when `progress` is cancelled.

    Args:
        graph: from `graph_for_tensorrt`.
        flag: builder flag that rounds the graph (TensorRT 10 only); None keeps its types.
        workspace_mb: most memory that a layer may use beside its tensors; None is all of it.
        timing_cache: of an earlier build on this GPU and TensorRT, or empty.
        progress: told of every phase.

    Raises:
        EngineError: TensorRT cannot read or build the graph.
    """
    log = TensorRtLog()
    builder = start(trt.Builder, log)
    network = builder.create_network(0 if flag else _strong_types())
    parser = trt.OnnxParser(network, log)  # owns the weights until the plan is built
    if not parser.parse(graph):
        raise EngineError(f'TensorRT cannot read the graph: {_parse_errors(parser)}; {_EXPORT}')
    config = builder.create_builder_config()
    config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED
    config.clear_flag(trt.BuilderFlag.TF32)  # fp32 is fp32: energies are calibrated
    if flag:
        config.set_flag(trt.BuilderFlag.__members__[flag])
    if workspace_mb is not None:
        config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, workspace_mb * 10**6)
    monitor = _Monitor(progress)
    config.progress_monitor = monitor
    _set_timing_cache(config, timing_cache)
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise EngineError(
            f'TensorRT cannot build a plan: {log.reason()}; free memory of the GPU or set '
            '--workspace-mb, or export at a smaller size'
        )
    return BuiltPlan(
        plan=bytes(plan),
        timing_cache=bytes(config.get_timing_cache().serialize()),
        inspection=_inspect(bytes(plan), log),
    )


def _strong_types() -> int:
    return 1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED)


def _parse_errors(parser: trt.OnnxParser) -> str:
    errors: list[trt.ParserError] = list(map(parser.get_error, range(parser.num_errors)))
    return '; '.join(
        f'{each.node_operator()} {each.node_name()}: {each.desc()}' for each in errors
    )


def _set_timing_cache(config: trt.IBuilderConfig, content: bytes) -> None:
    """Start from earlier timings; those of another TensorRT or GPU are left aside."""
    cache = config.create_timing_cache(content)
    if cache is None or not config.set_timing_cache(cache, False):
        config.set_timing_cache(config.create_timing_cache(b''), False)


def _inspect(plan: bytes, log: TensorRtLog) -> str:
    engine = start(trt.Runtime, log).deserialize_cuda_engine(plan)
    if engine is None:
        raise EngineError(f'TensorRT cannot load the plan it built: {log.reason()}')
    inspector = engine.create_engine_inspector()
    return str(inspector.get_engine_information(trt.LayerInformationFormat.JSON))
