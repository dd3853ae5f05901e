"""The floor that costs of scores are compared with."""

import pytest

pytest.importorskip('torch')

from benchmarks.scores import FEATURE_HW, NUM_CLASSES, WIDTH, Machine, Work

PIXELS = FEATURE_HW[0] * FEATURE_HW[1]


def test_multiply_adds_and_exponentials_add_up():
    machine = Machine(multiply_adds=1000.0, exponentials=10.0, num_bytes=1e9)
    assert machine.floor(Work(500, 20)) == pytest.approx(PIXELS * (0.5 + 2))


def test_little_arithmetic_waits_for_the_features():
    machine = Machine(multiply_adds=1e9, exponentials=1e9, num_bytes=1000.0)
    assert machine.floor(Work(1)) == pytest.approx(PIXELS * 4 * (WIDTH + 1) / 1000)
    read = machine.floor(Work(1, reads_logits=True)) - machine.floor(Work(1))
    assert read == pytest.approx(PIXELS * 4 * NUM_CLASSES / 1000)
