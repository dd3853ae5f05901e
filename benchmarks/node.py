"""Speed, fairness and cost of the detector node: python -m benchmarks.node.

Prints one JSON document. Every figure is taken in one run, in processes of their own over real
DDS; on a machine that does other work at the same time the times say little. Takes 4 minutes.
"""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, Final

import numpy as np

from benchmarks.figures import Figure, to_json
from benchmarks.node_processes import Process, answer_of, node_arguments, processor_s, started
from hopfield_pebal_ros.contract.deployment import read_metadata
from hopfield_pebal_ros.inference.detector import DEFAULT_MODEL

NODE: Final = 'hopfield_pebal_ros.node.detector_node'
STAND_IN: Final = 'benchmarks.stand_in_node'
RESULTS: Final = ('segmentation', 'energy')
CAMERAS: Final = tuple(f'camera{number}' for number in range(6))
LONG_ENGINE_S: Final = 0.12
START_S: Final = 6.0
"""Given to a node, its model and discovery before a measurement."""

NUM_FRAMES: Final = 30
WARM_UP: Final = 3
"""First results that are left out."""

NUM_STARTS: Final = 5


def main() -> None:
    figures: list[Figure] = []
    for part in (_overhead, _end_to_end, _idle, _six_cameras, _first_result):
        try:
            figures += part()
        except (RuntimeError, subprocess.SubprocessError) as error:
            figures.append(Figure(part.__name__.strip('_'), None, str(error), 'lower', None))
    print(to_json(figures))  # noqa: T201


def _overhead() -> list[Figure]:
    found = {node: _overhead_of(node) for node in ('ours', 'plain')}
    ours, plain = (found[node]['times'] for node in ('ours', 'plain'))
    processor_ms = float(np.median(found['ours']['processor_times']))
    return [
        Figure('non_inference_processor_time_p50', processor_ms, 'ms', 'lower', None),
        Figure('non_inference_p50', float(np.median(ours)), 'ms', 'lower', None),
        Figure('non_inference_p95', float(np.percentile(ours, 95)), 'ms', 'lower', 5.0),
        Figure('non_inference_p50_of_plain_node', float(np.median(plain)), 'ms', 'lower', None),
        Figure(
            'non_inference_of_plain_node_over_ours',
            float(np.median(plain) / np.median(ours)),
            'times',
            'higher',
            3.0,
        ),
        *(
            Figure(
                f'non_inference_p{rank}_of_{stage}',
                float(np.percentile(each, rank)),
                'ms',
                'lower',
                None,
            )
            for stage, each in found['ours']['stages'].items()
            for rank in (50, 95)
        ),
    ]


def _overhead_of(node: str) -> Any:
    """Return the times of one node with 1920x1080 bgr8 in, labels and energy 512x1024 out [ms]."""
    with (
        started('benchmarks.node_listener', *RESULTS, '--seconds', '60'),
        started('benchmarks.node_camera', '--rate', '6', '--seconds', '60'),
        started('benchmarks.node_overhead', node) as process,
    ):
        return answer_of(process)


def _end_to_end() -> list[Figure]:
    """Compare with the default model: camera, node and listener in three processes."""
    metadata = read_metadata(DEFAULT_MODEL)
    parameters = node_arguments(output_size='network')
    ours = _latencies(NODE, *parameters)
    height, width = metadata.output_hw
    through = _latencies('benchmarks.pass_through_node', str(height), str(width))
    alone = json.loads(
        subprocess.run(
            [sys.executable, '-m', 'benchmarks.node_inference'],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout
    )
    ours_ms, through_ms, alone_ms = (float(np.median(each)) for each in (ours, through, alone))
    return [
        Figure('end_to_end_p50', ours_ms, 'ms', 'lower', None),
        Figure('end_to_end_p95', float(np.percentile(ours, 95)), 'ms', 'lower', None),
        Figure('pass_through_p50', through_ms, 'ms', 'lower', None),
        Figure('inference_alone_p50', alone_ms, 'ms', 'lower', None),
        Figure(
            'end_to_end_over_inference_and_pass_through',
            ours_ms / (through_ms + alone_ms),
            'times',
            'lower',
            1.15,
        ),
    ]


def _latencies(*started_node: str) -> list[float]:
    """Return for each image the time until its last result came [ms], the first ones aside."""
    count = str(NUM_FRAMES + WARM_UP)
    with (
        started(*started_node),
        started(
            'benchmarks.node_listener', *RESULTS, '--count', count, '--seconds', '120'
        ) as ears,
        started('benchmarks.node_camera', '--rate', '3', '--seconds', '150'),
    ):
        latency_ms = answer_of(ears)['latency_ms']
    pairs = list(zip(*(latency_ms[topic] for topic in RESULTS), strict=False))[WARM_UP:]
    if not pairs:
        raise RuntimeError(f'{started_node[0]} gave no results in two minutes')
    return [max(pair) for pair in pairs]


def _idle() -> list[Figure]:
    """Nobody listens: share of a core that the node takes."""
    figures = []
    for name, cameras in (('one_camera', ['']), ('six_cameras', list(CAMERAS))):
        arguments = node_arguments(cameras=json.dumps(cameras).replace('"', "'"))
        with started(NODE, *arguments) as node:
            time.sleep(START_S)
            start_s, before_s = time.monotonic(), processor_s(node)
            time.sleep(8)
            share = (processor_s(node) - before_s) / (time.monotonic() - start_s)
        figures.append(Figure(f'idle_{name}', 100 * share, '% of a core', 'lower', 1.0))
    return figures


def _six_cameras() -> list[Figure]:
    """Six cameras at 10 Hz on an engine that needs 0.12 s: half of the images must be dropped."""
    topics = [f'{camera}/energy' for camera in CAMERAS]
    with ExitStack() as stack:
        stack.enter_context(
            started(STAND_IN, str(LONG_ENGINE_S), *node_arguments(output_size='network'))
        )
        ears = stack.enter_context(
            started('benchmarks.node_listener', *topics, '--seconds', str(20 + START_S))
        )
        stack.enter_context(
            started(
                'benchmarks.node_camera',
                *('--cameras', ','.join(CAMERAS), '--rate', '10', '--hw', '360', '640'),
                *('--seconds', str(24 + START_S)),
            )
        )
        latency_ms: Mapping[str, list[float]] = answer_of(ears)['latency_ms']
    counts = [len(latency_ms[topic]) for topic in topics]
    every = np.concatenate([latency_ms[topic] for topic in topics])
    unfair = max(abs(count - np.mean(counts)) for count in counts) / np.mean(counts)
    return [
        Figure('six_cameras_results_per_camera', float(np.mean(counts)), 'images', 'higher', None),
        Figure('six_cameras_unfairness', float(100 * unfair), '%', 'lower', 10.0),
        Figure(
            'six_cameras_latency_p95_over_inference',
            float(np.percentile(every, 95)) / 1e3 / LONG_ENGINE_S,
            'inferences',
            'lower',
            2.0,
        ),
    ]


def _first_result() -> list[Figure]:
    """Start of the process to the first result, with the default model.

    What comes after the node is active is mostly DDS discovery, a lottery: where one of the first
    announcements is lost, the next comes after up to 1 s; without fast_dds.xml after up to 3 s.
    """
    active_s, result_s = [], []
    with started('benchmarks.node_camera', '--rate', '20', '--seconds', '150'):
        for _ in range(NUM_STARTS):
            with started(
                'benchmarks.node_listener', 'energy', '--count', '1', '--seconds', '60'
            ) as ears:
                time.sleep(4)  # both are there before the node
                start_s = time.time()
                with started(NODE, is_heard=True) as node:
                    active_s.append(_when_it_says(node, 'activate: done') - start_s)
                    result_s += [first_s - start_s for first_s in answer_of(ears)['first_s']]
    if not result_s:
        raise RuntimeError(f'{NUM_STARTS} starts gave no result')
    return [
        Figure('start_to_active', float(np.median(active_s)), 's', 'lower', None),
        Figure('start_to_first_result', float(np.median(result_s)), 's', 'lower', 3.0),
        Figure('start_to_first_result_longest', max(result_s), 's', 'lower', None),
    ]


def _when_it_says(process: Process, words: str) -> float:
    """Wait for a line of the log; return when that was, in seconds since the epoch.

    Raises:
        RuntimeError: the process ended without it.
    """
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return time.time()
    raise RuntimeError(f'{process.args!r} ended and did not say {words!r}')


if __name__ == '__main__':
    main()
