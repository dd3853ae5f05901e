"""Camera images to labels, anomaly energy, mask and regions: `AnomalyDetector`."""

import math
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.deployment import read_metadata
from hopfield_pebal_ros.contract.geometry import Placement
from hopfield_pebal_ros.contract.labels import IGNORE_ID
from hopfield_pebal_ros.contract.metadata import Metadata
from hopfield_pebal_ros.contract.resizing import fill_outside
from hopfield_pebal_ros.inference.camera_view import CameraView
from hopfield_pebal_ros.inference.detection import ColorOrder, Detection, Inferred, Prepared
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
from hopfield_pebal_ros.inference.preparation import prepare
from hopfield_pebal_ros.inference.regions import find_regions

__all__ = ['DEFAULT_MODEL', 'AnomalyDetector', 'ColorOrder', 'Detection']

DEFAULT_MODEL: Final = Path(__file__).parents[1] / 'models' / 'default.onnx'


class AnomalyDetector:
    """A deployable file ready for camera images."""

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
        # an engine takes no more callers at the same time than it has streams
        self._streams = threading.Semaphore(engine.num_streams)

    @classmethod
    def open(
        cls,
        model_path: Path = DEFAULT_MODEL,
        *,
        backend: Backend = 'openvino',
        device: str = 'CPU',
        precision: RunPrecision | None = None,
        tuning: Tuning = DEFAULT_TUNING,
        max_batch_size: int = 1,
        threshold: float | None = None,
        min_region_area_px: int = 100,
    ) -> 'AnomalyDetector':
        """Open a deployable file, and run it on grey images.

        Args:
            model_path: deployable ONNX file.
            backend: see `open_engine`, as for device, precision and tuning.
            device: of the backend.
            precision: of the arithmetic.
            tuning: how the runtime uses the machine.
            max_batch_size: batches up to this length are run once, so that none is slow later.
            threshold: energy above which a pixel is anomalous; None is the calibrated one.
            min_region_area_px: smaller regions are not listed [camera px].

        Raises:
            FileNotFoundError: no such file.
            DeploymentError: not a valid deployable file.
            EngineError: it cannot run as asked; see `open_engine`.
            ValueError: threshold or area out of range.
        """
        metadata = read_metadata(model_path)
        try:
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
            detector.warm_up(max_batch_size)
        except MemoryError as error:
            raise EngineError(
                f'the memory is too small for {model_path} in batches of {max_batch_size}; use a '
                'smaller model or batch, or end other programs'
            ) from error
        return detector

    def warm_up(self, max_batch_size: int = 1) -> None:
        """Run every batch length up to this, once on each stream of the engine."""
        grey = np.full((*self.metadata.network_hw, 3), 127, np.uint8)
        for length in range(1, max_batch_size + 1):
            for _ in range(self.engine.num_streams):
                self.detect([grey] * length)

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
        if not images:
            return []
        return self.finish(self.infer(self.prepare(images, color_order=color_order)), views=views)

    def prepare(
        self,
        images: Sequence[npt.NDArray[np.uint8]],
        *,
        color_order: ColorOrder | Sequence[ColorOrder] = 'rgb',
    ) -> Prepared:
        """Bring a batch to network size: the first third of `detect`.

        While it is inferred in one thread, the next may be prepared in another, and the last
        finished in a third.
        """
        orders = [color_order] * len(images) if isinstance(color_order, str) else color_order
        return prepare(images, orders, self.metadata)

    def infer(self, prepared: Prepared) -> Inferred:
        """Run the network: the second third of `detect`."""
        with self._streams:
            start = time.perf_counter()
            maps = self.engine.infer(prepared.images)
            return Inferred(prepared, maps, _ms_since(start))

    def finish(
        self, inferred: Inferred, *, views: Sequence[CameraView] | None = None
    ) -> list[Detection]:
        """Make detections of what the network said: the last third of `detect`.

        Views smooth over time, so batches must come here in order, and one at a time.
        """
        prepared, maps = inferred.prepared, inferred.maps
        views = [self._view] * len(prepared.images) if views is None else views
        return [
            self._postprocess(
                label_map,
                energy_map,
                placement,
                view,
                preprocess_ms=preprocess_ms,
                inference_ms=inferred.inference_ms,
            )
            for label_map, energy_map, placement, view, preprocess_ms in zip(
                maps.label_maps,
                maps.energy_maps,
                prepared.placements,
                views,
                prepared.preprocess_ms,
                strict=True,
            )
        ]

    def close(self) -> None:
        self.engine.close()

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


def _hw(image: npt.NDArray[np.float32]) -> tuple[int, int]:
    return image.shape[0], image.shape[1]


def _ms_since(start: float) -> float:
    return (time.perf_counter() - start) * 1e3
