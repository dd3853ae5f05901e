import pytest

torch = pytest.importorskip('torch')

from training.schedule import learning_rate_at
from training.settings import TrainSettings


def rates(**changes):
    settings = TrainSettings(
        **{
            'closed_set_steps': 0,
            'anomaly_steps': 10,
            'anomaly_learning_rate': 1.0,
            'warmup_share': 0.0,
            **changes,
        }
    )
    return [learning_rate_at(step, settings) for step in range(10)]


def test_poly_is_a_power_of_the_share_that_is_left():
    """0.5^0.9 = 0.535887 halfway."""
    found = rates(schedule='poly')
    assert found[0] == 1
    assert found[5] == pytest.approx(0.535887, abs=1e-6)


def test_pebals_rate_stays_at_its_floor_after_the_steps_it_was_made_for():
    """In its code the base is negative there and the power complex; 1e-8 is what it clips to."""
    found = rates(schedule='poly', decay_steps=8, smallest_rate=1e-8)
    assert found[8:] == [1e-8, 1e-8]
    assert found[7] == pytest.approx(0.125**0.9)


def test_constant_is_constant():
    assert rates(schedule='constant') == [1.0] * 10


def test_a_cosine_ends_above_its_smallest_rate():
    found = rates(schedule='cosine', smallest_rate=0.2)
    assert found[0] == 1
    assert found[5] == pytest.approx(0.6)
    assert min(found) > 0.2


def test_warm_up_rises_to_the_peak():
    assert rates(schedule='constant', warmup_share=0.3)[:4] == pytest.approx([1 / 3, 2 / 3, 1, 1])
