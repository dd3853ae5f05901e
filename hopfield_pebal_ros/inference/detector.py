"""Camera images to labels, anomaly energy, mask and regions: `AnomalyDetector`."""

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.deployment import read_metadata
from hopfield_pebal_ros.contract.geometry import Placement, place
from hopfield_pebal_ros.contract.labels import IGNORE_ID
from hopfield_pebal_ros.contract.metadata import Metadata
from hopfield_pebal_ros.contract.resizing import fill_outside, image_to_network
from hopfield_pebal_ros.inference.camera_view import CameraView
from hopfield_pebal_ros.inference.detection import ColorOrder, Detection
from hopfield_pebal_ros.inference.engine import (
    DEFAULT_TUNING,
    Backend,
    Engine,
    EngineError,
    RunPrecision,
    Tuning,
    open_engine,
)
from hopfield_pebal_ros.inference.file_hash import sha256_of
from hopfield_pebal_ros.inference.regions import find_regions

__all__ = ['DEFAULT_MODEL', 'AnomalyDetector', 'ColorOrder', 'Detection']

DEFAULT_MODEL: Final = Path(__file__).parents[1] / 'models' / 'default.onnx'


class AnomalyDetector:
    """A deployable file ready for camera images. Use it from one thread at a time."""

    def __init__(
        self,
        engine: Engine,
        metadata: Metadata,
        *,
        threshold: float | None = None,
        min_region_area_px: int = 100,
        model_sha256: str = '',
    ) -> None:
        self.engine = engine
        self.metadata = metadata
        self.model_sha256 = model_sha256
        self._view = CameraView(
            metadata.calibration.threshold if threshold is None else threshold,
            min_region_area_px=min_region_area_px,
        )
        self._batch = np.empty((0, *metadata.network_hw, 3), np.uint8)

    @classmethod
    def open(
        cls,
        model_path: Path = DEFAULT_MODEL,
        *,
        backend: Backend = 'openvino',
        device: str = 'CPU',
        precision: RunPrecision | None = None,
        tuning: Tuning = DEFAULT_TUNING,
        threshold: float | None = None,
        min_region_area_px: int = 100,
    ) -> 'AnomalyDetector':
        """Open a deployable file and run it once on a grey image.

        Raises:
            FileNotFoundError: no such file.
            DeploymentError: not a valid deployable file.
            EngineError: it cannot run as asked; see `open_engine`.
            ValueError: threshold or area out of range.
        """
        metadata = read_metadata(model_path)
        engine = open_engine(
            model_path,
            metadata,
            backend=backend,
            device=device,
            precision=precision,
            tuning=tuning,
        )
        detector = cls(
            engine,
            metadata,
            threshold=threshold,
            min_region_area_px=min_region_area_px,
            model_sha256=sha256_of(model_path),
        )
        detector.detect([np.full((*metadata.network_hw, 3), 127, np.uint8)])
        return detector

    @property
    def threshold(self) -> float:
        """Energy above which a pixel is anomalous, in the unit of the model's energy."""
        return self._view.threshold

    @threshold.setter
    def threshold(self, value: float) -> None:
        self._view.threshold = value

    @property
    def min_region_area_px(self) -> int:
        """Regions smaller than this many camera pixels are not listed."""
        return self._view.min_region_area_px

    @min_region_area_px.setter
    def min_region_area_px(self, value: int) -> None:
        self._view.min_region_area_px = value

    def detect(
        self,
        images: Sequence[npt.NDArray[np.uint8]],
        *,
        color_order: ColorOrder | Sequence[ColorOrder] = 'rgb',
        views: Sequence[CameraView] | None = None,
    ) -> list[Detection]:
        """Run a batch of camera images, whose sizes may differ.

        Args:
            images: each (H, W, 3) uint8, read and not kept.
            color_order: of every image, or one for each.
            views: what is particular to the camera of each image; None takes the detector's own
                threshold and region area.

        Returns:
            One detection an image, in order; none for no images.

        Raises:
            ValueError: an image of another shape or dtype, or an ignore mask of another size.
            EngineError: the network answered with energies that are no numbers, or is closed.
        """
        orders = [color_order] * len(images) if isinstance(color_order, str) else color_order
        views = [self._view] * len(images) if views is None else views
        for each in [color_order] if isinstance(color_order, str) else orders:
            if each not in ('rgb', 'bgr'):
                raise ValueError(f"color_order must be 'rgb' or 'bgr', got {each!r}")
        for image in images:
            _check_image(image)
        if not images:
            return []
        batch = self._batch_of(len(images))
        placements, preprocess_ms = [], []
        for image, network_image, order in zip(images, batch, orders, strict=True):
            start = time.perf_counter()
            placements.append(self._preprocess(image, network_image, order))
            preprocess_ms.append(_ms_since(start))
        start = time.perf_counter()
        maps = self.engine.infer(batch)
        inference_ms = _ms_since(start)
        return [
            self._postprocess(
                label_map,
                energy_map,
                placement,
                view,
                preprocess_ms=each_preprocess_ms,
                inference_ms=inference_ms,
            )
            for label_map, energy_map, placement, view, each_preprocess_ms in zip(
                maps.label_maps, maps.energy_maps, placements, views, preprocess_ms, strict=True
            )
        ]

    def close(self) -> None:
        self.engine.close()

    def _batch_of(self, length: int) -> npt.NDArray[np.uint8]:
        if len(self._batch) < length:
            self._batch = np.empty((length, *self.metadata.network_hw, 3), np.uint8)
        return self._batch[:length]

    def _preprocess(
        self,
        image: npt.NDArray[np.uint8],
        network_image: npt.NDArray[np.uint8],
        color_order: ColorOrder,
    ) -> Placement:
        """Fill `network_image`, and swap colours there, where there are fewest pixels."""
        geometry = self.metadata.geometry
        placement = place(_hw(image), self.metadata.network_hw, geometry.mode)
        image_to_network(image, placement, geometry, out=network_image)
        if color_order == 'bgr':
            inside = placement.network_box.of(network_image)  # the padding is RGB already
            cv2.cvtColor(inside, cv2.COLOR_BGR2RGB, dst=inside)
        return placement

    def _postprocess(
        self,
        label_map: npt.NDArray[np.uint8],
        energy_map: npt.NDArray[np.float32],
        placement: Placement,
        view: CameraView,
        *,
        preprocess_ms: float,
        inference_ms: float,
    ) -> Detection:
        start = time.perf_counter()
        box = placement.box_in(_hw(energy_map))
        if not np.isfinite(box.of(energy_map)).all():
            raise EngineError(
                f'model {self.metadata.name!r} answered with energies that are not finite on '
                f'{self.engine.backend} at {self.engine.precision}; run it at fp32 or export it '
                'again'
            )
        ignored = view.ignored(placement, _hw(energy_map))
        view.smooth(energy_map)
        fill_outside(label_map, box, IGNORE_ID)
        fill_outside(energy_map, box, math.nan)
        if ignored is not None:
            energy_map[ignored] = math.nan
        threshold = view.threshold
        anomaly_mask = (energy_map > threshold).view(np.uint8) * np.uint8(255)
        regions = find_regions(
            anomaly_mask,
            energy_map,
            placement,
            min_area_px=view.min_region_area_px,
            ground=np.isin(label_map, view.ground_ids).view(np.uint8) if view.ground_ids else None,
        )
        return Detection(
            placement=placement,
            label_map=label_map,
            energy_map=energy_map,
            anomaly_mask=anomaly_mask,
            regions=regions,
            threshold=threshold,
            preprocess_ms=preprocess_ms,
            inference_ms=inference_ms,
            postprocess_ms=_ms_since(start),
            energy_scale=self.metadata.calibration.inlier_standard_deviation,
        )


def _check_image(image: npt.NDArray[Any]) -> None:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise ValueError(
            f'image must be (H, W, 3) uint8 with pixels, got {image.shape} {image.dtype}; '
            'convert it first'
        )


def _hw(image: npt.NDArray[Any]) -> tuple[int, int]:
    return image.shape[0], image.shape[1]


def _ms_since(start: float) -> float:
    return (time.perf_counter() - start) * 1e3
