"""The vehicle's own bonnet at the lower edge of the picture."""

import numpy as np

from hopfield_pebal_ros.scenes.canvas import Patch
from hopfield_pebal_ros.scenes.light import Light
from hopfield_pebal_ros.scenes.quads import with_alpha


def bonnet(image_hw: tuple[int, int], light: Light, rng: np.random.Generator) -> Patch:
    """Draw a curved, glossy bonnet over the lowest 4..12 % of the picture."""
    height, width = image_hw
    top = float(rng.uniform(0.88, 0.96)) * height
    first = int(top) - 2
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    y = np.arange(first, height, dtype=np.float32)[:, None]
    edge = np.float32(top) + np.float32(rng.uniform(0.03, 0.07) * height) * x * x
    alpha = np.clip(y - edge + np.float32(0.5), 0, 1)
    down = np.clip((y - edge) / np.float32(0.1 * height), 0, 1)[..., None]
    paint = np.array(
        ((26, 27, 30), (150, 152, 156), (60, 20, 24), (24, 34, 60))[int(rng.integers(4))]
    )
    mirrored = light.horizon_rgb * 0.55 * (1 - down) + light.zenith_rgb * 0.4 * down
    color = paint * light.ambient_rgb * 0.9 + mirrored * 0.5
    color = color * (1 - 0.55 * np.exp(-(((y - edge) / 2.5) ** 2))[..., None])
    return Patch(with_alpha(np.clip(color, 0, 255).astype(np.uint8), alpha), 0, first)
