"""A procedural drive through a random street: pictures with labels, frame by frame."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import CITYSCAPES, IGNORE_ID
from hopfield_pebal_ros.scenes.backdrop import Backdrop
from hopfield_pebal_ros.scenes.bonnet import bonnet
from hopfield_pebal_ros.scenes.buildings import Building
from hopfield_pebal_ros.scenes.camera import Camera
from hopfield_pebal_ros.scenes.canvas import Canvas
from hopfield_pebal_ros.scenes.cross_section import random_cross_section
from hopfield_pebal_ros.scenes.decals import Decal
from hopfield_pebal_ros.scenes.ground import Ground, headlight_share, light_ground
from hopfield_pebal_ros.scenes.items import Item, Standing
from hopfield_pebal_ros.scenes.layout import BLOCK_M, Layout
from hopfield_pebal_ros.scenes.light import random_light
from hopfield_pebal_ros.scenes.lost_cargo import LostCargo
from hopfield_pebal_ros.scenes.reflections import paint_mirrored
from hopfield_pebal_ros.scenes.sensor import random_sensor
from hopfield_pebal_ros.scenes.shadows import ShadowMap
from hopfield_pebal_ros.scenes.sky import Sky
from hopfield_pebal_ros.scenes.traffic import Traffic
from hopfield_pebal_ros.scenes.view import View

MIN_SIDE_PX = 64
_REACH_M = 135.0
_SKY_ID = CITYSCAPES.id_of('sky')


@dataclass(frozen=True, kw_only=True)
class SceneFrame:
    """One picture of a drive and what is on it.

    Attributes:
        image_rgb: (H, W, 3) uint8 RGB.
        label_map: (H, W) uint8 Cityscapes train ids, OUTLIER_ID, IGNORE_ID.
        instance_map: (H, W) uint16, 0 is no instance; an id stays with its thing.
        time_s: since the drive began.
    """

    image_rgb: npt.NDArray[np.uint8]
    label_map: npt.NDArray[np.uint8]
    instance_map: npt.NDArray[np.uint16]
    time_s: float


class Drive:
    """A street without end, driven at an even speed; everything follows from the seed."""

    def __init__(
        self, seed: int, *, image_hw: tuple[int, int] = (512, 1024), outliers: bool = True
    ) -> None:
        """Decide on street, light and camera.

        Args:
            seed: not negative; equal seeds give equal drives.
            image_hw: size of the pictures [px], at least 64 x 64.
            outliers: False leaves the outliers out and everything else as it is.

        Raises:
            ValueError: the seed is negative or the size too small.
        """
        if seed < 0:
            raise ValueError(f'seed must be 0 or more, got {seed}')
        if min(image_hw) < MIN_SIDE_PX:
            raise ValueError(
                f'image_hw must be at least {MIN_SIDE_PX} x {MIN_SIDE_PX} pixels, got {image_hw}; '
                'render larger and scale down'
            )
        rng = np.random.default_rng((seed, 0))
        self._seed = seed
        self._image_hw = image_hw
        self._light = random_light(rng)
        self._section = random_cross_section(rng)
        self._speed_mps = float(rng.uniform(5, 13))
        self._bend = float(rng.normal(0, 1 / 900)) if rng.random() < 0.7 else 0.0
        self._rise = float(rng.normal(0, 1 / 4000))
        self._lens = _random_lens(rng, image_hw)
        self._sensor = random_sensor(rng, self._light)
        self._bonnet = bonnet(image_hw, self._light, rng) if rng.random() < 0.35 else None
        self._sky = Sky(self._light, rng)
        self._backdrop = Backdrop(self._section.style, self._light, rng)
        self._ground = Ground(self._section, rng)
        self._layout = Layout(seed, self._section, self._light)
        self._traffic = Traffic(seed, self._section, self._speed_mps)
        self._cargo = LostCargo(seed, self._section) if outliers else None

    def frame(self, index: int, *, rate_hz: float = 10.0) -> SceneFrame:
        """Render picture `index` of the drive as filmed at `rate_hz`.

        Raises:
            ValueError: the index is negative or the rate not positive.
        """
        if index < 0:
            raise ValueError(f'frame index must be 0 or more, got {index}')
        if not rate_hz > 0:
            raise ValueError(f'rate_hz must be above 0, got {rate_hz}')
        time_s = index / rate_hz
        view = self._view(time_s)
        canvas = Canvas(self._image_hw, _SKY_ID)
        items = self._items(view, time_s)
        shadows, shares = self._shadows(view, items)
        self._paint_ground_and_sky(canvas, view, shadows)
        self._paint_items(canvas, view, items, shares)
        if self._bonnet is not None:
            canvas.paint(self._bonnet, IGNORE_ID)
        noise = np.random.default_rng((self._seed, 8, index))
        image = self._sensor.expose(canvas.image_rgb(), noise)
        return SceneFrame(
            image_rgb=image,
            label_map=canvas.label_map,
            instance_map=canvas.instance_map,
            time_s=time_s,
        )

    def _paint_items(
        self, canvas: Canvas, view: View, items: list[Item], shares: dict[int, float]
    ) -> None:
        """Furthest first; on a wet road their mirror images come before all of them."""
        ordered = sorted(items, key=lambda each: -each.far_s)
        painted = [(item, item.layers(view, self._light, shares[id(item)])) for item in ordered]
        if self._light.wetness:
            for item, layers in painted:
                if not isinstance(item, Building):
                    paint_mirrored(canvas, layers, self._light.wetness)
        for item, layers in painted:
            standing = item if isinstance(item, Standing) else None
            first = standing.instance_id if standing else 0
            for layer in layers:
                canvas.paint(layer.patch, layer.label_id, first + layer.slot if first else 0)
            if standing and layers and self._light.is_night:
                standing.shine(view, canvas)

    def _view(self, time_s: float) -> View:
        """The camera sways a little: two sines each for pitch, roll and place in the lane."""
        base, phase = self._lens, self._seed % 97
        camera = Camera(
            image_hw=base.image_hw,
            focal_px=base.focal_px,
            height_m=base.height_m,
            pitch_rad=base.pitch_rad
            + 0.0022 * math.sin(7.1 * time_s + phase)
            + 0.0014 * math.sin(12.7 * time_s),
            roll_rad=base.roll_rad + 0.003 * math.sin(3.3 * time_s + 2 * phase),
            yaw_rad=base.yaw_rad + 0.004 * math.sin(0.6 * time_s + phase),
        )
        sway = 0.2 * math.sin(0.31 * time_s + 3 * phase)
        return View(
            camera=camera, s_m=self._speed_mps * time_s, u_m=sway, bend=self._bend, rise=self._rise
        )

    def _items(self, view: View, time_s: float) -> list[Item]:
        first, last = (
            math.floor((view.s_m - 25) / BLOCK_M),
            math.floor((view.s_m + _REACH_M) / BLOCK_M),
        )
        items = [
            item for index in range(first, last + 1) for item in self._layout.block(index).items
        ]
        items += self._traffic.items(time_s, view.s_m)
        if self._cargo is not None:
            items += self._cargo.items(view.s_m)
        return [item for item in items if view.s_m - 15 < item.far_s < view.s_m + _REACH_M + 20]

    def _shadows(self, view: View, items: list[Item]) -> tuple[ShadowMap, dict[int, float]]:
        """Cast the large shadows, ask who stands in them, then cast the rest."""
        shadows = ShadowMap(view, self._light)
        if self._light.is_night:
            for lamp in self._lamps(view):
                shadows.lamp(*lamp, radius_m=6.0)
        buildings = [item for item in items if isinstance(item, Building)]
        others = [item for item in items if not isinstance(item, Building)]
        for building in buildings:
            for caster in building.casters:
                shadows.cast(caster)
        shares = {id(item): shadows.key_share(item.foot_s, item.u) for item in items}
        for item in others:
            for caster in item.casters:
                shadows.cast(caster)
        return shadows, shares

    def _lamps(self, view: View) -> list[tuple[float, float]]:
        first, last = math.floor(view.s_m / BLOCK_M), math.floor((view.s_m + 110) / BLOCK_M)
        return [
            lamp for index in range(first, last + 1) for lamp in self._layout.block(index).lamps
        ]

    def _decals(self, view: View) -> list[Decal]:
        first, last = math.floor((view.s_m - 5) / BLOCK_M), math.floor((view.s_m + 90) / BLOCK_M)
        return [
            each for index in range(first, last + 1) for each in self._layout.block(index).decals
        ]

    def _paint_ground_and_sky(self, canvas: Canvas, view: View, shadows: ShadowMap) -> None:
        grid = view.ground()
        key_and_open = shadows.look_up(grid)
        if self._light.is_night:
            beam = headlight_share(view, grid) * 255
            key_and_open[..., 0] = np.clip(key_and_open[..., 0] + beam, 0, 255)
        albedo = self._ground.albedo(grid)
        for decal in self._decals(view):
            decal.paint(albedo, grid, view)
        ground = light_ground(albedo, grid, self._light, key_and_open=key_and_open)
        last_row = self._image_hw[0] - 1
        sky_rows = min(grid.first_row + 40, last_row)
        canvas.lay_sky(self._sky.paint(view, sky_rows))
        self._backdrop.paint(canvas, view)
        canvas.lay_ground(ground, self._ground.labels(grid), grid.is_ground)


def _random_lens(rng: np.random.Generator, image_hw: tuple[int, int]) -> Camera:
    half_angle = math.radians(rng.uniform(50, 75)) / 2
    return Camera(
        image_hw=image_hw,
        focal_px=image_hw[1] / 2 / math.tan(half_angle),
        height_m=float(rng.uniform(1.15, 1.9)),
        pitch_rad=float(rng.normal(0.035, 0.03)),
        roll_rad=float(rng.normal(0, 0.006)),
        yaw_rad=float(rng.normal(0, 0.02)),
    )
