"""The policy names every topic and service that the running node has."""

import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

pytest.importorskip('rclpy')

from hopfield_pebal_ros.node.vision_messages import vision_msgs
from tests.node.bench import NAMESPACE

FILE = Path(__file__).parents[2] / 'config' / 'sros2_policy.xml'


def allowed(kind: str, verb: str) -> set[str]:
    found = ElementTree.parse(FILE).getroot().iterfind(f'.//{kind}s[@{verb}="ALLOW"]/{kind}')
    return {each.text for each in found}


def test_the_policy_is_what_the_node_does(open_bench):
    # a name of its own: the graph may still know the node of the test before
    bench = open_bench(namespace=f'{NAMESPACE}_secured')
    bench.activate('camera_info')
    node, space = bench.node, bench.node.get_namespace()

    def short(names_and_types):
        names = {name.removeprefix(f'{space}/') for name, _ in names_and_types}
        return {name.replace('detector/', '~/', 1) for name in names}

    own = {name.lstrip('/') for name in allowed('topic', 'publish')}
    own -= set() if vision_msgs() else {'anomaly_regions', 'label_info'}

    def published():
        found = short(node.get_publisher_names_and_types_by_node('detector', space))
        return {name.lstrip('/') for name in found}

    deadline = time.monotonic() + 20
    while published() != own and time.monotonic() < deadline:  # the graph lags behind the node
        time.sleep(0.1)
    assert published() == own
    served = short(node.get_service_names_and_types_by_node('detector', space))
    assert served == allowed('service', 'reply')
    heard = short(node.get_subscriber_names_and_types_by_node('detector', space))
    expected = {name.lstrip('/') for name in allowed('topic', 'subscribe')}
    assert {name.lstrip('/') for name in heard} <= expected
