"""Scores of a deployable file, by the very code that the vehicle runs."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import IGNORE_ID
from hopfield_pebal_ros.inference.detector import AnomalyDetector
from hopfield_pebal_ros.inference.engine import Backend, RunPrecision, Tuning
from training.evaluation.scores import Scorer, Scores


class DetectorScores:
    """A deployable file on one engine."""

    def __init__(self, detector: AnomalyDetector, model_path: Path) -> None:
        self._detector = detector
        metadata, engine = detector.metadata, detector.engine
        provenance, calibration = metadata.provenance, metadata.calibration
        self.scorer = Scorer(
            name=model_path.name,
            sha256=detector.model_sha256,
            label_set=metadata.label_set,
            threshold=detector.threshold,
            unit=metadata.energy.unit,
            inlier_standard_deviation=calibration.inlier_standard_deviation,
            facts=(
                ('model', f'{metadata.name} ({model_path.name})'),
                ('sha256', detector.model_sha256),
                ('engine', f'{engine.backend} on {engine.device}, {engine.precision}'),
                (
                    'network input',
                    f'{metadata.network_hw[1]}x{metadata.network_hw[0]} px, '
                    f'{metadata.geometry.mode}',
                ),
                ('energy', f'{metadata.energy.kind} [{metadata.energy.unit}]'),
                (
                    'deployed threshold',
                    f'{detector.threshold:.4g} {metadata.energy.unit}, for '
                    f'{100 * calibration.false_positive_rate:.3g} % inliers flagged on '
                    f'{calibration.fitted_on or "the calibration data"}',
                ),
                ('trained on', ', '.join(provenance.trained_on)),
                ('licence', provenance.licence),
                ('made', f'{provenance.created}, {provenance.git_revision[:12]}'),
            ),
        )

    @classmethod
    def open(
        cls,
        model_path: Path,
        *,
        backend: Backend,
        device: str = 'CPU',
        precision: RunPrecision | None = None,
        num_threads: int = 0,
    ) -> 'DetectorScores':
        """Open a file.

        Raises:
            FileNotFoundError, DeploymentError, EngineError: as `AnomalyDetector.open`.
        """
        detector = AnomalyDetector.open(
            model_path,
            backend=backend,
            device=device,
            precision=precision,
            tuning=Tuning(num_threads=num_threads),
        )
        return cls(detector, model_path)

    def score(self, name: str, image_rgb: npt.NDArray[np.uint8]) -> Scores:
        """Run the detector on an image; the name plays no part."""
        del name
        (detection,) = self._detector.detect([image_rgb])
        label_map = detection.labels_at_camera()
        is_seen = label_map != IGNORE_ID
        return Scores(
            energy_map=detection.energy_at_camera(),
            label_map=label_map,
            is_seen=None if is_seen.all() else is_seen,
        )

    def close(self) -> None:
        self._detector.close()
