"""Six cameras on a stand-in engine of 0.1 s: python -m benchmarks.stand_in_node 0.1."""

import sys

import rclpy
from rclpy.parameter import Parameter
from rclpy.task import Future

from benchmarks.stand_in_engine import METADATA, StandInEngine
from hopfield_pebal_ros.inference.detector import AnomalyDetector
from hopfield_pebal_ros.node.detector_node import DetectorNode
from hopfield_pebal_ros.node.spinning import open_executor, spin


def main() -> None:
    """Run until killed; the first argument is the time of one inference [s]."""
    seconds = float(sys.argv[1])
    rclpy.init(args=sys.argv)
    node = DetectorNode(
        open_detector=lambda *_, **__: AnomalyDetector(StandInEngine(seconds), METADATA),
        parameter_overrides=[Parameter('cameras', value=[f'camera{each}' for each in range(6)])],
    )
    assert node.autostart()
    spin(node, open_executor('single'), Future())


if __name__ == '__main__':
    main()
