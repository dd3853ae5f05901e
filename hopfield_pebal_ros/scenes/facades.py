"""Pictures of house fronts: walls, rows of windows, doors, shops, cornices, weather stains."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.scenes.quads import Picture
from hopfield_pebal_ros.scenes.textures import (
    ByteImage,
    FloatImage,
    fractal_noise,
    glyphs,
    modulate,
    random_offset,
    window,
)

PX_PER_M = 26
_Color = tuple[float, float, float]

_PLASTERS: tuple[_Color, ...] = (
    (214, 204, 184), (226, 218, 200), (198, 184, 160), (188, 190, 188), (222, 204, 164),
    (204, 168, 140), (176, 170, 160), (232, 230, 222), (196, 206, 196), (160, 150, 140),
)  # fmt: skip
_BRICKS: tuple[_Color, ...] = (
    (146, 84, 66), (128, 72, 58), (164, 112, 84), (120, 96, 84), (172, 146, 116),
)  # fmt: skip


@dataclass(frozen=True)
class Facade:
    """One house front; `glow` is the light from its windows at night, else None."""

    front: Picture
    glow: Picture | None
    mean_rgb: npt.NDArray[np.float64]
    width_m: float
    height_m: float


@dataclass(frozen=True, kw_only=True)
class _Plan:
    wall: str
    color: npt.NDArray[np.float64]
    frame: _Color
    num_bays: int
    num_storeys: int
    bay_px: int
    storey_px: int
    window_px: tuple[int, int]
    ground: str
    has_sills: bool
    has_lintels: bool
    has_shutters: bool
    has_balconies: bool
    num_panes: int
    is_night: bool


def random_facade(rng: np.random.Generator, style: str, *, is_night: bool) -> Facade:
    plan = _random_plan(rng, style, is_night)
    height, width = plan.num_storeys * plan.storey_px + 14, plan.num_bays * plan.bay_px
    image = _wall(rng, plan, (height, width))
    glow = np.zeros_like(image) if is_night else None
    for storey in range(plan.num_storeys):
        base = height - storey * plan.storey_px
        if storey == 0 and plan.ground != 'same':
            _ground_floor(image, glow, rng, plan, base)
            continue
        for bay in range(plan.num_bays):
            _window(image, glow, rng, plan, bay * plan.bay_px + plan.bay_px // 2, base)
        if plan.has_balconies and storey:
            _balconies(image, rng, plan, base)
    _trim(image, rng, plan)
    image = modulate(image, _stains(rng, (height, width)))
    lights = None if glow is None else Picture(glow)
    mean = image[::5, ::5].reshape(-1, 3).mean(axis=0)
    return Facade(Picture(image), lights, mean, width / PX_PER_M, height / PX_PER_M)


def _random_plan(rng: np.random.Generator, style: str, is_night: bool) -> _Plan:
    storeys = {
        'city': (3, 7),
        'avenue': (3, 6),
        'suburb': (2, 3),
        'country': (1, 3),
        'works': (2, 4),
    }[style]
    wall = str(rng.choice(['plaster', 'brick', 'panel', 'glass'], p=[0.52, 0.26, 0.15, 0.07]))
    palette = _BRICKS if wall == 'brick' else _PLASTERS
    bay = rng.uniform(2.0, 3.6)
    storey = rng.uniform(2.8, 3.7)
    wide = rng.uniform(0.35, 0.62) if wall != 'glass' else 0.94
    high = rng.uniform(0.45, 0.66) if wall != 'glass' else 0.88
    ground = str(
        rng.choice(
            ['shop', 'door', 'same'], p=[0.45, 0.4, 0.15] if style == 'city' else [0.1, 0.65, 0.25]
        )
    )
    frames = ((235, 235, 230), (235, 235, 230), (60, 50, 44), (50, 52, 56), (110, 84, 60))
    return _Plan(
        wall=wall,
        color=np.asarray(palette[int(rng.integers(len(palette)))])
        * rng.uniform(0.78, 1.08)
        * rng.uniform(0.97, 1.03, 3),
        frame=frames[int(rng.integers(5))],
        num_bays=int(rng.integers(3, 7)),
        num_storeys=int(rng.integers(*storeys)),
        bay_px=round(bay * PX_PER_M),
        storey_px=round(storey * PX_PER_M),
        window_px=(round(storey * high * PX_PER_M), round(bay * wide * PX_PER_M)),
        ground=ground if wall != 'glass' else 'same',
        has_sills=bool(rng.random() < 0.75),
        has_lintels=bool(rng.random() < 0.4),
        has_shutters=bool(rng.random() < 0.12) and wide < 0.5,
        has_balconies=bool(rng.random() < 0.2),
        num_panes=int(rng.integers(1, 4)),
        is_night=is_night,
    )


def _wall(rng: np.random.Generator, plan: _Plan, size_hw: tuple[int, int]) -> ByteImage:
    image = np.empty((*size_hw, 3), np.uint8)
    image[:] = np.clip(plan.color, 0, 255)
    fine = window(fractal_noise(64, 4, int(rng.integers(4))), size_hw, random_offset(rng))
    factor = 1 + 0.035 * fine
    if plan.wall == 'brick':
        rows = np.arange(size_hw[0]) // 3
        columns = np.arange(size_hw[1])[None, :] + 4 * (rows[:, None] % 2)
        tones = rng.normal(1, 0.09, (rows[-1] + 1, size_hw[1] // 8 + 2)).astype(np.float32)
        factor = factor * tones[rows[:, None], columns // 8]
        factor[::3] *= 1.08
    if plan.wall == 'panel':
        factor[plan.storey_px // 2 :: plan.storey_px] *= 0.7
        factor[:, :: plan.bay_px] *= 0.75
    return modulate(image, factor.astype(np.float32))


def _window(
    image: ByteImage,
    glow: ByteImage | None,
    rng: np.random.Generator,
    plan: _Plan,
    center: int,
    base: int,
) -> None:
    height, width = plan.window_px
    top = base - plan.storey_px + (plan.storey_px - height) // 3
    left = center - width // 2
    wall = plan.color
    if plan.has_lintels:
        cv2.rectangle(
            image, (left - 3, top - 5), (left + width + 2, top - 2), _tone(wall, 1.12), -1
        )
    if plan.has_shutters:
        for start in (left - width // 2 - 2, left + width + 2):
            cv2.rectangle(
                image,
                (start, top),
                (start + width // 2, top + height),
                _tone(np.array([70, 96, 80]), 1.0),
                -1,
            )
    cv2.rectangle(image, (left - 1, top - 1), (left + width, top + height), _tone(wall, 0.6), -1)
    pane(image, glow, rng, (top, left, height, width), frame=plan.frame, num_panes=plan.num_panes)
    if plan.has_sills:
        cv2.rectangle(
            image,
            (left - 2, top + height),
            (left + width + 1, top + height + 1),
            _tone(wall, 1.18),
            -1,
        )
        cv2.rectangle(
            image,
            (left - 2, top + height + 2),
            (left + width + 1, top + height + 3),
            _tone(wall, 0.7),
            -1,
        )


def pane(
    image: ByteImage,
    glow: ByteImage | None,
    rng: np.random.Generator,
    box: tuple[int, int, int, int],
    *,
    frame: _Color,
    num_panes: int,
) -> None:
    """Draw glass with frame and perhaps a curtain into (top, left, height, width), in place."""
    top, left, height, width = box
    region = image[top : top + height, left : left + width]
    if region.shape[0] < 4 or region.shape[1] < 4:
        return
    sky = np.linspace(rng.uniform(0.8, 1.5), 0.5, region.shape[0])[:, None, None]
    region[:] = np.clip(np.array([84, 94, 106]) * rng.uniform(0.45, 1.25) * sky, 0, 255)
    if rng.random() < 0.45:
        drop = int(height * rng.uniform(0.3, 1))
        region[:drop] = np.clip(
            region[:drop] * 0.45 + np.array([150, 146, 136]) * 0.55 * rng.uniform(0.6, 1.1), 0, 255
        )
    if rng.random() < 0.3:
        region[:, : width // 5] = region[:, : width // 5] // 2 + 70
        region[:, -width // 5 :] = region[:, -width // 5 :] // 2 + 70
    if glow is not None and rng.random() < 0.32:
        warm = np.array([255, 205, 130]) * rng.uniform(0.35, 0.95) * rng.uniform(0.85, 1.1, 3)
        glow[top + 1 : top + height - 1, left + 1 : left + width - 1] = np.clip(warm, 0, 255)
    region[:2] = (region[:2] * 0.5).astype(np.uint8)
    cv2.rectangle(image, (left, top), (left + width - 1, top + height - 1), frame, 1)
    for index in range(1, num_panes):
        x = left + width * index // num_panes
        cv2.line(image, (x, top), (x, top + height - 1), frame, 1)
    if num_panes > 1:
        cv2.line(image, (left, top + height // 3), (left + width - 1, top + height // 3), frame, 1)


def _ground_floor(
    image: ByteImage, glow: ByteImage | None, rng: np.random.Generator, plan: _Plan, base: int
) -> None:
    if plan.ground == 'shop':
        _shop(image, glow, rng, plan, base)
        return
    plinth = int(0.5 * PX_PER_M)
    cv2.rectangle(image, (0, base - plinth), (image.shape[1], base), _tone(plan.color, 0.72), -1)
    door = int(rng.integers(plan.num_bays))
    for bay in range(plan.num_bays):
        center = bay * plan.bay_px + plan.bay_px // 2
        if bay != door:
            _window(image, glow, rng, plan, center, base)
            continue
        width, height = int(1.1 * PX_PER_M), int(2.2 * PX_PER_M)
        left, top = center - width // 2, base - height
        color = np.array(
            ((92, 62, 42), (52, 60, 66), (60, 84, 72), (120, 40, 36))[int(rng.integers(4))]
        )
        cv2.rectangle(
            image, (left - 3, top - 4), (left + width + 3, base), _tone(plan.color, 1.12), -1
        )
        cv2.rectangle(image, (left, top), (left + width, base), _tone(color, 0.9), -1)
        cv2.rectangle(
            image,
            (left + 4, top + 5),
            (left + width - 4, top + height // 2),
            _tone(color, 0.55),
            -1,
        )


def _shop(
    image: ByteImage, glow: ByteImage | None, rng: np.random.Generator, plan: _Plan, base: int
) -> None:
    """Shop windows under a name board, perhaps with an awning."""
    top = base - plan.storey_px
    board = np.asarray(rng.integers(20, 235, 3), dtype=np.float64)
    board = 0.6 * board + 0.4 * board.mean()
    cv2.rectangle(image, (0, top), (image.shape[1], base), _tone(plan.color, 0.8), -1)
    num_shops = max(1, plan.num_bays // 3)
    width = image.shape[1] // num_shops
    for index in range(num_shops):
        left, high = index * width + 6, int(0.6 * PX_PER_M)
        cv2.rectangle(
            image, (left, top + 4), (left + width - 12, top + 4 + high), _tone(board, 1.0), -1
        )
        part = image[top + 6 : top + 2 + high, left + 8 : left + width - 20]
        ink = glyphs(rng, part.shape[:2])[..., None]
        part[:] = (part * (1 - ink) + (255 - board) * ink).astype(np.uint8)
        num_panes = int(rng.integers(2, 5))
        shape = (top + 8 + high, left + 2, base - top - 16 - high, width - 16)
        pane(image, glow, rng, shape, frame=plan.frame, num_panes=num_panes)
        _goods(image, rng, shape)
        if rng.random() < 0.35:
            _awning(image, rng, left, top + 6 + high, width - 12, board)


def _goods(image: ByteImage, rng: np.random.Generator, box: tuple[int, int, int, int]) -> None:
    """Blurred colours behind a shop window."""
    top, left, height, width = box
    for _ in range(8):
        size_x, size_y = int(rng.integers(3, 12)), int(rng.integers(4, 20))
        x = left + int(rng.integers(2, max(width - size_x, 3)))
        color = rng.integers(20, 170, 3) * 0.6 + 20
        y = top + height - 3 - size_y
        part = image[y : top + height - 3, x : x + size_x]
        part[:] = (part * 0.4 + color * 0.6).astype(np.uint8)


def _awning(
    image: ByteImage,
    rng: np.random.Generator,
    left: int,
    top: int,
    width: int,
    color: npt.NDArray[np.float64],
) -> None:
    depth = int(rng.uniform(0.5, 0.9) * PX_PER_M)
    stripe = int(rng.integers(6, 14))
    for x in range(left, left + width, stripe):
        tone = (1.1, 1.1) if (x // stripe) % 2 else (0.9, 1.1)
        shade = _tone(color, tone[0]) if (x // stripe) % 2 else (230.0, 226.0, 216.0)
        cv2.rectangle(image, (x, top), (min(x + stripe, left + width), top + depth), shade, -1)
    cv2.rectangle(image, (left, top + depth), (left + width, top + depth + 4), (26, 26, 28), -1)


def _balconies(image: ByteImage, rng: np.random.Generator, plan: _Plan, base: int) -> None:
    rail = int(0.95 * PX_PER_M)
    solid = rng.random() < 0.5
    for bay in range(0, plan.num_bays, 2):
        left = bay * plan.bay_px + 5
        right = left + plan.bay_px - 10
        cv2.rectangle(image, (left, base - 4), (right, base), _tone(plan.color, 0.9), -1)
        cv2.rectangle(image, (left, base + 1), (right, base + 6), _tone(plan.color, 0.5), -1)
        if solid:
            cv2.rectangle(
                image, (left, base - rail), (right, base - 5), _tone(plan.color, 1.08), -1
            )
        else:
            for x in range(left, right, 4):
                cv2.line(image, (x, base - rail), (x, base - 4), (48, 50, 54), 1)
        cv2.line(image, (left, base - rail), (right, base - rail), (60, 62, 66), 2)


def _trim(image: ByteImage, rng: np.random.Generator, plan: _Plan) -> None:
    """Cornice below the roof, string courses, a rain pipe."""
    width = image.shape[1]
    cv2.rectangle(image, (0, 0), (width, 7), _tone(plan.color, 1.15), -1)
    cv2.rectangle(image, (0, 8), (width, 11), _tone(plan.color, 0.62), -1)
    if rng.random() < 0.4:
        y = image.shape[0] - plan.storey_px
        cv2.rectangle(image, (0, y), (width, y + 3), _tone(plan.color, 1.14), -1)
        cv2.rectangle(image, (0, y + 4), (width, y + 5), _tone(plan.color, 0.7), -1)
    if rng.random() < 0.6:
        cv2.line(
            image,
            (width - 4, 8),
            (width - 4, image.shape[0]),
            _tone(np.array([110, 110, 108]), 1.0),
            2,
        )


def _stains(rng: np.random.Generator, size_hw: tuple[int, int]) -> FloatImage:
    """Large soft spots and streaks that run down: brightness factor (h, w)."""
    coarse = window(fractal_noise(4, 4, int(rng.integers(4))), size_hw, random_offset(rng))
    row = window(fractal_noise(64, 3, int(rng.integers(4))), (1, size_hw[1]), random_offset(rng))
    fall = np.linspace(1, 0.2, size_hw[0], dtype=np.float32)[:, None]
    foot = np.clip(np.linspace(-14, 1, size_hw[0], dtype=np.float32), 0, 1)[:, None]
    return np.asarray(
        1 + 0.05 * coarse - 0.035 * np.abs(row) * fall - 0.2 * foot, dtype=np.float32
    )


def _tone(color: npt.NDArray[np.float64], factor: float) -> _Color:
    red, green, blue = np.clip(color * factor, 0, 255).tolist()
    return red, green, blue
