"""Round limbs: capsules of varying thickness, shaded pixel by pixel; people and animals are made of them."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.scenes.canvas import Patch
from hopfield_pebal_ros.scenes.light import LocalLight
from hopfield_pebal_ros.scenes.meshes import Pose
from hopfield_pebal_ros.scenes.view import View

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Capsules:
    """Tapered limbs in object axes (forward, right, up).

    Attributes:
        ends: (N, 2, 3) [m].
        radii: (N, 2) [m] at both ends.
        colors: (N, 3) albedo 0..255.
    """

    ends: FloatArray
    radii: FloatArray
    colors: FloatArray

    def __add__(self, other: 'Capsules') -> 'Capsules':
        return Capsules(
            np.concatenate([self.ends, other.ends]),
            np.concatenate([self.radii, other.radii]),
            np.concatenate([self.colors, other.colors]),
        )


def capsules(
    rows: list[tuple[npt.ArrayLike, npt.ArrayLike, float, float, npt.ArrayLike]],
) -> Capsules:
    """Build from rows of start (3,), end (3,), start radius, end radius [m], colour (3,)."""
    ends = np.array([[start, end] for start, end, _, _, _ in rows], dtype=np.float64)
    radii = np.array([[first, second] for _, _, first, second, _ in rows], dtype=np.float64)
    colors = np.array([color for *_, color in rows], dtype=np.float64)
    return Capsules(ends, radii, colors)


def draw_capsules(
    view: View,
    limbs: Capsules,
    pose: Pose,
    light: LocalLight,
    *,
    texture: npt.NDArray[np.float32] | None = None,
) -> Patch | None:
    """Draw limbs back to front into one patch.

    Args:
        view: the camera.
        limbs: what to draw.
        pose: where it stands.
        light: on it.
        texture: (h, w) float32 brightness factor, stretched over the whole figure.
    """
    road = pose.to_road(limbs.ends.reshape(-1, 3))
    pixels, depth = view.project(road)
    if depth.min() < 0.4:
        return None
    pixels, depth = pixels.reshape(-1, 2, 2), depth.reshape(-1, 2)
    radii = np.maximum(limbs.radii * view.camera.focal_px / depth, 0.35)
    reach = radii.max(axis=1)[:, None]
    low = np.floor((pixels.min(axis=1) - reach).min(axis=0)).astype(int) - 1
    high = np.ceil((pixels.max(axis=1) + reach).max(axis=0)).astype(int) + 2
    width, height = high - low
    image_height, image_width = view.camera.image_hw
    if width > 2 * image_width or height > 3 * image_height:
        return None
    if high[0] < 0 or high[1] < 0 or low[0] > image_width or low[1] > image_height:
        return None
    color = np.zeros((height, width, 3), np.float32)
    alpha = np.zeros((height, width), np.float32)
    axes = _view_axes(view, road.mean(axis=0))
    for index in np.argsort(-depth.mean(axis=1)):
        ends = pixels[index] - low
        _add_limb(color, alpha, ends, radii[index], limbs.colors[index], light, axes)
    if texture is not None:
        factor = cv2.resize(texture, (int(width), int(height)), interpolation=cv2.INTER_AREA)
        color *= factor[..., None]
    rgba = np.empty((height, width, 4), np.uint8)
    rgba[..., :3] = np.clip(color, 0, 255 * alpha[..., None])
    rgba[..., 3] = np.round(alpha * 255)
    return Patch(rgba, int(low[0]), int(low[1]))


def _view_axes(view: View, center: FloatArray) -> FloatArray:
    """Rows: the picture's right, down and towards-the-eye directions in road axes."""
    sight = center - (view.s_m, view.u_m, view.camera.height_m)
    sight = sight / np.linalg.norm(sight)
    right = np.array([-sight[1], sight[0], 0.0])
    right /= np.linalg.norm(right)
    down = np.array([0.0, 0.0, -1.0])
    return np.stack([right, down, -sight])


def _add_limb(
    color: npt.NDArray[np.float32],
    alpha: npt.NDArray[np.float32],
    ends: FloatArray,
    radii: FloatArray,
    albedo: FloatArray,
    light: LocalLight,
    axes: FloatArray,
) -> None:
    """Lay one limb over premultiplied `color` and `alpha`, in place; `ends` (2, 2) and `radii` (2,) in px."""
    reach = radii.max() + 1
    x0, y0 = np.maximum(np.floor(ends.min(axis=0) - reach), 0).astype(int)
    x1, y1 = np.ceil(ends.max(axis=0) + reach).astype(int) + 1
    x = np.arange(x0, min(x1, alpha.shape[1]), dtype=np.float32)[None, :] - np.float32(ends[0, 0])
    y = np.arange(y0, min(y1, alpha.shape[0]), dtype=np.float32)[:, None] - np.float32(ends[0, 1])
    along = (ends[1] - ends[0]).astype(np.float32)
    length = float(along @ along)
    share = np.clip((x * along[0] + y * along[1]) / np.float32(max(length, 1e-6)), 0, 1)
    off_x, off_y = x - share * along[0], y - share * along[1]
    radius = np.float32(radii[0]) + share * np.float32(radii[1] - radii[0])
    distance = np.sqrt(off_x * off_x + off_y * off_y)
    cover = np.clip(radius - distance + np.float32(0.5), 0, 1)
    inside = np.minimum(distance / radius, 1)
    toward = np.sqrt(1 - inside * inside)
    safe = np.maximum(distance, np.float32(1e-6))
    across = inside / safe
    region = (slice(y0, y0 + len(y)), slice(x0, x0 + x.shape[1]))
    facing = axes @ light.key_direction
    upward = axes[:, 2]
    key = np.maximum((off_x * facing[0] + off_y * facing[1]) * across + toward * facing[2], 0)
    sky = 0.7 + 0.3 * ((off_x * upward[0] + off_y * upward[1]) * across + toward * upward[2])
    keep = 1 - cover
    for channel in range(3):
        tone = sky * (light.ambient_rgb[channel] * albedo[channel])
        tone += key * (light.key_rgb[channel] * albedo[channel])
        plane = color[region][..., channel]
        plane *= keep
        plane += cover * tone
    alpha[region] = alpha[region] * keep + cover
