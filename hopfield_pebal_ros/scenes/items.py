"""What can stand in a street: models on their feet, tree pictures, panels along the road."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import CITYSCAPES
from hopfield_pebal_ros.scenes.canvas import Canvas, Layer, relit
from hopfield_pebal_ros.scenes.light import Light, LocalLight
from hopfield_pebal_ros.scenes.meshes import Pose
from hopfield_pebal_ros.scenes.quads import Picture, textured_quad, upright
from hopfield_pebal_ros.scenes.shadows import Caster
from hopfield_pebal_ros.scenes.view import View

FloatArray = npt.NDArray[np.float64]

VEGETATION_ID = CITYSCAPES.id_of('vegetation')

_SMALLEST_PX = 5.0
_NEAREST_M = 1.5
_TREES_TO_M = 115.0


class Item(Protocol):
    """Anything that is painted as a whole, furthest first."""

    @property
    def far_s(self) -> float: ...

    @property
    def foot_s(self) -> float: ...

    @property
    def u(self) -> float: ...

    def layers(self, view: View, light: Light, key_share: float) -> list[Layer]: ...

    @property
    def casters(self) -> list[Caster]: ...


class Model(Protocol):
    """A thing with a shape that does not know where it stands."""

    def draw(self, view: View, pose: Pose, light: LocalLight) -> list[Layer]: ...


@dataclass(frozen=True)
class Glow:
    """Light that spills around a lamp at night: place in object axes [m], reach [m], colour."""

    place: tuple[float, float, float]
    radius_m: float
    color_rgb: tuple[float, float, float]
    is_forward: bool | None = None


@dataclass(frozen=True)
class Standing:
    """A model at a place.

    Attributes:
        model: what stands there.
        pose: where.
        size_m: length, width, height, for its shadow.
        instance_id: of slot 0; slot 1 has the next; 0 for things without instances.
        contact: darkness under it.
        glows: its lamps, if they are on.
        visible_to_m: it is left out further away.
    """

    model: Model
    pose: Pose
    size_m: tuple[float, float, float]
    instance_id: int = 0
    contact: float = 0.6
    glows: tuple[Glow, ...] = ()
    visible_to_m: float = 115.0

    @property
    def far_s(self) -> float:
        return self.pose.s

    @property
    def foot_s(self) -> float:
        return self.pose.s

    @property
    def u(self) -> float:
        return self.pose.u

    def layers(self, view: View, light: Light, key_share: float) -> list[Layer]:
        depth, reach = self.pose.s - view.s_m, max(self.size_m)
        if depth + self.size_m[0] / 2 < _NEAREST_M or depth > self.visible_to_m:
            return []
        if not view.may_show(self.pose.s, self.pose.u, reach):
            return []
        if self.size_m[2] * view.px_per_m(self.pose.s) < _SMALLEST_PX:
            return []
        local = light.local(depth, sun_visible=key_share)
        return self.model.draw(view, self.pose, local)

    def shine(self, view: View, canvas: Canvas) -> None:
        """Add the glow of its lamps to the picture."""
        if not self.glows or self.pose.s - view.s_m < 3:
            return
        places = self.pose.to_road(np.array([each.place for each in self.glows]))
        pixels, _ = view.project(places)
        faces_camera = math.cos(self.pose.yaw) < 0
        for glow, center_xy in zip(self.glows, pixels, strict=True):
            if glow.is_forward is None or glow.is_forward == faces_camera:
                radius = max(glow.radius_m * view.px_per_m(self.pose.s), 3.0)
                canvas.shine(center_xy, radius, np.asarray(glow.color_rgb))

    @cached_property
    def casters(self) -> list[Caster]:
        length, width, height = self.size_m
        half = np.array([[1, 1], [1, -1], [-1, -1], [-1, 1]]) * (length / 2, width / 2)
        corners = self.pose.to_road(np.column_stack([half, np.zeros(4)]))[:, :2]
        return [Caster(corners, height, contact=self.contact)]


@dataclass(frozen=True)
class Tree:
    """A picture of a tree that faces the camera."""

    picture: Picture
    s: float
    u: float
    width_m: float
    height_m: float

    @property
    def far_s(self) -> float:
        return self.s

    @property
    def foot_s(self) -> float:
        return self.s

    def layers(self, view: View, light: Light, key_share: float) -> list[Layer]:
        if self.s - view.s_m > _TREES_TO_M or not view.may_show(self.s, self.u, self.width_m / 2):
            return []
        foot = np.array([self.s, self.u, 0.0])
        patch = upright(
            view, self.picture, foot_suh=foot, width_m=self.width_m, height_m=self.height_m
        )
        if patch is None:
            return []
        depth = self.s - view.s_m
        local = light.local(depth, sun_visible=max(key_share, 0.5))
        factor = local.ambient_rgb * 0.85 + local.key_rgb * (0.3 if light.is_night else 0.75)
        haze = light.haze(depth)
        return [Layer(relit(patch, factor, haze=haze, haze_rgb=light.horizon_rgb), VEGETATION_ID)]

    @cached_property
    def casters(self) -> list[Caster]:
        corner = np.array([[1, 1], [1, -1], [-1, -1], [-1, 1]])
        center = np.array([self.s, self.u])
        crown = Caster(
            center + corner * 0.3 * self.width_m,
            self.height_m,
            lifted_m=0.35 * self.height_m,
            is_leafy=True,
        )
        return [Caster(center + corner * 0.15, 0.4 * self.height_m, contact=0.5), crown]


@dataclass(frozen=True)
class Panel:
    """An upright picture along the road: hedge, fence, wall."""

    picture: Picture
    label_id: int
    near_s: float
    length_m: float
    u: float
    height_m: float
    is_solid: bool = True

    @property
    def far_s(self) -> float:
        return self.near_s + self.length_m

    @property
    def foot_s(self) -> float:
        return self.near_s + self.length_m / 2

    def layers(self, view: View, light: Light, key_share: float) -> list[Layer]:
        near = max(self.near_s, view.s_m + 1.2)
        if self.far_s - near < 0.1:
            return []
        scale = view.px_per_m(near)
        if scale * self.height_m > 8 * view.camera.image_hw[0]:
            return []
        picture = self.picture.at_least(scale * self.length_m, scale * self.height_m)
        columns = picture.shape[1]
        cut = min(int((near - self.near_s) / self.length_m * columns), columns - 1)
        top, end = self.height_m, self.far_s
        corners = np.array(
            [[near, self.u, top], [end, self.u, top], [end, self.u, 0.0], [near, self.u, 0.0]]
        )
        patch = textured_quad(view, picture[:, cut:], corners)
        if patch is None:
            return []
        depth = (near + self.far_s) / 2 - view.s_m
        local = light.local(depth, sun_visible=key_share)
        factor = local.flat((0.0, -float(np.sign(self.u)), 0.0))
        haze = light.haze(depth)
        return [Layer(relit(patch, factor, haze=haze, haze_rgb=light.horizon_rgb), self.label_id)]

    @cached_property
    def casters(self) -> list[Caster]:
        low, high = self.u - 0.12, self.u + 0.12
        outline = np.array(
            [[self.near_s, low], [self.far_s, low], [self.far_s, high], [self.near_s, high]]
        )
        return [
            Caster(outline, self.height_m if self.is_solid else 0.3 * self.height_m, contact=0.4)
        ]
