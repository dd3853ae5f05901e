"""What each layer of a deployable file costs on OpenVINO, and what it would cost at the floor."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import openvino

from hopfield_pebal_ros.contract.deployment import IMAGE_INPUT, read_metadata
from hopfield_pebal_ros.inference.engine import RunPrecision, Tuning
from hopfield_pebal_ros.inference.openvino_graph import split_wide_dilations
from hopfield_pebal_ros.inference.openvino_options import compile_options

_BYTES: Final = {
    'f32': 4, 'i32': 4, 'i64': 8, 'bf16': 2, 'f16': 2, 'u8': 1, 'i8': 1, 'boolean': 1,
    'dynamic': 0,  # a bias that is not there
}  # fmt: skip


@dataclass(frozen=True)
class Layer:
    """One layer as OpenVINO runs it; others may be fused into it."""

    name: str
    kind: str
    """Of OpenVINO, such as Convolution or Reorder."""
    fused: tuple[str, ...]
    """Names in the file of what it computes."""
    time_ms: float
    """Median over the runs."""
    multiply_adds: int
    num_bytes: int
    """Of activations that it reads and writes."""

    def floor_ms(self, *, multiply_adds_per_s: float, bytes_per_s: float) -> float:
        """Return the time of the slower of arithmetic and memory, each at the machine's limit."""
        return 1e3 * max(self.multiply_adds / multiply_adds_per_s, self.num_bytes / bytes_per_s)


def measured_layers(
    model_path: Path, precision: RunPrecision, *, repeats: int, num_threads: int = 0
) -> list[Layer]:
    """Run a file on grey noise with counters on, and return its layers in order."""
    metadata = read_metadata(model_path)
    core = openvino.Core()
    model = _static(core, model_path)
    if precision == 'bf16':
        split_wide_dilations(model)
    macs = multiply_adds_by_name(model)
    options = compile_options(precision, metadata, Tuning(num_threads=num_threads))
    compiled = core.compile_model(model, 'CPU', options | {'PERF_COUNT': 'YES'})
    request = compiled.create_infer_request()
    noise = np.random.default_rng(0).integers(0, 256, (1, *metadata.network_hw, 3), np.uint8)
    averages_ms = [_averages_ms(request, noise) for _ in range(repeats + 1)]
    times_ms = {
        name: median(of_each_run([each[name] for each in averages_ms])[1:])
        for name in averages_ms[0]
    }
    ran = compiled.get_runtime_model().get_ordered_ops()
    return [
        _layer(each, times_ms, macs) for each in ran if _property(each, 'layerType') != 'Const'
    ]


def of_each_run(averages: Sequence[float]) -> list[float]:
    """Return the values whose means over the first, the first two, ... of them are given."""
    sums = [0.0, *(count * mean for count, mean in enumerate(averages, start=1))]
    return [after - before for before, after in pairwise(sums)]


def _averages_ms(request: Any, image: npt.NDArray[np.uint8]) -> dict[str, float]:
    """Run once more and return each layer's mean over all runs of the request so far."""
    request.infer({IMAGE_INPUT: image})
    found = request.get_profiling_info()
    return {each.node_name: each.real_time.total_seconds() * 1e3 for each in found}


def multiply_adds_of(model_path: Path) -> int:
    """Return the multiply-adds of one image."""
    return sum(multiply_adds_by_name(_static(openvino.Core(), model_path)).values())


def multiply_adds_by_name(model: Any) -> dict[str, int]:
    """Return the multiply-adds of every convolution and matrix product of a static model."""
    found = {}
    for each in model.get_ops():
        kind = each.get_type_name()
        if kind in ('Convolution', 'GroupConvolution', 'ConvolutionBackpropData', 'MatMul'):
            found[each.get_friendly_name()] = _multiply_adds(kind, each)
    return found


def worst_layers(
    layers: Sequence[Layer], count: int, *, multiply_adds_per_s: float, bytes_per_s: float
) -> list[tuple[Layer, float]]:
    """Return the layers that are furthest above their floor, and by how much [ms]."""
    excess = [
        (
            each,
            each.time_ms
            - each.floor_ms(multiply_adds_per_s=multiply_adds_per_s, bytes_per_s=bytes_per_s),
        )
        for each in layers
    ]
    return sorted(excess, key=lambda each: -each[1])[:count]


def _static(core: Any, model_path: Path) -> Any:
    """Read a file for one image."""
    model = core.read_model(model_path)
    model.reshape({IMAGE_INPUT: [1, *read_metadata(model_path).network_hw, 3]})
    return model


def _multiply_adds(kind: str, operation: Any) -> int:
    left, right = (_shape(each) for each in list(operation.inputs())[:2])
    out = math.prod(_shape(operation.output(0)))
    if kind == 'MatMul':
        return out * (left[-2] if operation.get_attributes()['transpose_a'] else left[-1])
    if kind == 'ConvolutionBackpropData':
        return math.prod(left) * math.prod(right[1:])
    return out * math.prod(right[2:] if kind == 'GroupConvolution' else right[1:])


def _layer(ran: Any, times_ms: dict[str, float], macs: dict[str, int]) -> Layer:
    fused = tuple(name for name in _property(ran, 'originalLayersNames').split(',') if name)
    tensors = [each.get_tensor() for each in (*ran.inputs(), *ran.outputs())]
    return Layer(
        name=ran.get_friendly_name(),
        kind=_property(ran, 'layerType'),
        fused=fused,
        time_ms=times_ms.get(ran.get_friendly_name(), 0.0),
        multiply_adds=sum(macs.get(name, 0) for name in fused),
        num_bytes=sum(_num_bytes(each) for each in tensors),
    )


def _num_bytes(tensor: Any) -> int:
    return math.prod(_shape(tensor)) * _BYTES[tensor.get_element_type().to_string()]


def _shape(tensor: Any) -> list[int]:
    return [int(length) for length in tensor.get_shape()]


def _property(ran: Any, name: str) -> str:
    return str(ran.get_rt_info()[name].astype(str)) if name in ran.get_rt_info() else ''
