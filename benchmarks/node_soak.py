"""A long run of the node at 30 Hz: python -m benchmarks.node_soak --minutes 10.

The default model on 640x360 images; prints one JSON document: growth of its memory after a warm-up
of a fifth of the time, missed diagnostics, and results against images received.
"""

import argparse
import os
import time
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, to_json
from benchmarks.node_processes import SETTINGS, Process, node_arguments, started

NODE = 'hopfield_pebal_ros.node.detector_node'
START_S = 10.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--minutes', type=float, default=10.0)
    seconds = 60 * parser.parse_args().minutes
    os.environ.update(SETTINGS)
    with (
        started(NODE, *node_arguments(output_size='network')) as node,
        started('benchmarks.node_listener', 'energy', '--seconds', str(seconds + 3 * START_S)),
        started(
            'benchmarks.node_camera',
            *('--rate', '30', '--hw', '360', '640', '--seconds', str(seconds + 3 * START_S)),
        ),
    ):
        time.sleep(START_S)
        memory_mb, counts = _watch(node, seconds)
    warm = memory_mb[len(memory_mb) // 5 :]
    first, last = counts[0], counts[-1]
    received = last['images_received'] - first['images_received']
    answered = sum(last[key] - first[key] for key in ('images_published', 'images_dropped'))
    figures = [
        Figure('memory', memory_mb[-1], 'MB', 'lower', None),
        Figure('memory_growth_after_warm_up', max(warm) - warm[0], 'MB', 'lower', 5.0),
        Figure(
            'missed_diagnostics', seconds - len(counts), 'messages', 'lower', 0.02 * seconds + 1
        ),
        Figure('received_images_a_second', received / seconds, 'Hz', 'higher', None),
        Figure(
            'published_images_a_second',
            (last['images_published'] - first['images_published']) / seconds,
            'Hz',
            'higher',
            None,
        ),
        Figure('images_without_answer', received - answered, 'images', 'lower', 2.0),
        Figure('images_failed', last['images_failed'], 'images', 'lower', 0.0),
    ]
    print(to_json(figures))  # noqa: T201


def _watch(node: Process, seconds: float) -> tuple[list[float], list[dict[str, float]]]:
    """Return the resident memory each second [MB], and the counts of each diagnostics message."""
    import rclpy
    from diagnostic_msgs.msg import DiagnosticArray

    rclpy.init()
    watcher = rclpy.create_node('soak')
    counts: list[dict[str, float]] = []

    def take(message: Any) -> None:
        for status in message.status:
            if status.name.endswith('camera_status'):
                counts.append(
                    {
                        each.key: float(each.value)
                        for each in status.values
                        if each.key.startswith('images_')
                    }
                )

    watcher.create_subscription(DiagnosticArray, '/diagnostics', take, 10)
    memory_mb: list[float] = []
    start_s = time.monotonic()
    while time.monotonic() < start_s + seconds:
        rclpy.spin_once(watcher, timeout_sec=0.2)
        if time.monotonic() - start_s > len(memory_mb):
            memory_mb.append(_memory_mb(node))
    watcher.destroy_node()
    rclpy.shutdown()
    return memory_mb, counts


def _memory_mb(process: Process) -> float:
    pages = int(Path(f'/proc/{process.pid}/statm').read_text().split()[1])
    return pages * os.sysconf('SC_PAGE_SIZE') / 1e6


if __name__ == '__main__':
    main()
