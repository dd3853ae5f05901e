"""Speed, agreement and cost of a deployable file on every engine: python -m benchmarks.engines.

Prints one JSON document. Flags: --model FILE, --int8 FILE (its int8 form), --images DIR (else
rendered ones), --dataset NAME --root DIR (a set of training.evaluate, for the loss of AP),
--repeats N, --quick (tiny, to show that it works; its figures have no targets). Engines are timed
in turn, in one process, at the size of the file's network; torch runs the same architecture,
that of --preset in --order, with random weights.
"""

import argparse
import logging
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, get_args

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.engine_agreement import LabelledSet, agreements, average_precision
from benchmarks.engine_options import option_figures
from benchmarks.engine_variants import Variant, variants_of
from benchmarks.figures import Figure, to_json
from benchmarks.graph_cost import figures_of as graph_figures
from benchmarks.graph_cost import openvino_cost
from benchmarks.machine_rates import bytes_per_s, multiply_adds_per_s
from benchmarks.network_costs import run_eager, settled
from benchmarks.openvino_layers import Layer, measured_layers, multiply_adds_of, worst_layers
from benchmarks.timing import medians_in_turn
from hopfield_pebal_ros.contract.deployment import read_metadata
from hopfield_pebal_ros.inference.detector import DEFAULT_MODEL
from hopfield_pebal_ros.inference.engine import EngineError
from training.export_check import TOLERANCES, Agreement
from training.export_images import verification_images
from training.models.deployed import DeployedModel, Order
from training.models.fusion import Fusion
from training.networks import build_network
from training.reference_presets import ALL_PRESETS

EAGER: Final = 'torch_eager_fp32'
REFERENCE: Final = 'onnxruntime_fp32'
PAUSE_S: Final = 0.05
MAX_PEAK_MB: Final = 400.0
NUM_WORST: Final = 5
MAX_DIFFERENCE: Final = 0.02
"""In the multiply-adds of a file, which pads and adds up some channels, and of its network."""


def main() -> None:
    arguments = _parsed()
    logging.getLogger('torch').setLevel(logging.ERROR)
    try:
        variants = variants_of(arguments.model, arguments.int8)
        images = verification_images(arguments.images, read_metadata(arguments.model).network_hw)
        eager = eager_model(arguments.model, arguments.preset, order=arguments.order)
    except (EngineError, OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    labelled = LabelledSet(arguments.dataset, arguments.root) if arguments.dataset else None
    compared = dict(
        zip((each.name for each in variants), agreements(variants, images), strict=True)
    )
    losses = ap_losses(variants, labelled)
    speeds = frames_per_s(variants, eager, repeats=arguments.repeats)
    figures = speed_figures(speeds)
    figures += agreement_figures(variants, compared, losses)
    best = fastest_passing(variants, speeds, compared, losses)
    figures += best_figures(best, speeds)
    figures += [peak_memory_figure(each) for each in variants]
    figures += floor_figures(best, speeds, repeats=arguments.repeats)
    figures += in_graph_figures(best, repeats=arguments.repeats)
    figures += option_figures(best, repeats=arguments.repeats)
    if arguments.quick:
        figures = [replace(each, target=None) for each in figures]
    print(to_json(figures))  # noqa: T201


def eager_model(model: Path, preset: str, *, order: Order = 'exact') -> DeployedModel:
    """Return the architecture of a file in torch, with random weights.

    Raises:
        ValueError: its multiply-adds are not those of the file.
    """
    metadata, settings = read_metadata(model), ALL_PRESETS[preset]
    network = build_network(settings, has_weights=False)
    settled(network.closed_set)
    count = len(settings.energies)
    fusion = Fusion(
        components=settings.energies,
        means=(0.0,) * count,
        standard_deviations=(1.0,) * count,
        weights=(1 / count,) * count,
    )
    eager = DeployedModel(
        network,
        fusion,
        output_hw=metadata.output_hw,
        order=order,
        scales=settings.scales,
    ).eval()
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        eager(torch.zeros((1, *metadata.network_hw, 3), dtype=torch.uint8))
    of_torch, of_file = counter.get_total_flops() // 2, multiply_adds_of(model)
    if abs(of_torch / of_file - 1) > MAX_DIFFERENCE:
        raise ValueError(
            f'{model} has {of_file / 1e9:.2f}e9 multiply-adds, preset {preset} in torch '
            f'{of_torch / 1e9:.2f}e9; name its recipe with --preset, and its --order'
        )
    return eager


def frames_per_s(
    variants: list[Variant], eager: DeployedModel, *, repeats: int
) -> dict[str, float]:
    """Time torch and every variant in turn, one image at a time."""
    network_hw = read_metadata(variants[0].model).network_hw
    image = np.random.default_rng(0).integers(0, 256, (1, *network_hw, 3), np.uint8)
    engines = {each.name: each.open().engine for each in variants}
    runs: dict[str, Callable[[], object]] = {
        name: partial(engine.infer, image) for name, engine in engines.items()
    }
    runs[EAGER] = partial(run_eager, eager, torch.from_numpy(image))
    times_ms = medians_in_turn(runs, repeats=repeats, pause_s=PAUSE_S)
    return {name: 1e3 / time_ms for name, time_ms in times_ms.items()}


def ap_losses(variants: list[Variant], labelled: LabelledSet | None) -> dict[str, float]:
    """Return by how many points of AP each falls behind the first; none without a set."""
    if labelled is None:
        return {}
    found = {each.name: average_precision(each, labelled) for each in variants}
    return {name: found[variants[0].name] - value for name, value in found.items()}


def speed_figures(speeds: dict[str, float]) -> list[Figure]:
    figures = [
        Figure(f'{name}_frames_per_s', value, '1/s', 'higher', None)
        for name, value in speeds.items()
    ]
    return figures + [
        Figure(f'{name}_over_{REFERENCE}', value / speeds[REFERENCE], 'times', 'higher', None)
        for name, value in speeds.items()
        if name != REFERENCE
    ]


def agreement_figures(
    variants: list[Variant], compared: dict[str, Agreement], losses: dict[str, float]
) -> list[Figure]:
    figures = []
    for each in variants[1:]:
        name, found = each.name, compared[each.name]
        allowed = TOLERANCES[each.precision]
        figures += [
            Figure(
                f'{name}_energy_rank_correlation',
                found.rank_correlation,
                'of fp32',
                'higher',
                allowed.smallest_rank_correlation,
            ),
            Figure(
                f'{name}_label_agreement',
                found.label_agreement,
                'of pixels',
                'higher',
                allowed.smallest_label_agreement,
            ),
        ]
        if name in losses:
            unit = 'points of AP, in percent'
            figures.append(
                Figure(
                    f'{name}_ap_loss', losses[name], unit, 'lower', 100 * allowed.largest_ap_loss
                )
            )
    return figures


def fastest_passing(
    variants: list[Variant],
    speeds: dict[str, float],
    compared: dict[str, Agreement],
    losses: dict[str, float],
) -> Variant:
    """Return the fastest variant whose answers are within the tolerances."""
    passing = [
        each
        for each in variants
        if not compared[each.name].excess(each.precision)
        and losses.get(each.name, 0.0) <= 100 * TOLERANCES[each.precision].largest_ap_loss
    ]
    return max(passing, key=lambda each: speeds[each.name])


def best_figures(best: Variant, speeds: dict[str, float]) -> list[Figure]:
    return [
        Figure(
            f'best_passing_over_{slow}',
            speeds[best.name] / speeds[slow],
            best.name,
            'higher',
            target,
        )
        for slow, target in ((REFERENCE, 2.0), (EAGER, 5.0))
    ]


def peak_memory_figure(variant: Variant) -> Figure:
    command = [sys.executable, '-m', 'benchmarks.engine_memory', str(variant.model)]
    answer = subprocess.run(
        [*command, variant.backend, variant.precision],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    peak_mb = float(answer.stdout)
    return Figure(f'{variant.name}_peak_memory', peak_mb, 'MB', 'lower', MAX_PEAK_MB)


def floor_figures(best: Variant, speeds: dict[str, float], *, repeats: int) -> list[Figure]:
    """Say how far OpenVINO is from the machine's matrix rate, and where it loses most."""
    if best.backend != 'openvino':
        return []
    rate, bandwidth = multiply_adds_per_s(best.precision), bytes_per_s()
    layers = measured_layers(best.model, best.precision, repeats=repeats)
    achieved = sum(each.multiply_adds for each in layers) * speeds[best.name]
    figures = [
        Figure(
            'matrix_rate', rate / 1e9, f'1e9 multiply-adds/s, {best.precision}', 'higher', None
        ),
        Figure('memory_rate', bandwidth / 1e9, '1e9 bytes/s', 'higher', None),
        Figure('best_passing_share_of_matrix_rate', achieved / rate, best.name, 'higher', None),
    ]
    worst = worst_layers(layers, NUM_WORST, multiply_adds_per_s=rate, bytes_per_s=bandwidth)
    return figures + [
        _layer_figure(place, layer, excess) for place, (layer, excess) in enumerate(worst, 1)
    ]


def in_graph_figures(best: Variant, *, repeats: int) -> list[Figure]:
    """Say what the graph costs beside the network."""
    if best.backend != 'openvino':
        return []
    cost = openvino_cost(best.model, best.precision, repeats=repeats)
    return graph_figures(best.name, cost)


def _layer_figure(place: int, layer: Layer, excess_ms: float) -> Figure:
    computes = ', '.join(layer.fused) or layer.name
    unit = f'ms above its floor, of {layer.time_ms:.2f} ms: {layer.kind} ({computes})'
    return Figure(f'worst_layer_{place}', excess_ms, unit, 'lower', None)


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument('--model', type=Path, default=DEFAULT_MODEL)
    parser.add_argument(
        '--preset', default='realtime-branch', choices=sorted(ALL_PRESETS), help='of the file'
    )
    parser.add_argument('--order', default='fast', choices=get_args(Order), help='of the file')
    parser.add_argument('--int8', type=Path, help='the same model as an int8 file')
    parser.add_argument('--images', type=Path, help='folder of pictures for the agreement')
    parser.add_argument('--dataset', help='a labelled set, as training.evaluate names it')
    parser.add_argument('--root', type=Path, help='its folder')
    parser.add_argument('--repeats', type=int, default=20)
    parser.add_argument('--quick', action='store_true')
    arguments = parser.parse_args()
    if (arguments.dataset is None) != (arguments.root is None):
        parser.error('--dataset and --root go together')
    if arguments.quick:
        arguments.repeats = 1
    return arguments


if __name__ == '__main__':
    main()
