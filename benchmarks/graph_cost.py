"""Cost of what is in the graph besides the network: python -m benchmarks.graph_cost.

Prints one JSON document: normalisation, and all that makes labels and energy of the network's maps
(log-sum-exp, memory, fusion, enlarging, arg-max), over the network's own time. Flags: --model
FILE, --precision fp32|bf16|fp16|int8, --repeats N, --num-threads N.
"""

import argparse
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, get_args

import numpy as np
import onnx
import onnxruntime

from benchmarks.figures import Figure, to_json
from benchmarks.openvino_layers import measured_layers
from hopfield_pebal_ros.contract.deployment import IMAGE_INPUT, read_metadata
from hopfield_pebal_ros.inference.detector import DEFAULT_MODEL
from hopfield_pebal_ros.inference.engine import RunPrecision
from training.onnx_graph.graph_parts import Part, name_nodes, parts_of

MAX_SHARE: Final = 0.15
NUM_WORST: Final = 5

_OF_KERNELS: Final = '_kernel_time'

Timed = tuple[str, tuple[str, ...], float]
"""Kind of a layer, names in the file of what it computes, time [ms]."""


@dataclass(frozen=True)
class GraphCost:
    """Milliseconds of one image."""

    by_part: dict[Part, float]
    worst: tuple[tuple[str, float], ...]
    """Kinds of layers outside the network that take longest."""

    @property
    def share(self) -> float:
        """What is not the network over the network."""
        return (self.by_part['preparation'] + self.by_part['head']) / self.by_part['network']


def main() -> None:
    arguments = _parsed()
    model: Path = arguments.model
    costs = {
        f'openvino_{arguments.precision}': openvino_cost(
            model,
            arguments.precision,
            repeats=arguments.repeats,
            num_threads=arguments.num_threads,
        )
    }
    if arguments.precision in ('fp32', 'int8'):
        costs[f'onnxruntime_{arguments.precision}'] = onnxruntime_cost(
            model, repeats=arguments.repeats, num_threads=arguments.num_threads
        )
    print(to_json([each for name, cost in costs.items() for each in figures_of(name, cost)]))  # noqa: T201


def figures_of(name: str, cost: GraphCost) -> list[Figure]:
    unit = "of the network's own time"
    return [
        Figure(f'{name}_in_graph_share', cost.share, unit, 'lower', MAX_SHARE),
        *(
            Figure(f'{name}_{part}_ms', value, 'ms', 'lower', None)
            for part, value in cost.by_part.items()
        ),
        *(
            Figure(f'{name}_outside_network_{kind}_ms', value, 'ms', 'lower', None)
            for kind, value in cost.worst
        ),
    ]


def openvino_cost(
    model_path: Path, precision: RunPrecision, *, repeats: int, num_threads: int = 0
) -> GraphCost:
    """Measure a file on OpenVINO by its own counters, means over the runs."""
    layers = measured_layers(model_path, precision, repeats=repeats, num_threads=num_threads)
    timed = [(each.kind, tuple(map(without_biases, each.fused)), each.time_ms) for each in layers]
    return cost_of(timed, _parts(model_path))


def onnxruntime_cost(model_path: Path, *, repeats: int, num_threads: int = 0) -> GraphCost:
    """Measure a file on ONNX Runtime by its own profile, means over the runs."""
    shape = (1, *read_metadata(model_path).network_hw, 3)
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    with TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / 'profile')
        options.intra_op_num_threads = num_threads
        session = onnxruntime.InferenceSession(
            model_path, options, providers=['CPUExecutionProvider']
        )
        for _ in range(repeats):
            session.run(None, {IMAGE_INPUT: image})
        events = json.loads(Path(session.end_profiling()).read_text())
    timed = [
        (each['args']['op_name'], _names_in_file(each['name']), each['dur'] / 1e3)
        for each in events
        if each['name'].endswith(_OF_KERNELS)
    ]
    cost = cost_of(timed, _parts(model_path))
    return GraphCost(
        {part: value / repeats for part, value in cost.by_part.items()},
        tuple((kind, value / repeats) for kind, value in cost.worst),
    )


def cost_of(timed: Iterable[Timed], parts: Mapping[str, Part]) -> GraphCost:
    """Add up layers in their order by part.

    A layer that computes something of the network belongs to it, whatever was fused into it. One
    that is not in the file, such as a change of layout, belongs to the part of the one before it.
    """
    by_part: dict[Part, float] = dict.fromkeys(get_args(Part), 0.0)
    by_kind = dict[str, float]()
    part: Part = 'preparation'
    for kind, names, time_ms in timed:
        own = {parts[name] for name in names if name in parts}
        if own:
            part = 'network' if 'network' in own else own.pop()
        by_part[part] += time_ms
        if part != 'network':
            by_kind[kind] = by_kind.get(kind, 0.0) + time_ms
    worst = sorted(by_kind.items(), key=lambda each: -each[1])[:NUM_WORST]
    return GraphCost(by_part, tuple(worst))


def without_biases(name: str) -> str:
    """Return what a layer is called in the file; OpenVINO may make its bias a layer of its own."""
    return name.removesuffix('/WithoutBiases')


def _names_in_file(event: str) -> tuple[str, ...]:
    """Return what a kernel of ONNX Runtime may be called in the file.

    A convolution that was moved to its own layout is named after its output.
    """
    name = event.removesuffix(_OF_KERNELS)
    return name, name.removesuffix('_nchwc')


def _parts(model_path: Path) -> dict[str, Part]:
    """Return the part of each node, by its name and by those of its outputs."""
    model = onnx.load_model(str(model_path))
    name_nodes(model)
    parts = parts_of(model)
    by_output = {output: parts[node.name] for node in model.graph.node for output in node.output}
    return by_output | parts


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='benchmarks.graph_cost', description=__doc__)
    parser.add_argument('--model', type=Path, default=DEFAULT_MODEL)
    parser.add_argument('--precision', choices=get_args(RunPrecision), default='fp32')
    parser.add_argument('--repeats', type=int, default=20)
    parser.add_argument('--num-threads', type=int, default=0)
    return parser.parse_args()


if __name__ == '__main__':
    main()
