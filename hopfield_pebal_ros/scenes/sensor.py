"""The camera's own marks: exposure, white balance, blur, vignette, noise, JPEG."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.scenes.light import Light
from hopfield_pebal_ros.scenes.textures import ByteImage

_NOISE_SHIFT_PX = 512


@dataclass(frozen=True)
class Sensor:
    """One camera.

    Attributes:
        gains_rgb: white balance and exposure.
        contrast: 0 straight .. 1 strong S-curve.
        blur_px: deviation of the lens blur.
        vignette: light lost in the corners, 0..1.
        noise: deviation of the noise, grey levels.
        jpeg_quality: 60..95.
    """

    gains_rgb: tuple[float, float, float]
    contrast: float
    blur_px: float
    vignette: float
    noise: float
    jpeg_quality: int

    def expose(self, image_rgb: ByteImage, rng: np.random.Generator) -> ByteImage:
        """Return the picture (H, W, 3) uint8 RGB as the camera delivers it."""
        image = cv2.LUT(image_rgb, self._tone_table())
        if self.blur_px > 0.25:
            image = cv2.GaussianBlur(image, (0, 0), self.blur_px)
        image = cv2.multiply(image, _vignette(image.shape[:2], self.vignette), scale=1 / 255)
        height, width = image.shape[:2]
        sheet = _noise_sheet((height, width))
        row, column = (int(each) for each in rng.integers(0, _NOISE_SHIFT_PX, 2))
        grain = sheet[row : row + height, column : column + width]
        share = self.noise / 24
        image = cv2.addWeighted(image, 1, grain, share, -128 * share)
        quality = [cv2.IMWRITE_JPEG_QUALITY, self.jpeg_quality]
        _, packed = cv2.imencode('.jpg', cv2.cvtColor(image, cv2.COLOR_RGB2BGR), quality)
        decoded = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR))
        return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), dtype=np.uint8)

    def _tone_table(self) -> npt.NDArray[np.uint8]:
        level = np.arange(256) / 255
        curve = level * level * (3 - 2 * level)
        toned = level * (1 - self.contrast) + curve * self.contrast
        table = toned[:, None] * 255 * np.asarray(self.gains_rgb)
        soft = np.where(table > 200, 255 - 55 * np.exp(-(table - 200) / 55), table)
        return np.asarray(np.clip(soft, 0, 255)[None], dtype=np.uint8)


def random_sensor(rng: np.random.Generator, light: Light) -> Sensor:
    gains = light.exposure * rng.uniform(0.85, 1.2) * rng.uniform(0.965, 1.04, 3)
    red, green, blue = gains.tolist()
    return Sensor(
        gains_rgb=(red, green, blue),
        contrast=float(rng.uniform(0, 0.6)),
        blur_px=float(rng.uniform(0.2, 0.8)),
        vignette=float(rng.uniform(0, 0.35)),
        noise=float(rng.uniform(3, 8) if light.is_night else rng.uniform(0.8, 4)),
        jpeg_quality=int(rng.integers(60, 96)),
    )


@lru_cache(maxsize=16)
def _vignette(size_hw: tuple[int, int], strength: float) -> ByteImage:
    """Factor (H, W, 3), 255 in the middle; smooth, so worked out on a coarse grid."""
    y, x = np.linspace(-1, 1, 64)[:, None], np.linspace(-1, 1, 64)[None, :]
    shade = (255 * (1 - strength * ((x * x + y * y) / 2) ** 1.5)).astype(np.float32)
    large = cv2.resize(shade, (size_hw[1], size_hw[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.cvtColor(np.round(large).astype(np.uint8), cv2.COLOR_GRAY2RGB), np.uint8)


@lru_cache(maxsize=4)
def _noise_sheet(size_hw: tuple[int, int]) -> ByteImage:
    """Noise of deviation 24 around 128, larger than the picture: each frame cuts its own."""
    noise = np.random.default_rng(0).normal(0, 1, (512, 512, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 0.6)
    tile = np.clip(128 + 24 * (0.6 * noise + 0.8 * soft), 0, 255).astype(np.uint8)
    height, width = (side + _NOISE_SHIFT_PX for side in size_hw)
    return np.tile(tile, (height // 512 + 1, width // 512 + 1, 1))[:height, :width]
