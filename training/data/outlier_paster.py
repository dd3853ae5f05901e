"""Turn a piece of a street frame into a sample with outliers."""

import math
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import CITYSCAPES, OUTLIER_ID
from training.data.compositing import black_out, blend, clad, recolored, resized, softened
from training.data.frames import FrameSource
from training.data.outlier_exposure import OutlierExposure
from training.data.outliers.cut_out import CutOut, OutlierSource
from training.data.outliers.known_objects import KnownObjects
from training.data.outliers.mixture import OutlierMixture
from training.data.outliers.street_objects import TRAIN_IDS_OF_COCO
from training.data.outliers.whole_images import WholeImages, random_piece
from training.data.outliers.yolo_scenes import YoloScenes

_GROUND_IDS: Final = (CITYSCAPES.id_of('road'), CITYSCAPES.id_of('sidewalk'))

_FEWEST_GROUND_PIXELS: Final = 20

_RECOLORED_BY: Final = (0.2, 0.8)
"""Share of the way to another picture's colours."""

_PHOTOGRAPH_SHARE: Final = (0.7, 1.0)
"""Sides of what is shown of a photograph, as shares of the largest piece."""

Piece = tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]
"""(h, w, 3) uint8 RGB and (h, w) uint8 train ids."""


class OutlierPaster:
    """Opened outlier sources and how their objects are pasted."""

    def __init__(self, settings: OutlierExposure, frames: Sequence[FrameSource] = ()) -> None:
        """Open the sources.

        Args:
            settings: what is pasted and how.
            frames: street frames that known objects are cut out of.

        Raises:
            FileNotFoundError: a given path has nothing usable; the message says what was sought.
            ValueError: no source is given, or a file cannot be read.
        """
        self._settings = settings
        self._objects = OutlierMixture(settings.sources)
        self._known_objects = (
            KnownObjects(settings, frames) if settings.most_street_objects else None
        )
        self._photographs = _photographs(settings)
        self._whole = settings.whole_images and WholeImages(settings.whole_images)

    def expose(
        self,
        image_rgb: npt.NDArray[np.uint8],
        label_map: npt.NDArray[np.uint8],
        rng: np.random.Generator,
        *,
        network_scale: float,
    ) -> Piece:
        """Return the piece with outliers: objects pasted, the scene blacked out, or all replaced.

        The result may have another resolution than what came in. Whatever it goes through after
        this (resizing, blur, noise, JPEG) treats object and scene alike.

        Args:
            image_rgb: (H, W, 3) uint8 RGB, at the camera's resolution; kept as it is.
            label_map: (H, W) uint8 train ids; kept as it is.
            rng: source of every choice.
            network_scale: network pixels per pixel of `image_rgb`.
        """
        settings = self._settings
        if self._whole and rng.random() < settings.whole_images_share:
            return self._whole_image(self._whole, label_map.shape[:2], rng)
        if self._photographs and _happens(settings.photographs_share, rng):
            return _photograph(self._photographs, label_map.shape[:2], rng)
        canvas_scale = self._canvas_scale(network_scale, rng)
        image, labels = _resampled(image_rgb, label_map, canvas_scale)
        if _happens(settings.scene_blur_share, rng):
            sigma_px = rng.uniform(*settings.scene_blur_px) * canvas_scale / network_scale
            image = np.asarray(cv2.GaussianBlur(image, (0, 0), sigma_px), np.uint8)
        scene_rgb = image.mean(axis=(0, 1)).astype(np.uint8)
        scale = network_scale / canvas_scale
        for source in self._drawn_sources(rng):
            cut_out = self._sized(
                source, rng, scale, canvas_scale=canvas_scale, canvas_px=labels.size
            )
            size_px = scale * max(cut_out.alpha.shape)
            is_lit = size_px <= settings.any_light_above_px
            self._paste_one(cut_out, image, labels, rng, is_lit_by_place=is_lit)
        if _happens(settings.black_out_share, rng):
            black_out(image, labels, scene_rgb * np.uint8(rng.integers(2)))
        if self._photographs and _happens(settings.recolored_share, rng):
            model = self._photographs[int(rng.integers(len(self._photographs)))]
            image = recolored(image, model.image_rgb, share=rng.uniform(*_RECOLORED_BY))
        return image, labels

    def _canvas_scale(self, network_scale: float, rng: np.random.Generator) -> float:
        """Return canvas pixels per camera pixel.

        Objects are pasted somewhere between the camera's resolution and the network's, never
        finer than the camera's: there they would be sharper than the scene.
        """
        if not self._settings.matches_resolution:
            return network_scale
        return math.exp(rng.uniform(min(0.0, math.log(network_scale)), 0))

    def _drawn_sources(self, rng: np.random.Generator) -> list[OutlierSource]:
        """Return where each object of a sample comes from, known objects first: beneath."""
        settings, found = self._settings, list[OutlierSource]()
        if self._known_objects and rng.random() < settings.street_objects_share:
            count = int(rng.integers(settings.most_street_objects + 1))
            found += [self._known_objects] * count
        return found + [self._objects] * int(rng.integers(1, settings.most_objects + 1))

    def _paste_one(
        self,
        cut_out: CutOut,
        image_rgb: npt.NDArray[np.uint8],
        label_map: npt.NDArray[np.uint8],
        rng: np.random.Generator,
        *,
        is_lit_by_place: bool,
    ) -> None:
        settings = self._settings
        if cut_out.is_drawn and rng.random() < settings.scene_texture_share:
            cut_out = clad(cut_out, image_rgb, rng)
        bottom_centre = self._place(label_map, rng)
        is_blurred = cut_out.is_drawn or rng.random() < settings.blurred_share
        sigma_px = rng.uniform(*settings.feather_px)
        cut_out = softened(cut_out, sigma_px=sigma_px, is_blurred=is_blurred)
        top, left = self._corner(bottom_centre, cut_out.alpha.shape, label_map.shape)
        blend(
            image_rgb,
            label_map,
            cut_out,
            top=top,
            left=left,
            is_color_matched=_happens(settings.color_match_share, rng),
            is_lit_by_place=is_lit_by_place,
            rng=rng,
        )

    def _corner(
        self,
        bottom_centre: tuple[int, int],
        object_hw: tuple[int, ...],
        picture_hw: tuple[int, ...],
    ) -> tuple[int, int]:
        """Return row and column of the first pixel of an object that stands on `bottom_centre`."""
        top = bottom_centre[0] - object_hw[0] + 1
        left = bottom_centre[1] - object_hw[1] // 2
        if self._settings.stays_inside:
            top = min(max(top, 0), max(picture_hw[0] - object_hw[0], 0))
            left = min(max(left, 0), max(picture_hw[1] - object_hw[1], 0))
        return top, left

    def _sized(
        self,
        source: OutlierSource,
        rng: np.random.Generator,
        network_scale: float,
        *,
        canvas_scale: float,
        canvas_px: int,
    ) -> CutOut:
        """Draw an object and a size, and bring it to it.

        Unless the settings say so, a photograph is not enlarged beyond the coarser of canvas and
        network: it would be less sharp than the scene.

        Args:
            source: of the object.
            rng: source of every choice.
            network_scale: network pixels per canvas pixel.
            canvas_scale: canvas pixels per pixel of the camera.
            canvas_px: number of canvas pixels.
        """
        settings = self._settings
        is_small = bool(settings.small_share) and rng.random() < settings.small_share
        if settings.size_by == 'area' and not is_small:
            range_px = settings.smallest_area * canvas_px, settings.largest_area * canvas_px
            area_px = _log_uniform(range_px, rng)
            cut_out = source.draw(rng, max(1, round(math.sqrt(2 * area_px))))
            factor = math.sqrt(area_px / max(float(cut_out.alpha.sum()), 1.0))
        elif settings.size_by == 'native' and not is_small:
            cut_out, factor = source.draw(rng, round(settings.largest_px)), canvas_scale
        else:
            range_px = settings.smallest_px, settings.largest_px
            size_px = _log_uniform(settings.small_px if is_small else range_px, rng)
            size_px = max(1, round(size_px / network_scale))
            cut_out = source.draw(rng, size_px)
            factor = size_px / max(cut_out.alpha.shape)
        if settings.matches_resolution and not (cut_out.is_drawn or settings.enlarges):
            factor = min(factor, max(1.0, 1 / network_scale))
        return resized(cut_out, factor)

    def _place(
        self, label_map: npt.NDArray[np.uint8], rng: np.random.Generator
    ) -> tuple[int, int]:
        """Return row and column of the pixel that the object stands on."""
        if rng.random() < self._settings.on_ground_share:
            ground = np.flatnonzero(np.isin(label_map, _GROUND_IDS))
            if len(ground) >= _FEWEST_GROUND_PIXELS:
                row, column = divmod(int(rng.choice(ground)), label_map.shape[1])
                return row, column
        return int(rng.integers(label_map.shape[0])), int(rng.integers(label_map.shape[1]))

    def _whole_image(
        self, images: WholeImages, piece_hw: tuple[int, int], rng: np.random.Generator
    ) -> Piece:
        image = images.draw(rng, piece_hw)
        return image, np.full(image.shape[:2], OUTLIER_ID, np.uint8)


def _photographs(settings: OutlierExposure) -> YoloScenes | None:
    sources = settings.sources
    if sources.yolo is None or not (settings.photographs_share or settings.recolored_share):
        return None
    return YoloScenes(
        sources.yolo, excluded_ids=sources.yolo_excluded_ids, train_ids=TRAIN_IDS_OF_COCO
    )


def _photograph(scenes: YoloScenes, piece_hw: tuple[int, int], rng: np.random.Generator) -> Piece:
    """Return a piece of a photograph of the street's proportions, with its own labels."""
    scene = scenes[int(rng.integers(len(scenes)))]
    height, width = scene.label_map.shape
    share = rng.uniform(*_PHOTOGRAPH_SHARE)
    rows, columns = random_piece((height, width), piece_hw, rng, share=share)
    return scene.image_rgb[rows, columns].copy(), scene.label_map[rows, columns].copy()


def _happens(share: float, rng: np.random.Generator) -> bool:
    """Draw whether it does; a share of 0 takes no random number."""
    return bool(share) and bool(rng.random() < share)


def _log_uniform(low_high: tuple[float, float], rng: np.random.Generator) -> float:
    low, high = low_high
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def _resampled(
    image_rgb: npt.NDArray[np.uint8], label_map: npt.NDArray[np.uint8], scale: float
) -> Piece:
    """Return copies `scale` times as large."""
    height, width = label_map.shape
    size_wh = (max(1, round(width * scale)), max(1, round(height * scale)))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    if size_wh == (width, height):
        return image_rgb.copy(), label_map.copy()
    image = cv2.resize(image_rgb, size_wh, interpolation=interpolation)
    labels = cv2.resize(label_map, size_wh, interpolation=cv2.INTER_NEAREST_EXACT)
    return np.asarray(image, np.uint8), np.asarray(labels, np.uint8)
