"""The sky of a drive: gradient, glow around the sun, and clouds that thin towards the zenith."""

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.scenes.light import Light
from hopfield_pebal_ros.scenes.textures import ByteImage, fractal_noise, random_offset
from hopfield_pebal_ros.scenes.view import View

_FOCAL_PX = 230.0
_LEFT, _RIGHT, _TOP, _BOTTOM = -1.25, 1.25, -1.2, 0.16
"""The part of the plane z = 1 before the vehicle (x right, y down) that the panorama covers."""


class Sky:
    """A panorama made once a drive; `paint` cuts out what the camera sees."""

    def __init__(self, light: Light, rng: np.random.Generator) -> None:
        columns, rows = int((_RIGHT - _LEFT) * _FOCAL_PX), int((_BOTTOM - _TOP) * _FOCAL_PX)
        x = np.linspace(_LEFT, _RIGHT, columns, dtype=np.float32)[None, :]
        y = np.linspace(_TOP, _BOTTOM, rows, dtype=np.float32)[:, None]
        azimuth = np.broadcast_to(np.arctan(x), (rows, columns))
        elevation = np.arctan(-y / np.sqrt(1 + x * x))
        color = _gradient(light, elevation) + _glow(light, elevation, azimuth)
        cover, shade = _clouds(light, rng, elevation, azimuth)
        cloud = _cloud_color(light)[None, None, :] * shade[..., None]
        color = color * (1 - cover[..., None]) + cloud * cover[..., None]
        if light.is_night:
            stars = rng.random((rows, columns)) > 0.9992
            color[stars & (cover < 0.3)] += 60
        self._panorama: ByteImage = np.clip(color, 0, 255).astype(np.uint8)

    def paint(self, view: View, last_row: int) -> ByteImage:
        """Return the sky behind rows 0..last_row: (last_row + 1, W, 3) uint8 RGB."""
        camera = view.camera
        center_x, center_y = camera.center_xy
        lens = np.array(
            [[camera.focal_px, 0, center_x], [0, camera.focal_px, center_y], [0, 0, 1]]
        )
        plane = np.array(
            [[_FOCAL_PX, 0, -_LEFT * _FOCAL_PX], [0, _FOCAL_PX, -_TOP * _FOCAL_PX], [0, 0, 1]]
        )
        matrix = lens @ camera.rotation @ np.linalg.inv(plane)
        size = (camera.image_hw[1], last_row + 1)
        picture = cv2.warpPerspective(
            self._panorama, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(picture, dtype=np.uint8)


def _gradient(light: Light, elevation: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    share = np.clip(elevation / 0.75, 0, 1)[..., None] ** 0.62
    color = light.horizon_rgb * (1 - share) + light.zenith_rgb * share
    return np.asarray(color, dtype=np.float32)


def _sun_azimuth(light: Light) -> float:
    return float(np.arctan2(light.sun_direction[1], light.sun_direction[0]))


def _glow(
    light: Light, elevation: npt.NDArray[np.float32], azimuth: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    strength = float(np.max(light.sun_rgb))
    height = float(np.arcsin(light.sun_direction[2]))
    away = np.hypot(azimuth - _sun_azimuth(light), (elevation - height) * 1.2)
    glow = strength * (90 * np.exp(-away / 0.28) + 260 * np.exp(-((away / 0.05) ** 2)))
    return np.asarray(glow[..., None] * np.array([1.0, 0.93, 0.8]), dtype=np.float32)


def _clouds(
    light: Light,
    rng: np.random.Generator,
    elevation: npt.NDArray[np.float32],
    azimuth: npt.NDArray[np.float32],
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Cover 0..1 and brightness of a cloud layer seen from below, both (rows, columns)."""
    noise = fractal_noise(4, 6, int(rng.integers(6)))
    offset = random_offset(rng)
    distance = 1 / np.maximum(np.tan(np.maximum(elevation, 0.01)) + 0.12, 0.05)
    x = (offset[1] + azimuth * distance * 110).astype(np.float32) % 512
    y = np.broadcast_to((offset[0] + distance * 60).astype(np.float32) % 512, x.shape)
    density = cv2.remap(
        noise, x, np.ascontiguousarray(y), cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP
    )
    shifted = cv2.remap(noise, x, y + np.float32(9), cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    threshold = 1.6 - 3.4 * light.cloudiness
    cover = np.clip((density - threshold) / 1.1, 0, 1)
    cover = cover * cover * (3 - 2 * cover)
    shade = np.clip(
        1 + 0.07 * (shifted - density) - 0.07 * np.clip(density - threshold, 0, 2), 0.6, 1.1
    )
    return np.asarray(cover, dtype=np.float32), np.asarray(shade, dtype=np.float32)


def _cloud_color(light: Light) -> npt.NDArray[np.float32]:
    lightness = light.horizon_rgb * (0.55 + 0.45 * (1 - light.cloudiness))
    bright = np.maximum(lightness, light.horizon_rgb * 0.86)
    if not light.is_night:
        bright = 0.5 * bright + 0.5 * bright.mean() + 12 * float(np.max(light.sun_rgb))
    return np.asarray(bright, dtype=np.float32)
