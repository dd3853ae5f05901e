"""What can stand in a street: models on their feet, tree pictures, panels along the road."""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import CITYSCAPES
from hopfield_pebal_ros.scenes.canvas import Layer, Patch, in_haze, lit
from hopfield_pebal_ros.scenes.light import Light, LocalLight
from hopfield_pebal_ros.scenes.meshes import Pose
from hopfield_pebal_ros.scenes.quads import textured_quad, upright
from hopfield_pebal_ros.scenes.shadows import Caster
from hopfield_pebal_ros.scenes.textures import ByteImage
from hopfield_pebal_ros.scenes.view import NEAR_M, View

FloatArray = npt.NDArray[np.float64]

VEGETATION_ID = CITYSCAPES.id_of('vegetation')


class Item(Protocol):
    """Anything that is painted as a whole, furthest first."""

    @property
    def far_s(self) -> float: ...

    def layers(self, view: View, light: Light, key_share: float) -> list[Layer]: ...

    def casters(self) -> list[Caster]: ...


class Model(Protocol):
    """A thing with a shape that does not know where it stands."""

    def draw(self, view: View, pose: Pose, light: LocalLight) -> list[Layer]: ...


@dataclass(frozen=True)
class Standing:
    """A model at a place.

    Attributes:
        model: what stands there.
        pose: where.
        size_m: length, width, height, for its shadow.
        instance_id: of slot 0; slot 1 has the next; 0 for things without instances.
        contact: darkness under it.
    """

    model: Model
    pose: Pose
    size_m: tuple[float, float, float]
    instance_id: int = 0
    contact: float = 0.6

    @property
    def far_s(self) -> float:
        return self.pose.s

    def layers(self, view: View, light: Light, key_share: float) -> list[Layer]:
        depth = self.pose.s - view.s_m
        if depth - self.size_m[0] / 2 < NEAR_M:
            return []
        local = light.local(depth, sun_visible=key_share)
        layers = self.model.draw(view, self.pose, local)
        haze = light.haze(depth)
        return [
            replace(each, patch=in_haze(each.patch, haze, light.horizon_rgb)) for each in layers
        ]

    def casters(self) -> list[Caster]:
        length, width, height = self.size_m
        half = np.array([[1, 1], [1, -1], [-1, -1], [-1, 1]]) * (length / 2, width / 2)
        corners = self.pose.to_road(np.column_stack([half, np.zeros(4)]))[:, :2]
        return [Caster(corners, height, contact=self.contact)]


@dataclass(frozen=True)
class Tree:
    """A picture of a tree that faces the camera."""

    picture: ByteImage
    s: float
    u: float
    width_m: float
    height_m: float

    @property
    def far_s(self) -> float:
        return self.s

    def layers(self, view: View, light: Light, key_share: float) -> list[Layer]:
        foot = np.array([self.s, self.u, 0.0])
        patch = upright(
            view, self.picture, foot_suh=foot, width_m=self.width_m, height_m=self.height_m
        )
        if patch is None:
            return []
        depth = self.s - view.s_m
        local = light.local(depth, sun_visible=max(key_share, 0.5))
        factor = local.ambient_rgb * 0.85 + local.key_rgb * 0.75
        bright = Patch(lit(patch.rgba, factor), patch.x0, patch.y0)
        return [Layer(in_haze(bright, light.haze(depth), light.horizon_rgb), VEGETATION_ID)]

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

    picture: ByteImage
    label_id: int
    near_s: float
    length_m: float
    u: float
    height_m: float
    is_solid: bool = True

    @property
    def far_s(self) -> float:
        return self.near_s + self.length_m

    def layers(self, view: View, light: Light, key_share: float) -> list[Layer]:
        near = max(self.near_s, view.s_m + 1.2)
        if self.far_s - near < 0.1:
            return []
        columns = self.picture.shape[1]
        cut = int((near - self.near_s) / self.length_m * columns)
        picture = self.picture[:, min(cut, columns - 1) :]
        corners = np.array(
            [[near, self.height_m], [self.far_s, self.height_m], [self.far_s, 0.0], [near, 0.0]]
        )
        corners = np.column_stack([corners[:, 0], np.full(4, self.u), corners[:, 1]])
        if view.px_per_m(near) * self.height_m > 8 * view.camera.image_hw[0]:
            return []
        patch = textured_quad(view, picture, corners)
        if patch is None:
            return []
        depth = (near + self.far_s) / 2 - view.s_m
        local = light.local(depth, sun_visible=key_share)
        bright = Patch(
            lit(patch.rgba, local.flat((0.0, -float(np.sign(self.u)), 0.0))), patch.x0, patch.y0
        )
        return [Layer(in_haze(bright, light.haze(depth), light.horizon_rgb), self.label_id)]

    def casters(self) -> list[Caster]:
        low, high = self.u - 0.12, self.u + 0.12
        outline = np.array(
            [[self.near_s, low], [self.far_s, low], [self.far_s, high], [self.near_s, high]]
        )
        return [
            Caster(outline, self.height_m if self.is_solid else 0.3 * self.height_m, contact=0.4)
        ]
