"""Every so many steps: measure the network, keep the best, save the last."""

from pathlib import Path

import numpy as np

from training.checkpoints import save_checkpoint
from training.data.frames import Frame
from training.data.samples import TrainingSamples
from training.fusion_fit import fitted_fusion
from training.held_back import validation_frames
from training.memory_fill import fill_stored_patterns
from training.models.deployed import DeployedModel
from training.models.fusion import single
from training.models.scales import OWN_SCALE
from training.run_data import validation_camvid
from training.run_log import RunLog
from training.run_state import RunState
from training.settings import TrainSettings
from training.validation import anomaly_figures, camvid_miou, predictions, validation_model
from training.validation_sets import anomaly_sets

_PICTURES = 3


class PeriodicValidation:
    """Called after each step; acts at every `validate_every`-th, at a stage's end and at the end.

    best.pt is the checkpoint of the anomaly stage with the highest AP: the mean over the real
    sets where some are given, else that on held-back frames. Where there is no anomaly stage, the
    closed-set stage counts.
    """

    def __init__(
        self, settings: TrainSettings, run: Path, log: RunLog, samples: TrainingSamples
    ) -> None:
        self._settings = settings
        self._run = run
        self._log = log
        self._samples = samples
        self._held_back_name, self._held_back = validation_frames(settings, run)
        self._camvid = validation_camvid(settings)
        self._sets = anomaly_sets(settings)

    def after_step(self, state: RunState) -> None:
        settings = self._settings
        due = (settings.closed_set_steps, settings.total_steps)
        if state.step % settings.validate_every == 0 or state.step in due:
            self.validate(state)

    def validate(self, state: RunState) -> dict[str, float]:
        """Measure, draw, and write last.pt and, where it is the best so far, best.pt."""
        settings = self._settings
        in_last_stage = state.step > settings.closed_set_steps or settings.anomaly_steps == 0
        if state.step > settings.closed_set_steps:
            fill_stored_patterns(state.measured, self._samples)
            state.fusion = fitted_fusion(state.measured, self._samples, settings)
        fusion = state.fusion or single('free_energy')
        scales = settings.scales if state.fusion else OWN_SCALE
        model = validation_model(state.measured, fusion, settings.network_hw, scales=scales)
        figures = self._figures(model)
        self._log.write(state.step, 'validation', figures)
        self._log.draw(
            state.step,
            list(predictions(model, self._pictured(), network_hw=settings.network_hw)),
        )
        ap = self._deciding_ap(figures)
        is_best = in_last_stage and ap > state.best_ap
        if is_best:
            state.best_ap = ap
        checkpoint = state.checkpoint(settings)
        if is_best:
            save_checkpoint(checkpoint, self._run / 'best.pt')
        save_checkpoint(checkpoint, self._run / 'last.pt')
        return figures

    def _figures(self, model: DeployedModel) -> dict[str, float]:
        """Return drives/ap, drives/miou, camvid/miou, SET/ap ... in 0..1; see `held_back`."""
        settings, hw = self._settings, self._settings.network_hw
        precision = settings.precision
        found: dict[str, float] = {}
        for name, frames in {self._held_back_name: self._held_back, **self._sets}.items():
            run = predictions(model, frames, network_hw=hw, precision=precision)
            figures = anomaly_figures(run, num_classes=len(settings.inliers.classes))
            found |= {f'{name}/{key}': value for key, value in figures.items()}
        if self._camvid is not None:
            found['camvid/miou'] = camvid_miou(
                model, self._camvid, network_hw=hw, precision=precision
            )
        return found

    def _deciding_ap(self, figures: dict[str, float]) -> float:
        names = list(self._sets) or [self._held_back_name]
        return float(np.mean([figures[f'{name}/ap'] for name in names]))

    def _pictured(self) -> list[Frame]:
        step = max(1, len(self._held_back) // _PICTURES)
        shown = self._held_back[::step][:_PICTURES]
        for frames in (*self._sets.values(), *([self._camvid] if self._camvid else [])):
            shown.append(frames[len(frames) // 2])
        return shown
