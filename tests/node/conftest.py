"""Fixtures of the node tests; ROS is imported only where a test asks for it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def ros() -> Iterator[None]:
    import rclpy

    rclpy.init()
    yield
    rclpy.try_shutdown()


@pytest.fixture
def open_bench(request: pytest.FixtureRequest, tiny_model: Path) -> Iterator[Callable[..., Any]]:
    """Make a bench: `open_bench(engine=None, **parameters)`; the tiny model without an engine."""
    request.getfixturevalue('ros')
    from tests.node.bench import NAMESPACE, open_bench

    benches = []

    def make(engine: Any = None, *, namespace: str = NAMESPACE, **parameters: Any) -> Any:
        values = {'model': str(tiny_model), 'diagnostics_period_s': 0.1, **parameters}
        benches.append(open_bench(engine, values, namespace=namespace))
        return benches[-1]

    yield make
    for bench in benches:
        bench.close()
