"""Random view and camera: scale, aspect, crop, flip, colour, blur, noise, JPEG."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import torch
import torchvision.transforms.v2.functional as tv
from torch import Tensor
from torchvision import tv_tensors

from hopfield_pebal_ros.contract.geometry import Geometry
from hopfield_pebal_ros.contract.labels import IGNORE_ID


@dataclass(frozen=True, kw_only=True)
class ViewRange:
    """Which part of a frame a training crop shows, and at which scale."""

    network_hw: tuple[int, int]
    crop_hw: tuple[int, int]
    scale: tuple[float, float]
    """Relative to the scale at which the whole frame fits into the network input."""
    aspect: float = 1.15
    """Widths are stretched by up to this factor, or shrunk by it."""
    stays_inside: bool = False
    """Whether views keep to the frame; one that does not fit is shrunk."""


@dataclass(frozen=True)
class View:
    """A rectangle of a frame, in frame pixels; it may reach beyond the frame."""

    top: int
    left: int
    height: int
    width: int


def draw_view(frame_hw: tuple[int, int], view_range: ViewRange, rng: np.random.Generator) -> View:
    """Choose scale, aspect and place of a crop of a frame of size `frame_hw`.

    Unless the range forbids it, the crop lies anywhere in the network input, padding of the
    letterbox included: the network must learn what it will see beside narrow frames.
    """
    fit = min(view_range.network_hw[0] / frame_hw[0], view_range.network_hw[1] / frame_hw[1])
    low, high = view_range.scale
    scale = fit * float(np.exp(rng.uniform(np.log(low), np.log(high))))
    stretch = float(np.exp(rng.uniform(-1, 1) * np.log(view_range.aspect)))
    height = max(1, round(view_range.crop_hw[0] / scale))
    width = max(1, round(view_range.crop_hw[1] / (scale * stretch)))
    if view_range.stays_inside:
        fitting = min(1.0, frame_hw[0] / height, frame_hw[1] / width)
        height, width = max(1, int(height * fitting)), max(1, int(width * fitting))
        return View(
            _start(frame_hw[0], height, 0, rng), _start(frame_hw[1], width, 0, rng), height, width
        )
    margins_hw = [
        max(0, round(network / fit) - frame) // 2
        for network, frame in zip(view_range.network_hw, frame_hw, strict=True)
    ]
    return View(
        _start(frame_hw[0], height, margins_hw[0], rng),
        _start(frame_hw[1], width, margins_hw[1], rng),
        height,
        width,
    )


def _start(available: int, wanted: int, margin: int, rng: np.random.Generator) -> int:
    """Return where a stretch begins: inside frame and margins, or around them if larger."""
    low, high = sorted((-margin, available + margin - wanted))
    return int(rng.integers(low, high + 1))


def cut(
    image_rgb: npt.NDArray[np.uint8], label_map: npt.NDArray[np.uint8], view: View
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Return copies of what `view` shows, padded where it reaches beyond the frame."""
    height, width = label_map.shape
    rows = slice(max(view.top, 0), min(view.top + view.height, height))
    columns = slice(max(view.left, 0), min(view.left + view.width, width))
    image = np.empty((view.height, view.width, 3), np.uint8)
    image[:] = Geometry().padding_rgb
    labels = np.full((view.height, view.width), IGNORE_ID, np.uint8)
    target = (
        slice(rows.start - view.top, rows.stop - view.top),
        slice(columns.start - view.left, columns.stop - view.left),
    )
    image[target], labels[target] = image_rgb[rows, columns], label_map[rows, columns]
    return image, labels


def to_crop(
    image_rgb: npt.NDArray[np.uint8],
    label_map: npt.NDArray[np.uint8],
    *,
    crop_hw: tuple[int, int],
    is_flipped: bool,
) -> tuple[Tensor, Tensor]:
    """Resize picture and labels to the crop size, mirrored where `is_flipped`.

    Returns:
        (3, h, w) uint8 RGB and (h, w) uint8; labels by nearest neighbour.
    """
    image = tv_tensors.Image(torch.from_numpy(image_rgb).permute(2, 0, 1))
    mask = tv_tensors.Mask(torch.from_numpy(label_map))
    image = tv.resize(image, list(crop_hw), antialias=True)
    mask = tv.resize(mask, list(crop_hw), interpolation=tv.InterpolationMode.NEAREST_EXACT)
    if is_flipped:
        image, mask = tv.horizontal_flip(image), tv.horizontal_flip(mask)
    return image.as_subclass(Tensor), mask.as_subclass(Tensor)


@dataclass(frozen=True, kw_only=True)
class CameraVariation:
    """How far pictures are varied, beside where they look."""

    strength: float = 1.0
    """Of light, colour, focus and noise; 1: brightness by up to 30 %, the rest alike; 0: none."""
    jpeg_share: float = 0.25
    """Share of pictures that are compressed once more."""

    def __post_init__(self) -> None:
        if not (0 <= self.strength <= 2 and 0 <= self.jpeg_share <= 1):
            raise ValueError(
                'strength must lie in 0..2 and jpeg_share in 0..1, got '
                f'{self.strength} and {self.jpeg_share}'
            )


def vary_camera(
    image: Tensor, rng: np.random.Generator, variation: CameraVariation | None = None
) -> Tensor:
    """Vary light, colour, focus, noise and compression of a whole picture.

    Args:
        image: (3, h, w) uint8 RGB.
        rng: source of every choice.
        variation: how far.

    Returns:
        (3, h, w) uint8 RGB.
    """
    variation = variation or CameraVariation()
    strength = variation.strength
    image = tv.adjust_brightness(image, 1 + strength * rng.uniform(-0.3, 0.3))
    image = tv.adjust_contrast(image, 1 + strength * rng.uniform(-0.3, 0.3))
    if rng.random() < 0.5 * strength:
        image = tv.adjust_saturation(image, rng.uniform(0.3, 1.6))
    image = _tinted(image, rng, strength=strength)
    if rng.random() < 0.25 * strength:
        image = _blurred(image, sigma_px=rng.uniform(0.4, 1.6))
    if rng.random() < 0.3 * strength:
        image = _noisy(image, sigma=rng.uniform(1, 8), rng=rng)
    if rng.random() < variation.jpeg_share:
        image = _compressed(image, quality=int(rng.integers(40, 95)))
    return image


def _tinted(image: Tensor, rng: np.random.Generator, *, strength: float) -> Tensor:
    """Multiply each channel by its own gain and bend all by one gamma, through a table."""
    gains = 1 + strength * rng.uniform(-0.12, 0.12, 3)
    gamma = float(np.exp(strength * rng.uniform(-0.3, 0.3)))
    curve = 255 * (np.arange(256) / 255) ** gamma
    table = np.clip(curve[:, None] * gains, 0, 255).astype(np.uint8)[None]  # (1, 256, 3)
    pixels = np.ascontiguousarray(image.permute(1, 2, 0).numpy())
    return torch.from_numpy(np.asarray(cv2.LUT(pixels, table))).permute(2, 0, 1).contiguous()


def _blurred(image: Tensor, *, sigma_px: float) -> Tensor:
    # cv2 blurs bytes; torchvision's blur goes through float32 and takes four times as long
    pixels = np.ascontiguousarray(image.permute(1, 2, 0).numpy())
    blurred = cv2.GaussianBlur(pixels, (0, 0), sigma_px)
    return torch.from_numpy(np.asarray(blurred)).permute(2, 0, 1).contiguous()


def _noisy(image: Tensor, *, sigma: float, rng: np.random.Generator) -> Tensor:
    noise = rng.standard_normal(image.shape, np.float32) * np.float32(sigma)
    return (image + torch.from_numpy(noise)).round_().clamp_(0, 255).to(torch.uint8)


def _compressed(image: Tensor, *, quality: int) -> Tensor:
    pixels = np.ascontiguousarray(image.permute(1, 2, 0).numpy())
    encoded = cv2.imencode('.jpg', pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    decoded = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
    return torch.from_numpy(decoded[..., ::-1].copy()).permute(2, 0, 1).contiguous()
