"""Ground floors of houses: a door between windows, or shops with boards and awnings."""

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.scenes.facade_openings import draw_pane, draw_window
from hopfield_pebal_ros.scenes.facade_plan import PX_PER_M, FrontSheet, toned
from hopfield_pebal_ros.scenes.textures import glyphs

_DOORS = ((92, 62, 42), (52, 60, 66), (60, 84, 72), (120, 40, 36))


def draw_ground_floor(sheet: FrontSheet, base: int) -> None:
    """Draw what the plan says; `base` is the row of the pavement."""
    if sheet.plan.ground == 'shop':
        _draw_shops(sheet, base)
        return
    plan, width = sheet.plan, sheet.image.shape[1]
    sheet.bar((base - int(0.5 * PX_PER_M), base), (0, width), plan.tone(0.72))
    door = int(sheet.rng.integers(plan.num_bays))
    for bay in range(plan.num_bays):
        center = bay * plan.bay_px + plan.bay_px // 2
        if bay == door:
            _draw_door(sheet, center, base)
        else:
            draw_window(sheet, center, base)


def _draw_door(sheet: FrontSheet, center: int, base: int) -> None:
    width, height = int(1.1 * PX_PER_M), int(2.2 * PX_PER_M)
    left, top = center - width // 2, base - height
    color = _DOORS[int(sheet.rng.integers(len(_DOORS)))]
    sheet.bar((top - 4, base), (left - 3, left + width + 4), sheet.plan.tone(1.12))
    sheet.bar((top, base), (left, left + width + 1), toned(color, 0.9))
    sheet.bar((top + 5, top + height // 2), (left + 4, left + width - 3), toned(color, 0.55))


def _draw_shops(sheet: FrontSheet, base: int) -> None:
    """Shop windows under name boards, some with an awning."""
    plan, rng, top = sheet.plan, sheet.rng, base - sheet.plan.storey_px
    board = np.asarray(rng.integers(20, 235, 3), dtype=np.float64)
    board = 0.6 * board + 0.4 * board.mean()
    sheet.bar((top, base), (0, sheet.image.shape[1]), plan.tone(0.8))
    num_shops = max(1, plan.num_bays // 3)
    width, high = sheet.image.shape[1] // num_shops, int(0.6 * PX_PER_M)
    for index in range(num_shops):
        left = index * width + 6
        right = left + width - 12
        sheet.bar((top + 4, top + 5 + high), (left, right + 1), toned(board, 1.0))
        part = sheet.image[top + 6 : top + 2 + high, left + 8 : right - 8]
        ink = glyphs(rng, (part.shape[0], part.shape[1]))[..., None]
        part[:] = (part * (1 - ink) + (255 - board) * ink).astype(np.uint8)
        rows, columns = (top + 8 + high, base - 8), (left + 2, right - 2)
        draw_pane(sheet, rows, columns, num_panes=int(rng.integers(2, 5)))
        _draw_goods(sheet, rows, columns)
        if rng.random() < 0.35:
            _draw_awning(sheet, top + 6 + high, (left, right), color=board)


def _draw_goods(sheet: FrontSheet, rows: tuple[int, int], columns: tuple[int, int]) -> None:
    """Blurred colours behind a shop window."""
    rng, (left, right), foot = sheet.rng, columns, rows[1] - 3
    for _ in range(8):
        width, height = int(rng.integers(3, 12)), int(rng.integers(4, 20))
        x = left + int(rng.integers(2, max(right - left - width, 3)))
        color = rng.integers(20, 170, 3) * 0.6 + 20
        part = sheet.image[foot - height : foot, x : x + width]
        part[:] = (part * 0.4 + color * 0.6).astype(np.uint8)


def _draw_awning(
    sheet: FrontSheet, top: int, columns: tuple[int, int], *, color: npt.NDArray[np.float64]
) -> None:
    """A striped awning and the dark line under it."""
    depth, stripe = int(sheet.rng.uniform(0.5, 0.9) * PX_PER_M), int(sheet.rng.integers(6, 14))
    left, right = columns
    for index, x in enumerate(range(left, right, stripe)):
        shade = toned(color, 1.1) if index % 2 else (230.0, 226.0, 216.0)
        sheet.bar((top, top + depth), (x, min(x + stripe, right)), shade)
    sheet.bar((top + depth, top + depth + 4), columns, (26.0, 26.0, 28.0))
