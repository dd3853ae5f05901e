"""Pictures of house fronts: walls, rows of windows, a ground floor, cornices, weather stains."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.scenes.facade_openings import draw_balconies, draw_window
from hopfield_pebal_ros.scenes.facade_plan import PX_PER_M, FacadePlan, FrontSheet, random_plan
from hopfield_pebal_ros.scenes.ground_floors import draw_ground_floor
from hopfield_pebal_ros.scenes.quads import Picture
from hopfield_pebal_ros.scenes.textures import (
    ByteImage,
    FloatImage,
    fractal_noise,
    modulate,
    random_offset,
    window,
)


@dataclass(frozen=True)
class Facade:
    """One house front; `glow` is the light from its windows at night, else None."""

    front: Picture
    glow: Picture | None
    mean_rgb: npt.NDArray[np.float64]
    width_m: float
    height_m: float


def random_facade(rng: np.random.Generator, style: str, *, is_night: bool) -> Facade:
    """Draw a front for a street of this style (see `CrossSection`)."""
    plan = random_plan(rng, style)
    height, width = plan.size_hw
    image = _wall(rng, plan)
    sheet = FrontSheet(image, np.zeros_like(image) if is_night else None, rng, plan)
    for storey in range(plan.num_storeys):
        _draw_storey(sheet, storey, base=height - storey * plan.storey_px)
    _draw_trim(sheet)
    image = modulate(image, _stains(rng, plan.size_hw))
    glow = None if sheet.glow is None else Picture(sheet.glow)
    mean = image[::5, ::5].reshape(-1, 3).mean(axis=0)
    return Facade(Picture(image), glow, mean, width / PX_PER_M, height / PX_PER_M)


def _draw_storey(sheet: FrontSheet, storey: int, *, base: int) -> None:
    plan = sheet.plan
    if storey == 0 and plan.ground != 'same':
        draw_ground_floor(sheet, base)
        return
    for bay in range(plan.num_bays):
        draw_window(sheet, bay * plan.bay_px + plan.bay_px // 2, base)
    if plan.has_balconies and storey:
        draw_balconies(sheet, base)


def _wall(rng: np.random.Generator, plan: FacadePlan) -> ByteImage:
    image = np.empty((*plan.size_hw, 3), np.uint8)
    image[:] = np.clip(plan.color, 0, 255)
    fine = window(fractal_noise(64, 4, int(rng.integers(4))), plan.size_hw, random_offset(rng))
    factor = 1 + np.float32(0.035) * fine
    if plan.wall == 'brick':
        factor *= brick_tones(rng, plan.size_hw, brick_hw=(3, 8))
        factor[::3] *= 1.08
    if plan.wall == 'panel':
        factor[plan.storey_px // 2 :: plan.storey_px] *= 0.7
        factor[:, :: plan.bay_px] *= 0.75
    return modulate(image, factor)


def brick_tones(
    rng: np.random.Generator, size_hw: tuple[int, int], *, brick_hw: tuple[int, int]
) -> FloatImage:
    """Brightness of bricks in running bond: (h, w) float32 around 1."""
    rows = np.arange(size_hw[0]) // brick_hw[0]
    columns = np.arange(size_hw[1])[None, :] + brick_hw[1] // 2 * (rows[:, None] % 2)
    tones = rng.normal(1, 0.09, (rows[-1] + 1, size_hw[1] // brick_hw[1] + 2)).astype(np.float32)
    return np.asarray(tones[rows[:, None], columns // brick_hw[1]])


def _draw_trim(sheet: FrontSheet) -> None:
    """Cornice below the roof, a string course, a rain pipe."""
    (height, width), plan, rng = sheet.image.shape[:2], sheet.plan, sheet.rng
    sheet.bar((0, 8), (0, width), plan.tone(1.15))
    sheet.bar((8, 12), (0, width), plan.tone(0.62))
    if rng.random() < 0.4:
        y = height - plan.storey_px
        sheet.bar((y, y + 4), (0, width), plan.tone(1.14))
        sheet.bar((y + 4, y + 6), (0, width), plan.tone(0.7))
    if rng.random() < 0.6:
        sheet.bar((8, height), (width - 5, width - 3), (110.0, 110.0, 108.0))


def _stains(rng: np.random.Generator, size_hw: tuple[int, int]) -> FloatImage:
    """Large soft spots and streaks that run down: brightness factor (h, w)."""
    coarse = window(fractal_noise(4, 4, int(rng.integers(4))), size_hw, random_offset(rng))
    row = window(fractal_noise(64, 3, int(rng.integers(4))), (1, size_hw[1]), random_offset(rng))
    fall = np.linspace(1, 0.2, size_hw[0], dtype=np.float32)[:, None]
    foot = np.clip(np.linspace(-14, 1, size_hw[0], dtype=np.float32), 0, 1)[:, None]
    return np.asarray(
        1 + 0.05 * coarse - 0.035 * np.abs(row) * fall - 0.2 * foot, dtype=np.float32
    )
