from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip('torch')

from hopfield_pebal_ros.contract.labels import CITYSCAPES, IGNORE_ID, OUTLIER_ID
from training.data.augmentations import ViewRange
from training.data.frames import Frame, WeightedSource
from training.data.outlier_exposure import OutlierExposure
from training.data.samples import TrainingSamples
from training.network_settings import NetworkSettings
from training.settings import TrainSettings

ROAD, SKY = CITYSCAPES.id_of('road'), CITYSCAPES.id_of('sky')


@pytest.fixture(autouse=True)
def _few_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class PaintedFrames:
    """Grey road under blue sky, 128x256, with a pink outlier and an ignored corner."""

    def __init__(self, count=6):
        self._count = count

    def __len__(self):
        return self._count

    def __getitem__(self, index):
        rng = np.random.default_rng(index)
        image = np.empty((128, 256, 3), np.uint8)
        labels = np.empty((128, 256), np.uint8)
        image[:64], labels[:64] = (100, 150, 220), SKY
        image[64:], labels[64:] = (90, 90, 90), ROAD
        left = int(rng.integers(20, 200))
        image[80:100, left : left + 20], labels[80:100, left : left + 20] = (
            (250, 0, 200),
            OUTLIER_ID,
        )
        labels[:10, :10] = IGNORE_ID
        noise = rng.normal(0, 4, image.shape)
        return Frame(np.clip(image + noise, 0, 255).astype(np.uint8), labels, f'painted {index}')


@pytest.fixture
def painted_frames():
    return PaintedFrames()


@pytest.fixture
def tiny_settings():
    return TrainSettings(
        num_drives=1,
        frames_per_drive=2,
        held_back_drives=4,
        calibration_drives=3,
        network_hw=(128, 256),
        crop_hw=(128, 128),
        network=NetworkSettings(widths=(8, 8, 8), blocks=(1, 1, 1), decoder_width=8),
        exposure=OutlierExposure(largest_px=40),
        batch_size=2,
        closed_set_steps=3,
        anomaly_steps=3,
        learning_rate=1e-2,
        anomaly_learning_rate=3e-3,
        num_threads=1,
        num_workers=0,
        log_every=1,
        validate_every=100,
    )


@pytest.fixture
def samples_for():
    def build(settings, frames=None):
        return TrainingSamples(
            [WeightedSource(frames or PaintedFrames())],
            seed=settings.seed,
            view_range=ViewRange(
                network_hw=settings.network_hw, crop_hw=settings.crop_hw, scale=settings.scale
            ),
            exposure=settings.exposure,
            exposed_share=settings.exposed_share,
        )

    return build


@pytest.fixture
def trained_checkpoint(tiny_settings):
    """A checkpoint with random weights whose energies are spread out, not yet calibrated."""
    from training.run_state import new_state

    state = new_state(replace(tiny_settings, seed=1))
    with torch.no_grad():
        state.network.closed_set.classifier.weight.mul_(20)
    state.network.eval()
    return state.checkpoint(tiny_settings)
