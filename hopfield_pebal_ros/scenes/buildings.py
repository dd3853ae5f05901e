"""Houses along the street: front, gable wall and roof in perspective, with light and haze."""

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import CITYSCAPES
from hopfield_pebal_ros.scenes.canvas import Layer
from hopfield_pebal_ros.scenes.facades import Facade
from hopfield_pebal_ros.scenes.light import Light
from hopfield_pebal_ros.scenes.meshes import Faces, Pose, draw_solid, faces
from hopfield_pebal_ros.scenes.quads import Picture, textured_quad
from hopfield_pebal_ros.scenes.shadows import Caster
from hopfield_pebal_ros.scenes.textures import ByteImage
from hopfield_pebal_ros.scenes.view import FAR_M, View

FloatArray = npt.NDArray[np.float64]

BUILDING_ID = CITYSCAPES.id_of('building')


@dataclass(frozen=True)
class Building:
    """One house; `u` is the signed distance of its front, negative on the left side.

    Attributes:
        facade: picture of its front, and size.
        near_s: where it begins [m].
        u: where its front stands [m].
        depth_m: away from the street.
        roof_m: height of the ridge above the eaves; 0 is a flat roof.
        roof_rgb: (3,) colour.
        opposite_m: height of what stands on the other side of the street and may shade it.
        is_gable_hidden: a neighbour covers the wall at the near end.
    """

    facade: Facade
    near_s: float
    u: float
    depth_m: float
    roof_m: float
    roof_rgb: tuple[float, float, float]
    opposite_m: float
    is_gable_hidden: bool = False

    @property
    def far_s(self) -> float:
        return self.near_s + self.facade.width_m

    @property
    def foot_s(self) -> float:
        return self.near_s

    def layers(self, view: View, light: Light, key_share: float) -> list[Layer]:
        del key_share
        parts = [self._gable(view, light), self._roof(view, light), self._front(view, light)]
        return [layer for layer in parts if layer is not None]

    @cached_property
    def casters(self) -> list[Caster]:
        back = self.u + np.sign(self.u) * self.depth_m
        outline = np.array(
            [[self.near_s, self.u], [self.far_s, self.u], [self.far_s, back], [self.near_s, back]]
        )
        return [Caster(outline, self.facade.height_m + 0.6 * self.roof_m, contact=0.5)]

    def _front(self, view: View, light: Light) -> Layer | None:
        near, far = _visible_span(view, (self.near_s, self.far_s), self.u)
        if far - near < 0.05:
            return None
        right = self.u > 0
        along = (np.array([near, far]) - self.near_s) / self.facade.width_m
        if right:  # seen from the street the far end is on the left
            along = 1 - along[::-1]
        start, end = (near, far) if not right else (far, near)
        u, height = self.u, self.facade.height_m
        corners = np.array([[start, u, height], [end, u, height], [end, u, 0], [start, u, 0]])
        pixels, _ = view.project(corners)
        picture = self._lit_front(
            view, light, along=along, ends_s=(start, end), size_px=_size_px(pixels)
        )
        patch = textured_quad(view, picture, corners)
        return Layer(patch, BUILDING_ID) if patch else None

    def _lit_front(
        self,
        view: View,
        light: Light,
        *,
        along: FloatArray,
        ends_s: tuple[float, float],
        size_px: tuple[int, int],
    ) -> ByteImage:
        """The part `along` (2,) of the front, with light, shadow, and haze per column."""
        image = _columns(self.facade.front, along, size_px)
        glow = None if self.facade.glow is None else _columns(self.facade.glow, along, size_px)
        normal = (0.0, -float(np.sign(self.u)), 0.0)
        shadowed = light.local(30.0, sun_visible=0.3 if light.is_night else 0.0).flat(normal)
        sunny = shadowed if light.is_night else light.local(30.0, sun_visible=1.0).flat(normal)
        share = 1 - self._shadow_height(light) / self.facade.height_m
        shade_row = int(np.clip(share, 0, 1) * image.shape[0])
        depth = np.asarray(ends_s) - view.s_m
        num_strips = 1 + int(abs(light.haze(depth[0]) - light.haze(depth[1])) / 0.025)
        edges = np.linspace(0, image.shape[1], num_strips + 1).astype(int)
        lit = np.empty((*image.shape[:2], 4), np.uint8)
        for index in range(num_strips):
            middle = depth[0] + (depth[1] - depth[0]) * (index + 0.5) / num_strips
            haze, strip = light.haze(middle), slice(edges[index], edges[index + 1])
            for rows, factor in ((slice(shade_row), sunny), (slice(shade_row, None), shadowed)):
                if lit[rows, strip].size:
                    matrix = _light_matrix(factor, haze, light.horizon_rgb)
                    lit[rows, strip] = cv2.transform(image[rows, strip], matrix)
        if glow is not None:
            lit[..., :3] = cv2.add(np.ascontiguousarray(lit[..., :3]), glow)
        return lit

    def _shadow_height(self, light: Light) -> float:
        """Height up to which the other side of the street keeps the sun off."""
        toward = -light.sun_direction[1] * np.sign(self.u)
        if toward <= 0.02 or not self.opposite_m:
            return 0.0
        return float(self.opposite_m - 2 * abs(self.u) * light.sun_direction[2] / toward)

    def _gable(self, view: View, light: Light) -> Layer | None:
        """The wall that faces the camera at the near end."""
        if self.near_s - view.s_m < 1.5 or self.is_gable_hidden:
            return None
        side, height = np.sign(self.u), self.facade.height_m
        back, ridge = self.u + side * self.depth_m, self.u + side * self.depth_m / 2
        s = self.near_s
        color = self.facade.mean_rgb * 0.95
        wall = [[s, self.u, 0], [s, self.u, height], [s, back, height], [s, back, 0]]
        top = [
            [s, self.u, height],
            [s, ridge, height + self.roof_m],
            [s, back, height],
            [s, back, height],
        ]
        quads = np.array([wall, top] if self.roof_m else [wall], dtype=np.float64)
        if side < 0:
            quads = quads[:, ::-1]
        return self._flat(view, light, faces(quads, color))

    def _roof(self, view: View, light: Light) -> Layer | None:
        near = max(self.near_s, view.s_m + 2.0)
        if not self.roof_m or near >= self.far_s:
            return None
        side, height = np.sign(self.u), self.facade.height_m
        eaves, ridge = self.u - side * 0.4, self.u + side * self.depth_m / 2
        low, high = height - 0.1, height + self.roof_m
        quad = np.array(
            [
                [
                    [near, eaves, low],
                    [self.far_s, eaves, low],
                    [self.far_s, ridge, high],
                    [near, ridge, high],
                ]
            ]
        )
        if side < 0:
            quad = quad[:, ::-1]
        return self._flat(view, light, faces(quad, self.roof_rgb))

    def _flat(self, view: View, light: Light, solid: Faces) -> Layer | None:
        depth = max(float(solid.corners[..., 0].min()) - view.s_m, 1.0)
        local = light.local(depth + 20, sun_visible=0.3 if light.is_night else 1.0)
        local = replace(local, haze=light.haze(depth))
        patch = draw_solid(view, solid, Pose(0, 0), light=local)
        return Layer(patch, BUILDING_ID) if patch else None


def _light_matrix(factor_rgb: FloatArray, haze: float, haze_rgb: FloatArray) -> FloatArray:
    """(4, 4): RGB and 1 to lit, hazy RGB and a full alpha."""
    matrix = np.zeros((4, 4))
    matrix[:3, :3] = np.diag(factor_rgb * (1 - haze))
    matrix[:3, 3] = haze_rgb * haze
    matrix[3, 3] = 255
    return matrix


def _size_px(pixels: FloatArray) -> tuple[int, int]:
    """Width and height of the upright box around the corners (4, 2) of a front."""
    width, height = np.ptp(pixels, axis=0)
    return max(int(np.ceil(width)), 2), max(int(np.ceil(height)), 2)


def _columns(picture: Picture, along: FloatArray, size_px: tuple[int, int]) -> ByteImage:
    """Cut the part `along` (2,) out of a copy of a picture that is good for `size_px`."""
    share = max(along[1] - along[0], 0.01)
    image = picture.at_least(size_px[0] / share, size_px[1])
    first = int(along[0] * image.shape[1])
    return image[:, first : max(int(np.ceil(along[1] * image.shape[1])), first + 1)]


def _visible_span(view: View, ends_s: tuple[float, float], u: float) -> tuple[float, float]:
    """Cut a plane along the road to the part that can be in the picture."""
    half_angle = (
        view.camera.image_hw[1] / 2 / view.camera.focal_px + abs(view.camera.yaw_rad) * 1.5
    )
    first = view.s_m + max(1.2, 0.85 * abs(u - view.u_m) / half_angle)
    return max(ends_s[0], first), min(ends_s[1], view.s_m + FAR_M)
