"""Cost of every closed-set network: python -m benchmarks.networks [--networks N ...] [--quick].

Prints one JSON document: parameters, multiply-adds at 512x1024 and 1024x2048, milliseconds at
--size (default 512 1024) in torch eager fp32 and bf16, ONNX Runtime and OpenVINO, peak memory of
eager inference. Each network runs in its own process, with random weights, all engines in turn;
all take about 9 minutes on two cores, and standard error says how far it is.
--quick takes lraspp at 64x128 to show that it works; its figures have no targets.
"""

import argparse
import json
import subprocess
import sys
import time
from dataclasses import replace
from typing import Any, Final

from benchmarks.figures import Figure, to_json
from training.checkpoint_files.networks_by_name import NETWORKS

SEGMENTER: Final = 'segmenter'
ALL_NETWORKS: Final = (*NETWORKS, 'ladder', SEGMENTER)
SPEED_UPS: Final = {'eager_fp32': 3.5, 'eager_bf16': 2.0, 'eager_bf16_channels_last': 2.0}
"""Of DeepWV3Plus on OpenVINO bf16 over torch, on two cores with AMX."""

_UNITS: Final = {
    'parameters': 'weights',
    'gmac_at_512x1024': '1e9 multiply-adds',
    'gmac_at_1024x2048': '1e9 multiply-adds',
    'peak_memory': 'MB, of eager fp32 beside the weights',
}


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument('--networks', nargs='+', choices=ALL_NETWORKS, default=ALL_NETWORKS)
    parser.add_argument('--size', nargs=2, type=int, default=(512, 1024), metavar=('H', 'W'))
    parser.add_argument('--repeats', type=int, default=3)
    parser.add_argument('--quick', action='store_true')
    arguments = parser.parse_args()
    names, size, repeats = arguments.networks, tuple(arguments.size), arguments.repeats
    if arguments.quick:
        names, size, repeats = ['lraspp'], (64, 128), 1
    figures = []
    for name in names:
        start_s = time.perf_counter()
        figures += figures_of(name, measured(name, size, repeats=repeats))
        print(f'{name}: {time.perf_counter() - start_s:.0f} s', file=sys.stderr, flush=True)  # noqa: T201
    if arguments.quick:
        figures = [replace(each, target=None) for each in figures]
    print(to_json(figures))  # noqa: T201


def measured(name: str, size: tuple[int, int], *, repeats: int) -> dict[str, Any]:
    """Run `benchmarks.network_costs` in its own process and return what it printed."""
    command = [sys.executable, '-m', 'benchmarks.network_costs', name, *map(str, size)]
    answer = subprocess.run(
        [*command, str(repeats)], stdout=subprocess.PIPE, text=True, check=True
    )
    found: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return found


def figures_of(name: str, costs: dict[str, Any]) -> list[Figure]:
    """Turn the costs of a network into figures, with DeepWV3Plus's speed-ups."""
    prefix = name.replace('-', '_')
    figures = [
        Figure(f'{prefix}_{cost}', value, _UNITS.get(cost, 'ms'), 'lower', None)
        for cost, value in costs.items()
    ]
    fast = costs.get('openvino_bf16')
    for slow, target in SPEED_UPS.items() if name == 'deepwv3plus' else ():
        figures.append(
            Figure(
                f'{prefix}_openvino_bf16_speed_up_over_{slow}',
                costs[slow] / fast if fast else None,
                'times' if fast else 'this processor has no bf16',
                'higher',
                target,
            )
        )
    return figures


if __name__ == '__main__':
    main()
