"""Named recipes: where the flags of training.train start from."""

from dataclasses import replace
from typing import Final

from training.settings import TrainSettings

REALTIME: Final = TrainSettings()
DEMO: Final = replace(
    REALTIME,
    num_drives=80,
    frames_per_drive=4,
    closed_set_steps=350,
    anomaly_steps=200,
    validate_every=100,
)
PRESETS: Final = {'demo': DEMO, 'realtime': REALTIME}
