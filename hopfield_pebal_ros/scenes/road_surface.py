"""The street's repeating texture: materials, wheel tracks, repairs, cracks and painted lines."""

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.scenes.cross_section import CrossSection
from hopfield_pebal_ros.scenes.materials import METRES_PER_COLUMN, METRES_PER_ROW, material_texture
from hopfield_pebal_ros.scenes.textures import (
    ByteImage,
    FloatImage,
    blend,
    fractal_noise,
    modulate,
    plain,
    random_offset,
    window,
)

HALF_WIDTH_M = 12.8
"""The texture covers u = -12.8 .. 12.8 m; the outermost columns go on for ever."""

_COLUMNS = int(2 * HALF_WIDTH_M / METRES_PER_COLUMN)


def label_row(section: CrossSection) -> npt.NDArray[np.uint8]:
    """Label of each column of the texture: (1, columns) uint8."""
    row = np.zeros((1, _COLUMNS), np.uint8)
    for zone in section.zones:
        row[0, _column(zone.start_m) : _column(zone.end_m)] = zone.label_id
    return row


def surface_texture(section: CrossSection, rng: np.random.Generator) -> ByteImage:
    """Return (rows, columns, 3) uint8 RGB albedo that repeats along the road."""
    period = max((line.dash_m + line.gap_m for line in section.markings), default=0.0) or 6.0
    rows = round(period * max(1, round(24 / period)) / METRES_PER_ROW)
    image = np.empty((rows, _COLUMNS, 3), np.uint8)
    for zone in section.zones:
        first, last = _column(zone.start_m), _column(zone.end_m)
        if last > first:
            image[:, first:last] = material_texture(zone.material, (rows, last - first), rng)
    first, last = _column(section.left_edge), _column(section.right_edge)
    road = np.ascontiguousarray(image[:, first:last])
    image[:, first:last] = _worn(road, section, rng)
    _paint_lines(image, section, rng)
    for edge in (first, last):  # gutter dirt and the shadow of the kerb's step
        image[:, max(edge - 3, 0) : edge + 3] = (
            image[:, max(edge - 3, 0) : edge + 3] * 0.62
        ).astype(np.uint8)
    return image


def _column(u_m: float) -> int:
    return int(np.clip(round((u_m + HALF_WIDTH_M) / METRES_PER_COLUMN), 0, _COLUMNS))


def _worn(road: ByteImage, section: CrossSection, rng: np.random.Generator) -> ByteImage:
    rows, columns = road.shape[:2]
    u = section.left_edge + np.arange(columns, dtype=np.float32) * METRES_PER_COLUMN
    tone = np.ones(columns, np.float32)
    for lane in (0.0, *section.same_u, *section.oncoming_u):
        for track in (-0.8, 0.8):
            tone += rng.uniform(-0.07, 0.03) * np.exp(-(((u - lane - track) / 0.3) ** 2))
        tone -= rng.uniform(0.02, 0.12) * np.exp(-(((u - lane) / 0.35) ** 2))
    result = modulate(road, np.broadcast_to(tone, (rows, columns)))
    for _ in range(int(rng.poisson(2.0))):
        _repair(result, rng)
    for _ in range(int(rng.poisson(2.5))):
        _crack(result, rng)
    return result


def _repair(road: ByteImage, rng: np.random.Generator) -> None:
    """A patch of other asphalt, with a sealed rim."""
    rows, columns = road.shape[:2]
    height, width = (
        int(rng.uniform(1, 6) / METRES_PER_ROW),
        int(rng.uniform(0.5, 2.2) / METRES_PER_COLUMN),
    )
    top, left = (
        int(rng.integers(max(rows - height, 1))),
        int(rng.integers(max(columns - width, 1))),
    )
    part = road[top : top + height, left : left + width]
    part[:] = cv2.convertScaleAbs(part, alpha=rng.uniform(0.72, 1.15))
    if rng.random() < 0.5:
        cv2.rectangle(road, (left, top), (left + width, top + height), (38, 38, 38), 2)


def _crack(road: ByteImage, rng: np.random.Generator) -> None:
    """A wandering dark line, or a wider bead of sealant."""
    rows, columns = road.shape[:2]
    steps = int(rng.integers(12, 60))
    heading = np.cumsum(rng.normal(0, 0.35, steps)) + rng.uniform(0, np.pi)
    x = rng.uniform(0, columns) + np.cumsum(np.cos(heading)) * 0.12 / METRES_PER_COLUMN
    y = rng.uniform(0, rows) + np.cumsum(np.sin(heading)) * 0.12 / METRES_PER_ROW
    points = np.stack([x, y], axis=1).round().astype(np.int32)
    thickness = 1 if rng.random() < 0.7 else 3
    shade = rng.uniform(25, 60)
    cv2.polylines(road, [points], False, (shade, shade, shade), thickness, cv2.LINE_AA)


def _paint_lines(image: ByteImage, section: CrossSection, rng: np.random.Generator) -> None:
    rows = image.shape[0]
    wear = rng.uniform(-0.2, 1.6)
    for line in section.markings:
        first = _column(line.u_m - line.width_m / 2)
        last = max(_column(line.u_m + line.width_m / 2), first + 1)
        noise = window(fractal_noise(16, 6, 3), (rows, last - first), random_offset(rng))
        alpha = np.asarray(np.clip(1.35 - wear * 0.6 + 0.35 * noise, 0, 1), np.float32)
        alpha *= _dashes(rows, line.dash_m, line.gap_m)[:, None]
        color = (214, 172, 58) if line.is_yellow else (226, 226, 220)
        part = np.ascontiguousarray(image[:, first:last])
        image[:, first:last] = blend(part, plain((rows, last - first), color), alpha)


def _dashes(rows: int, dash_m: float, gap_m: float) -> FloatImage:
    if not gap_m:
        return np.ones(rows, np.float32)
    along = np.arange(rows) * METRES_PER_ROW % (dash_m + gap_m)
    return (along < dash_m).astype(np.float32)
