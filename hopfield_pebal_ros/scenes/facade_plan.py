"""What a house front is like: wall, storeys, bays, windows; and the sheet it is drawn on."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.scenes.textures import ByteImage

PX_PER_M = 26
Color = tuple[float, float, float]

_PLASTERS: tuple[Color, ...] = (
    (214, 204, 184), (226, 218, 200), (198, 184, 160), (188, 190, 188), (222, 204, 164),
    (204, 168, 140), (176, 170, 160), (232, 230, 222), (196, 206, 196), (160, 150, 140),
)  # fmt: skip
_BRICKS: tuple[Color, ...] = (
    (146, 84, 66), (128, 72, 58), (164, 112, 84), (120, 96, 84), (172, 146, 116),
)  # fmt: skip
_FRAMES: tuple[Color, ...] = (
    (235, 235, 230), (235, 235, 230), (60, 50, 44), (50, 52, 56), (110, 84, 60),
)  # fmt: skip
_STOREYS = {'city': (3, 7), 'avenue': (3, 6), 'suburb': (2, 3), 'country': (1, 3), 'works': (2, 4)}


@dataclass(frozen=True, kw_only=True)
class FacadePlan:
    """Sizes are in pixels of the front's picture, `PX_PER_M` to the metre."""

    wall: str
    color: npt.NDArray[np.float64]
    frame: Color
    num_bays: int
    num_storeys: int
    bay_px: int
    storey_px: int
    window_hw: tuple[int, int]
    ground: str
    has_sills: bool
    has_lintels: bool
    has_shutters: bool
    has_balconies: bool
    num_panes: int

    @property
    def size_hw(self) -> tuple[int, int]:
        return self.num_storeys * self.storey_px + 14, self.num_bays * self.bay_px

    def tone(self, factor: float) -> Color:
        """The wall's colour, lighter or darker."""
        return toned(self.color, factor)


@dataclass(frozen=True)
class FrontSheet:
    """A front while it is drawn: picture, light from inside (None by day), dice, plan."""

    image: ByteImage
    glow: ByteImage | None
    rng: np.random.Generator
    plan: FacadePlan

    def bar(self, rows: tuple[int, int], columns: tuple[int, int], color: Color) -> None:
        """Fill a rectangle; what hangs over the border is left out."""
        (top, bottom), (left, right) = rows, columns
        self.image[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = color


def toned(color: npt.ArrayLike, factor: float) -> Color:
    red, green, blue = np.clip(np.asarray(color) * factor, 0, 255).tolist()
    return red, green, blue


def random_plan(rng: np.random.Generator, style: str) -> FacadePlan:
    """Draw a front for a street of this style (see `CrossSection`)."""
    wall = str(rng.choice(['plaster', 'brick', 'panel', 'glass'], p=[0.52, 0.26, 0.15, 0.07]))
    palette = _BRICKS if wall == 'brick' else _PLASTERS
    color = np.asarray(palette[int(rng.integers(len(palette)))]) * rng.uniform(0.78, 1.08)
    bay, storey = rng.uniform(2.0, 3.6), rng.uniform(2.8, 3.7)
    wide, high = rng.uniform(0.35, 0.62), rng.uniform(0.45, 0.66)
    if wall == 'glass':
        wide, high = 0.94, 0.88
    shares = [0.45, 0.4, 0.15] if style == 'city' else [0.1, 0.65, 0.25]
    ground = str(rng.choice(['shop', 'door', 'same'], p=shares))
    return FacadePlan(
        wall=wall,
        color=color * rng.uniform(0.97, 1.03, 3),
        frame=_FRAMES[int(rng.integers(len(_FRAMES)))],
        num_bays=int(rng.integers(3, 7)),
        num_storeys=int(rng.integers(*_STOREYS[style])),
        bay_px=round(bay * PX_PER_M),
        storey_px=round(storey * PX_PER_M),
        window_hw=(round(storey * high * PX_PER_M), round(bay * wide * PX_PER_M)),
        ground=ground if wall != 'glass' else 'same',
        has_sills=bool(rng.random() < 0.75),
        has_lintels=bool(rng.random() < 0.4),
        has_shutters=bool(rng.random() < 0.12 and wide < 0.5),
        has_balconies=bool(rng.random() < 0.2),
        num_panes=int(rng.integers(1, 4)),
    )
