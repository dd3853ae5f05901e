"""Light and weather of a drive, and the shading of surfaces by them."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Light:
    """Everything a surface needs to know about sun, sky and air; colours are RGB.

    Attributes:
        sun_direction: (3,) unit, towards the sun, road axes (s, u, h).
        sun_rgb: (3,) factor of a surface that faces the sun.
        ambient_rgb: (3,) factor of a surface under the open sky.
        zenith_rgb, horizon_rgb: (3,) sky colours 0..255.
        haze_per_m: part of the light lost per metre.
        cloudiness: 0 clear .. 1 closed.
        wetness: 0 dry .. 1 standing water.
        is_night: lamps and headlights are the key light.
    """

    sun_direction: FloatArray
    sun_rgb: FloatArray
    ambient_rgb: FloatArray
    zenith_rgb: FloatArray
    horizon_rgb: FloatArray
    haze_per_m: float
    cloudiness: float
    wetness: float
    is_night: bool

    def haze(self, depth_m: float) -> float:
        """Part of the haze colour in a surface at `depth_m`: 0 near .. 1 far."""
        return 1 - math.exp(-self.haze_per_m * max(depth_m, 0.0))

    @property
    def exposure(self) -> float:
        """Gain of a camera that exposes for this light."""
        level = float(self.ambient_rgb.mean() + 0.5 * self.sun_rgb.mean())
        return min(1.02 / level, 2.2 if self.is_night else 1.6)

    def local(self, depth_m: float, *, sun_visible: float) -> 'LocalLight':
        """Light on one object; `sun_visible` is 0 in shadow, 1 in the sun (at night: a lamp)."""
        haze = self.haze(depth_m)
        if not self.is_night:
            key = self.sun_rgb * sun_visible
            return LocalLight(self, self.ambient_rgb, key, self.sun_direction, haze)
        headlight = 1.1 / (1 + (max(depth_m - 4, 0.0) / 14) ** 2)
        warm = np.array([1.0, 0.93, 0.8]) * headlight
        lamp = np.array([1.0, 0.8, 0.55]) * 0.45 * sun_visible
        toward_ego = np.array([-0.97, 0.1, 0.2])
        return LocalLight(self, self.ambient_rgb + lamp, warm, toward_ego, haze)


@dataclass(frozen=True)
class LocalLight:
    """Light that falls on one object, and the haze 0..1 between it and the camera."""

    scene: Light
    ambient_rgb: FloatArray
    key_rgb: FloatArray
    key_direction: FloatArray
    haze: float

    def veiled(self, colors: FloatArray) -> FloatArray:
        """Mix the haze into lit colours (N, 3)."""
        return np.asarray(colors * (1 - self.haze) + self.scene.horizon_rgb * self.haze)

    def diffuse(self, normals: FloatArray) -> FloatArray:
        """Factor (N, 3) of matt surfaces with unit normals (N, 3) in road axes."""
        skyward = 0.75 + 0.27 * normals[:, 2:3]
        facing = np.maximum(normals @ self.key_direction, 0)[:, None]
        return np.asarray(skyward * self.ambient_rgb + facing * self.key_rgb)

    def flat(self, normal: tuple[float, float, float]) -> FloatArray:
        """Factor (3,) of one matt surface."""
        return np.asarray(self.diffuse(np.asarray([normal], dtype=np.float64))[0])

    def shade(
        self, colors: FloatArray, normals: FloatArray, *, sight: FloatArray, gloss: FloatArray
    ) -> FloatArray:
        """Colour (N, 3) 0..255 of surfaces that are matt below and mirror the sky on top.

        Args:
            colors: (N, 3) albedo 0..255.
            normals: (N, 3) unit, road axes.
            sight: (N, 3) unit, from the eye to the surface.
            gloss: (N,) 0 matt .. 1 mirror-like coat.
        """
        matt = colors * self.diffuse(normals)
        if not gloss.any():
            return np.asarray(np.clip(matt, 0, 255))
        along = np.sum(sight * normals, axis=1, keepdims=True)
        mirrored = sight - 2 * along * normals
        grazing = (1 - np.clip(-along, 0, 1)) ** 3
        strength = gloss[:, None] * (0.12 + 0.7 * grazing)
        shine = np.maximum(mirrored @ self.key_direction, 0)[:, None] ** 60
        glint = 180 * gloss[:, None] * shine * self.key_rgb
        mixed = matt * (1 - strength) + self.surroundings(mirrored) * strength + glint
        return np.asarray(np.clip(mixed, 0, 255))

    def surroundings(self, directions: FloatArray) -> FloatArray:
        """What a mirror sees towards `directions` (N, 3): sky, a dark skyline, the street."""
        up = directions[:, 2:3]
        height = np.clip(up, 0, 1) ** 0.6
        sky = self.scene.horizon_rgb * (1 - height) + self.scene.zenith_rgb * height
        skyline = np.clip((up - 0.12) / 0.25, 0, 1)
        street = self.ambient_rgb * 85
        return np.asarray(sky * skyline + street * (1 - skyline))


def random_light(rng: np.random.Generator) -> Light:
    """Draw a time of day and a weather."""
    mood = str(
        rng.choice(
            ['clear', 'overcast', 'low sun', 'dusk', 'night'], p=[0.4, 0.3, 0.12, 0.08, 0.1]
        )
    )
    weather = str(rng.choice(['dry', 'fog', 'rain'], p=[0.75, 0.1, 0.15]))
    if weather != 'dry' and mood in ('clear', 'low sun'):
        mood = 'overcast'
    elevation, sun, ambient, zenith, horizon, cloudiness = _MOODS[mood]
    angle = math.radians(rng.uniform(*elevation))
    azimuth = rng.uniform(0, 2 * math.pi)
    direction = np.array(
        [math.cos(angle) * math.cos(azimuth), math.cos(angle) * math.sin(azimuth), math.sin(angle)]
    )
    haze = 1 / rng.uniform(500, 2500)
    zenith_rgb, horizon_rgb = (
        np.asarray(each) * rng.uniform(0.94, 1.06) * rng.uniform(0.98, 1.02, 3)
        for each in (zenith, horizon)
    )
    if weather == 'fog':
        haze = 1 / rng.uniform(35, 130)
        zenith_rgb = 0.2 * zenith_rgb + 0.8 * horizon_rgb
    return Light(
        sun_direction=direction,
        sun_rgb=np.asarray(sun) * rng.uniform(0.85, 1.15),
        ambient_rgb=np.asarray(ambient) * rng.uniform(0.9, 1.1),
        zenith_rgb=np.clip(zenith_rgb, 0, 255),
        horizon_rgb=np.clip(horizon_rgb, 0, 255),
        haze_per_m=1 / rng.uniform(150, 350) if weather == 'rain' else haze,
        cloudiness=float(np.clip(rng.uniform(*cloudiness), 0, 1)),
        wetness=float(rng.uniform(0.4, 1)) if weather == 'rain' else 0.0,
        is_night=mood == 'night',
    )


_Mood = tuple[
    tuple[float, float],
    tuple[float, float, float],
    tuple[float, float, float],
    tuple[float, float, float],
    tuple[float, float, float],
    tuple[float, float],
]

# sun elevation [deg], sun, ambient, zenith, horizon, cloudiness
_MOODS: dict[str, _Mood] = {
    'clear': (
        (22, 62),
        (0.98, 0.9, 0.74),
        (0.48, 0.51, 0.57),
        (78, 128, 196),
        (200, 216, 230),
        (0.0, 0.7),
    ),
    'overcast': (
        (35, 60),
        (0.1, 0.1, 0.09),
        (0.76, 0.78, 0.8),
        (176, 183, 192),
        (222, 225, 228),
        (0.7, 1),
    ),
    'low sun': (
        (8, 18),
        (0.95, 0.72, 0.46),
        (0.44, 0.44, 0.49),
        (104, 140, 190),
        (246, 214, 168),
        (0, 0.6),
    ),
    'dusk': (
        (3, 6),
        (0.08, 0.05, 0.04),
        (0.42, 0.4, 0.44),
        (60, 74, 120),
        (206, 156, 136),
        (0.2, 0.9),
    ),
    'night': ((20, 50), (0.02, 0.02, 0.03), (0.1, 0.11, 0.15), (12, 15, 27), (36, 33, 38), (0, 1)),
}
