"""Pictures of single images: camera, truth, labels, energy, regions, and what was found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.geometry import Box, Placement
from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_COLOR_RGB, OUTLIER_ID
from hopfield_pebal_ros.evaluation.image_log import ImageRecord
from hopfield_pebal_ros.evaluation.pixel_metrics import SparseCounts
from hopfield_pebal_ros.evaluation.score_keys import from_keys
from hopfield_pebal_ros.inference.detection import Detection
from hopfield_pebal_ros.inference.overlay import draw_overlay
from hopfield_pebal_ros.inference.regions import find_regions
from hopfield_pebal_ros.report.page import FramePictures, LegendEntry
from hopfield_pebal_ros.report.panels import Panel, frame_panels, to_picture
from training.data.benchmarks.benchmark import Benchmark
from training.data.labelled_set import LabelMap, Pair
from training.evaluation.scores import Scores, ScoreSource

FOUND_RGB: Final = (46, 160, 90)
MISSED_RGB: Final = (200, 30, 150)
FALSE_ALARM_RGB: Final = (250, 190, 40)
VOID_RGB: Final = (24, 26, 30)
LEGEND: Final = (
    LegendEntry('true outlier', OUTLIER_COLOR_RGB),
    LegendEntry('outlier, flagged', FOUND_RGB),
    LegendEntry('outlier, missed', MISSED_RGB),
    LegendEntry('inlier, flagged', FALSE_ALARM_RGB),
    LegendEntry('void', VOID_RGB),
)

PICTURE_WIDTH_PX: Final = 540
PAINTED_WIDTH_PX: Final = 2 * PICTURE_WIDTH_PX
"""Lines and numbers are drawn at this width, so that they can be read on the page."""

_SMALLEST_REGION_PX: Final = 100  # of a painted picture
_COLUMNS: Final = 3

Rgb = npt.NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Painter:
    """What is needed to paint any pair of a set."""

    benchmark: Benchmark
    source: ScoreSource
    flagged_from: float
    """Energy from which a pixel counts as flagged."""
    energy_scale: float
    """Spread of the inlier energies; sets the colours."""

    def paint(self, pair: Pair, note: str) -> FramePictures:
        """Read and score a pair once more and paint it."""
        image_rgb, truth = self.benchmark.read(pair)
        scores = self.source.score(pair.name, image_rgb)
        panels = self._panels(*reduced(image_rgb, truth, scores, PAINTED_WIDTH_PX))
        return FramePictures(
            title=pair.name,
            note=note,
            columns=_COLUMNS,
            pictures=tuple(to_picture(each, width_px=PICTURE_WIDTH_PX) for each in panels),
        )

    def _panels(self, image_rgb: Rgb, truth: LabelMap, scores: Scores) -> list[Panel]:
        scorer = self.source.scorer
        detection = as_detection(scores, self.flagged_from, self.energy_scale)
        label_set = scorer.label_set
        palette_rgb = np.zeros((256, 3), np.uint8)
        if label_set is not None:
            palette_rgb = label_set.palette_rgb()
        camera, labels, energy, regions = frame_panels(
            image_rgb,
            label_map=detection.label_map,
            energy_map=scores.energy_map,
            regions_rgb=draw_overlay(
                image_rgb,
                detection,
                palette_rgb,
                label_alpha=0.0 if label_set is None else 0.35,
            ),
            palette_rgb=palette_rgb,
            threshold=self.flagged_from,
            energy_scale=self.energy_scale,
            outlier_truth=truth == OUTLIER_ID,
        )
        truth_panel = Panel('truth', draw_truth(image_rgb, truth, self._truth_palette()))
        flagged = scores.energy_map >= np.float32(self.flagged_from)
        found_panel = Panel('found and missed', draw_found(image_rgb, truth, flagged))
        shown = [camera, truth_panel, labels, energy, regions, found_panel]
        return [each for each in shown if label_set is not None or each is not labels]

    def _truth_palette(self) -> Rgb | None:
        label_set = self.benchmark.label_set
        return None if label_set is None else label_set.palette_rgb()


def reduced(
    image_rgb: Rgb, truth: LabelMap, scores: Scores, width_px: int
) -> tuple[Rgb, LabelMap, Scores]:
    """Return image, truth and scores no wider than `width_px`; maps by nearest neighbour."""
    height, width = truth.shape
    if width <= width_px:
        return image_rgb, truth, scores
    size_wh = (width_px, max(1, round(height * width_px / width)))

    def nearest(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.asarray(cv2.resize(values, size_wh, interpolation=cv2.INTER_NEAREST_EXACT))

    image = np.asarray(cv2.resize(image_rgb, size_wh, interpolation=cv2.INTER_AREA), np.uint8)
    labels = None if scores.label_map is None else nearest(scores.label_map)
    return image, nearest(truth), Scores(energy_map=nearest(scores.energy_map), label_map=labels)


def as_detection(scores: Scores, flagged_from: float, energy_scale: float) -> Detection:
    """Return scores as if a detector of image size had made them."""
    height, width = scores.energy_map.shape
    whole = Box(0, 0, height, width)
    placement = Placement((height, width), (height, width), whole, whole)
    # a detection flags what is above its threshold, these scores what is at it, too
    threshold = float(np.nextafter(np.float32(flagged_from), np.float32(-np.inf)))
    mask = (scores.energy_map >= np.float32(flagged_from)).view(np.uint8) * np.uint8(255)
    label_map = scores.label_map
    if label_map is None:
        label_map = np.full((height, width), IGNORE_ID, np.uint8)
    return Detection(
        placement=placement,
        label_map=label_map,
        energy_map=scores.energy_map,
        anomaly_mask=mask,
        regions=find_regions(mask, scores.energy_map, placement, min_area_px=_SMALLEST_REGION_PX),
        threshold=threshold,
        preprocess_ms=0.0,
        inference_ms=0.0,
        postprocess_ms=0.0,
        energy_scale=energy_scale,
    )


def draw_truth(image_rgb: Rgb, truth: LabelMap, palette_rgb: Rgb | None) -> Rgb:
    """Return the labels on a grey camera image (H, W, 3): classes, outliers and void."""
    grey = _grey(image_rgb)
    colors = np.zeros((256, 3), np.uint8) if palette_rgb is None else palette_rgb.copy()
    colors[OUTLIER_ID], colors[IGNORE_ID] = OUTLIER_COLOR_RGB, VOID_RGB
    shares = np.zeros((256, 1), np.float32)
    if palette_rgb is not None:
        shares[palette_rgb.any(axis=1)] = 0.6
    shares[OUTLIER_ID], shares[IGNORE_ID] = 0.85, 0.75
    return _blended(grey, colors, shares, truth)


def draw_found(image_rgb: Rgb, truth: LabelMap, flagged: npt.NDArray[np.bool_]) -> Rgb:
    """Return on a grey camera image (H, W, 3) what flagging found, missed and raised falsely."""
    outcome = np.zeros(truth.shape, np.uint8)
    outcome[flagged] = 3
    outcome[truth == OUTLIER_ID] = 2
    outcome[flagged & (truth == OUTLIER_ID)] = 1
    outcome[truth == IGNORE_ID] = 4
    colors = np.zeros((256, 3), np.uint8)
    colors[1:5] = (FOUND_RGB, MISSED_RGB, FALSE_ALARM_RGB, VOID_RGB)
    shares = np.zeros((256, 1), np.float32)
    shares[1:5, 0] = (0.9, 0.9, 0.8, 0.75)
    return _blended(_grey(image_rgb), colors, shares, outcome)


def best_and_worst(
    records: Sequence[ImageRecord], count: int
) -> tuple[list[ImageRecord], list[ImageRecord]]:
    """Return the images of the highest and of the lowest AP, none in both, the extreme first."""
    ranked = sorted((each for each in records if not np.isnan(each.ap)), key=lambda each: -each.ap)
    best = ranked[: min(count, (len(ranked) + 1) // 2)]
    return best, ranked[len(best) :][-count:][::-1]


def inlier_energy_at(counts: SparseCounts, share: float) -> float:
    """Return the energy that this share of the inlier pixels stays below; finite."""
    below = np.cumsum(counts.inlier) / max(int(counts.inlier.sum()), 1)
    place = min(int(np.searchsorted(below, share)), len(below) - 1)
    return float(np.nan_to_num(from_keys(counts.keys[place : place + 1])[0]))


def spread_of_inliers(counts: SparseCounts) -> float:
    """Return half the distance between the 16 and 84 % points of the inlier energies, above 0."""
    spread = (inlier_energy_at(counts, 0.84) - inlier_energy_at(counts, 0.16)) / 2
    return spread if spread > 0 else 1.0


def _grey(image_rgb: Rgb) -> Rgb:
    grey = cv2.cvtColor(image_rgb, cv2.COLOR_RGB2GRAY)
    lighter = cv2.convertScaleAbs(grey, alpha=0.8, beta=25)
    return np.asarray(cv2.cvtColor(lighter, cv2.COLOR_GRAY2RGB), np.uint8)


def _blended(under: Rgb, colors: Rgb, shares: npt.NDArray[np.float32], index_map: LabelMap) -> Rgb:
    """Blend the colour of each index over a picture, with the share of that index."""
    kept = np.rint(255 * (1 - shares)).astype(np.uint8).repeat(3, axis=1)
    added = np.rint(colors * shares).astype(np.uint8)
    dimmed = cv2.multiply(under, np.ascontiguousarray(kept[index_map]), scale=1 / 255)
    return np.asarray(cv2.add(dimmed, np.ascontiguousarray(added[index_map])), np.uint8)
