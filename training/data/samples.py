"""Training samples: the same (seed, epoch, index) gives the same bytes on any worker."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from training.data.augmentations import (
    CameraVariation,
    ViewRange,
    cut,
    draw_view,
    to_crop,
    vary_camera,
)
from training.data.frames import Frame, WeightedSource
from training.data.outlier_exposure import OutlierExposure
from training.data.outlier_paster import OutlierPaster

_HISTOGRAM_STEP: Final = 4  # every fourth frame tells the shares well enough


class SampleKey(NamedTuple):
    """What identifies a sample of a run."""

    epoch: int
    place: int
    """Which of the epoch's samples."""
    has_outliers: bool
    """Whether outliers may be pasted."""


class Sample(NamedTuple):
    """A crop; a batch of them has the same fields, stacked."""

    image: Tensor
    """(3, h, w) uint8 RGB."""
    labels: Tensor
    """(h, w) uint8 train ids, `OUTLIER_ID`, `IGNORE_ID`."""
    name: str

    def part(self, which: slice) -> 'Sample':
        """Return some samples of a batch."""
        return Sample(self.image[which], self.labels[which], self.name[which])


class TrainingSamples(Dataset[Sample]):
    """Crops of frames with random view, pasted outliers and random camera."""

    def __init__(
        self,
        sources: Sequence[WeightedSource],
        *,
        seed: int,
        view_range: ViewRange,
        exposure: OutlierExposure,
        exposed_share: float,
        flipped_share: float = 0.5,
        camera: CameraVariation | None = None,
    ) -> None:
        """Wire the parts.

        Args:
            sources: frames; an epoch is every frame of each, `repeats` times.
            seed: of the run.
            view_range: crops.
            exposure: what is pasted.
            exposed_share: share of samples with pasted outliers, where the key allows them.
            flipped_share: share of samples that are mirrored.
            camera: how far pictures are varied.

        Raises:
            FileNotFoundError: an outlier set is empty; the message says what was sought.
            ValueError: an outlier file cannot be read, or no source is given.
        """
        self._sources = tuple(sources)
        self._seed = seed
        self._view_range = view_range
        self._paster = OutlierPaster(exposure, [each.frames for each in sources])
        self._exposed_share = exposed_share
        self._flipped_share = flipped_share
        self._camera = camera

    def __len__(self) -> int:
        return sum(len(each.frames) * each.repeats for each in self._sources)

    def label_histogram(self) -> npt.NDArray[np.int64]:
        """Return about how often each id occurs in an epoch's whole frames, (256,)."""
        counts = np.zeros(256, np.int64)
        for source in self._sources:
            for index in range(0, len(source.frames), _HISTOGRAM_STEP):
                label_map = source.frames[index].label_map
                weight = source.repeats * _HISTOGRAM_STEP
                counts += weight * np.bincount(label_map.ravel(), minlength=256)
        return counts

    def __getitem__(self, key: SampleKey) -> Sample:
        rng = np.random.default_rng((self._seed, key.epoch, key.place))
        frame = self._frame(key.place)
        view = draw_view(frame.label_map.shape[:2], self._view_range, rng)
        image_rgb, label_map = cut(frame.image_rgb, frame.label_map, view)
        if key.has_outliers and rng.random() < self._exposed_share:
            scale = self._view_range.crop_hw[0] / view.height
            image_rgb, label_map = self._paster.expose(
                image_rgb, label_map, rng, network_scale=scale
            )
        image, labels = to_crop(
            image_rgb,
            label_map,
            crop_hw=self._view_range.crop_hw,
            is_flipped=bool(rng.random() < self._flipped_share),
        )
        return Sample(vary_camera(image, rng, self._camera), labels, frame.name)

    def _frame(self, index: int) -> Frame:
        for source in self._sources:
            count = len(source.frames) * source.repeats
            if index < count:
                return source.frames[index % len(source.frames)]
            index -= count
        raise IndexError(f'sample index beyond the {len(self)} of an epoch')


class RunSampler(Sampler[list[SampleKey]]):
    """The batches of a run from any step on; a permutation of all samples each epoch."""

    def __init__(
        self,
        num_samples: int,
        *,
        seed: int,
        batch_size: int,
        steps: range,
        first_exposed_step: int,
    ) -> None:
        """Plan the batches.

        Args:
            num_samples: in an epoch.
            seed: of the run.
            batch_size: samples a step.
            steps: those that are still to be run.
            first_exposed_step: from this step on samples may have pasted outliers.
        """
        self._num_samples = num_samples
        self._seed = seed
        self._batch_size = batch_size
        self._steps = steps
        self._first_exposed_step = first_exposed_step

    def __len__(self) -> int:
        return len(self._steps)

    def __iter__(self) -> Iterator[list[SampleKey]]:
        order_epoch, order = -1, np.empty(0, np.int64)
        for step in self._steps:
            batch = []
            for number in range(step * self._batch_size, (step + 1) * self._batch_size):
                epoch, place = divmod(number, self._num_samples)
                if epoch != order_epoch:
                    rng = np.random.default_rng((self._seed, epoch))
                    order_epoch, order = epoch, rng.permutation(self._num_samples)
                exposed = step >= self._first_exposed_step
                batch.append(SampleKey(epoch, int(order[place]), exposed))
            yield batch
