"""What OpenVINO is told of precision, threads and streams, and what of that it really does."""

from typing import Any, Final

from hopfield_pebal_ros.contract.metadata import Metadata
from hopfield_pebal_ros.inference.cache_folder import prepare_cache_folder
from hopfield_pebal_ros.inference.engine import EngineError, RunPrecision, Tuning

_CAPABILITIES: Final = {'fp32': 'FP32', 'bf16': 'BF16', 'fp16': 'FP16', 'int8': 'INT8'}
_HINTS: Final = {'fp32': 'f32', 'bf16': 'bf16', 'fp16': 'f16', 'int8': 'f32'}
_GRAPH_TYPES: Final = 'undefined'  # OpenVINO's word; newer ones answer 'dynamic'


def checked_device(core: Any, device: str) -> str:
    """Return the device; AUTO, MULTI and HETERO choose for themselves and are refused."""
    available = list(core.available_devices)
    if any(device in (each, each.partition('.')[0]) for each in available):
        return device
    raise EngineError(
        f'OpenVINO device {device!r} is not there; found {", ".join(available)}: name one of '
        'these, or install the driver'
    )


def check_capability(core: Any, device: str, precision: RunPrecision) -> None:
    found = core.get_property(device, 'OPTIMIZATION_CAPABILITIES')
    if _CAPABILITIES[precision] not in found:
        raise EngineError(
            f'precision {precision} was asked for, but this {device} computes in '
            f'{", ".join(found)}; ask for fp32, or use another device'
        )


def compile_options(precision: RunPrecision, metadata: Metadata, tuning: Tuning) -> dict[str, Any]:
    # left alone, OpenVINO runs an fp32 file in bf16 where the CPU can;
    # _GRAPH_TYPES keeps the types of an fp16 file's graph, whose energies are fp32
    keeps_graph_types = precision == metadata.precision == 'fp16'
    options: dict[str, Any] = {
        'PERFORMANCE_HINT': tuning.performance_mode.upper(),
        'INFERENCE_PRECISION_HINT': _GRAPH_TYPES if keeps_graph_types else _HINTS[precision],
    }
    if tuning.num_threads:
        options['INFERENCE_NUM_THREADS'] = tuning.num_threads
    if tuning.num_streams:
        options['NUM_STREAMS'] = tuning.num_streams
    if tuning.cache_folder is not None:
        options['CACHE_DIR'] = str(prepare_cache_folder(tuning.cache_folder))
    return options


def check_compiled(compiled: Any, device: str, options: dict[str, Any]) -> None:
    """Refuse a model that OpenVINO compiled otherwise than it was told to."""
    hint = compiled.get_property('INFERENCE_PRECISION_HINT').to_string()
    hint = _GRAPH_TYPES if hint == 'dynamic' else hint
    devices = [str(each) for each in compiled.get_property('EXECUTION_DEVICES')]
    is_elsewhere = any(device not in (each, each.partition('.')[0]) for each in devices)
    if hint != options['INFERENCE_PRECISION_HINT'] or is_elsewhere:
        raise EngineError(
            f'asked OpenVINO for {options["INFERENCE_PRECISION_HINT"]} on {device}, but it runs '
            f'{hint} on {devices}; ask for another precision or device'
        )
    num_streams = int(compiled.get_property('NUM_STREAMS'))
    if num_streams != options.get('NUM_STREAMS', num_streams):
        raise EngineError(
            f'num_streams {options["NUM_STREAMS"]} was asked for, but OpenVINO runs {num_streams} '
            f'on {device}, which has no threads for more; ask for {num_streams}'
        )
