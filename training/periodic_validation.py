"""Every so many steps: measure the network, keep the best, save the last."""

from dataclasses import asdict
from pathlib import Path

from training.checkpoints import save_checkpoint
from training.data.frames import Frame
from training.loop import RunState
from training.run_data import (
    all_frames,
    frame_cache,
    rendered,
    validation_camvid,
    validation_drives,
)
from training.run_log import RunLog
from training.settings import TrainSettings
from training.validation import Figures, measure, predictions

_PICTURES = 3


class PeriodicValidation:
    """Called after each step; acts at every `validate_every`-th, at a stage's end and at the end.

    best.pt is the checkpoint of the anomaly stage with the highest AP on held-back drives; where
    there is no anomaly stage, of the closed-set stage.
    """

    def __init__(self, settings: TrainSettings, run: Path, log: RunLog) -> None:
        self._settings = settings
        self._run = run
        self._log = log
        drives = rendered(validation_drives(settings), frame_cache(settings, run), settings)
        self._drives = all_frames(drives)
        self._camvid = validation_camvid(settings)

    def after_step(self, state: RunState) -> None:
        settings = self._settings
        due = (settings.closed_set_steps, settings.total_steps)
        if state.step % settings.validate_every == 0 or state.step in due:
            self.validate(state)

    def validate(self, state: RunState) -> Figures:
        """Measure, draw, and write last.pt and, where it is the best so far, best.pt."""
        settings = self._settings
        figures = measure(
            state.network,
            drives=self._drives,
            camvid=self._camvid,
            network_hw=settings.network_hw,
            precision=settings.precision,
        )
        known = {name: value for name, value in asdict(figures).items() if value is not None}
        self._log.write(state.step, 'validation', known)
        self._log.draw(
            state.step,
            list(predictions(state.network, self._pictured(), network_hw=settings.network_hw)),
        )
        last_stage = state.step > settings.closed_set_steps or settings.anomaly_steps == 0
        is_best = last_stage and figures.ap > state.best_ap
        if is_best:
            state.best_ap = figures.ap
        checkpoint = state.checkpoint(settings)
        if is_best:
            save_checkpoint(checkpoint, self._run / 'best.pt')
        save_checkpoint(checkpoint, self._run / 'last.pt')
        return figures

    def _pictured(self) -> list[Frame]:
        shown = self._drives[:: max(1, len(self._drives) // _PICTURES)][:_PICTURES]
        if self._camvid is not None:
            shown.append(self._camvid[len(self._camvid) // 2])
        return shown
