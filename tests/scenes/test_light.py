"""Shading laws."""

import numpy as np
import pytest

from hopfield_pebal_ros.scenes.light import Light, random_light


def light_with(**changes) -> Light:
    values = {
        'sun_direction': np.array([0.0, 0.0, 1.0]),
        'sun_rgb': np.full(3, 0.6),
        'ambient_rgb': np.full(3, 0.4),
        'zenith_rgb': np.array([80.0, 120.0, 200.0]),
        'horizon_rgb': np.array([200.0, 210.0, 220.0]),
        'haze_per_m': 0.01,
        'cloudiness': 0.0,
        'wetness': 0.0,
        'is_night': False,
    }
    return Light(**{**values, **changes})


def test_haze_grows_with_distance():
    # 1 - exp(-0.01 * 100) = 0.632
    light = light_with()
    assert light.haze(0.0) == 0.0
    assert light.haze(100.0) == pytest.approx(0.63212, abs=1e-5)


def test_the_side_towards_the_sun_is_brighter_and_shadow_takes_the_sun_away():
    lit, shaded = (light_with().local(0.0, sun_visible=each) for each in (1.0, 0.0))
    up, down = lit.flat((0.0, 0.0, 1.0)), lit.flat((0.0, 0.0, -1.0))
    assert (up > down).all()
    np.testing.assert_allclose(up - shaded.flat((0.0, 0.0, 1.0)), 0.6)
    np.testing.assert_allclose(down, shaded.flat((0.0, 0.0, -1.0)))


def test_headlights_fade_with_distance_at_night():
    near, far = (light_with(is_night=True).local(z, sun_visible=0.0) for z in (8.0, 60.0))
    assert near.key_rgb[0] > 4 * far.key_rgb[0]


@pytest.mark.parametrize('seed', range(40))
def test_random_light_is_a_possible_light(seed):
    light = random_light(np.random.default_rng(seed))
    assert np.linalg.norm(light.sun_direction) == pytest.approx(1.0)
    assert light.sun_direction[2] > 0
    assert 0 <= light.horizon_rgb.min() <= light.horizon_rgb.max() <= 255
    assert 0 < light.haze_per_m < 0.05
    assert 0.5 < light.exposure <= 2.2
