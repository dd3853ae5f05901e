"""Windows, their panes and curtains, and balconies of a house front."""

import cv2
import numpy as np

from hopfield_pebal_ros.scenes.facade_plan import PX_PER_M, FrontSheet, toned


def draw_window(sheet: FrontSheet, center: int, base: int) -> None:
    """Draw one window; `center` is its column, `base` the row of its storey's floor."""
    plan = sheet.plan
    height, width = plan.window_hw
    top = base - plan.storey_px + (plan.storey_px - height) // 3
    left = center - width // 2
    right, bottom = left + width, top + height
    if plan.has_lintels:
        sheet.bar((top - 5, top - 1), (left - 3, right + 3), plan.tone(1.12))
    if plan.has_shutters:
        green = toned((70, 96, 80), 1.0)
        sheet.bar((top, bottom + 1), (left - width // 2 - 2, left - 1), green)
        sheet.bar((top, bottom + 1), (right + 2, right + width // 2 + 3), green)
    sheet.bar((top - 1, bottom + 1), (left - 1, right + 1), plan.tone(0.6))
    draw_pane(sheet, (top, bottom), (left, right), num_panes=plan.num_panes)
    if plan.has_sills:
        sheet.bar((bottom, bottom + 2), (left - 2, right + 2), plan.tone(1.18))
        sheet.bar((bottom + 2, bottom + 4), (left - 2, right + 2), plan.tone(0.7))


def draw_pane(
    sheet: FrontSheet, rows: tuple[int, int], columns: tuple[int, int], *, num_panes: int
) -> None:
    """Draw glass with a frame, perhaps a curtain, perhaps light inside."""
    (top, bottom), (left, right), rng = rows, columns, sheet.rng
    region = sheet.image[max(top, 0) : bottom, max(left, 0) : right]
    if region.shape[0] < 4 or region.shape[1] < 4:
        return
    sky = np.linspace(rng.uniform(0.8, 1.5), 0.5, region.shape[0])[:, None, None]
    region[:] = np.clip(np.array([84, 94, 106]) * rng.uniform(0.45, 1.25) * sky, 0, 255)
    if rng.random() < 0.45:
        drop = int(region.shape[0] * rng.uniform(0.3, 1))
        cloth = np.array([150, 146, 136]) * rng.uniform(0.6, 1.1)
        region[:drop] = np.clip(region[:drop] * 0.45 + cloth * 0.55, 0, 255)
    if rng.random() < 0.3:
        fold = region.shape[1] // 5
        region[:, :fold] = region[:, :fold] // 2 + 70
        region[:, -fold:] = region[:, -fold:] // 2 + 70
    if sheet.glow is not None and rng.random() < 0.32:
        warm = np.array([255, 205, 130]) * rng.uniform(0.35, 0.95) * rng.uniform(0.85, 1.1, 3)
        part = sheet.glow[max(top, 0) + 1 : bottom - 1, max(left, 0) + 1 : right - 1]
        fall = np.linspace(1, rng.uniform(0.4, 0.9), part.shape[0])[:, None, None]
        shelves = rng.uniform(0.7, 1, (1, part.shape[1] // 6 + 1, 1)).repeat(6, axis=1)
        part[:] = np.clip(warm * fall * shelves[:, : part.shape[1]], 0, 255)
    region[:2] = (region[:2] * 0.5).astype(np.uint8)  # shadow of the reveal
    _draw_frame(sheet, rows, columns, num_panes=num_panes)


def _draw_frame(
    sheet: FrontSheet, rows: tuple[int, int], columns: tuple[int, int], *, num_panes: int
) -> None:
    (top, bottom), (left, right), frame = rows, columns, sheet.plan.frame
    cv2.rectangle(sheet.image, (left, top), (right - 1, bottom - 1), frame, 1)
    for index in range(1, num_panes):
        x = left + (right - left) * index // num_panes
        sheet.bar(rows, (x, x + 1), frame)
    if num_panes > 1:
        cross = top + (bottom - top) // 3
        sheet.bar((cross, cross + 1), columns, frame)


def draw_balconies(sheet: FrontSheet, base: int) -> None:
    """A railing or a parapet before every second bay of one storey."""
    plan, rail = sheet.plan, int(0.95 * PX_PER_M)
    is_solid = sheet.rng.random() < 0.5
    for bay in range(0, plan.num_bays, 2):
        left = bay * plan.bay_px + 5
        right = left + plan.bay_px - 10
        sheet.bar((base - 4, base), (left, right), plan.tone(0.9))
        sheet.bar((base + 1, base + 7), (left, right), plan.tone(0.5))
        if is_solid:
            sheet.bar((base - rail, base - 4), (left, right), plan.tone(1.08))
        else:
            sheet.image[base - rail : base - 4, left:right:4] = (48, 50, 54)
        sheet.bar((base - rail, base - rail + 2), (left, right), (60.0, 62.0, 66.0))
