"""A small stream of clustered features with outliers, and every score fitted on it once."""

from collections.abc import Iterator

import pytest

torch = pytest.importorskip('torch')

from hopfield_pebal_ros.contract.labels import OUTLIER_ID
from training.scores.readings import FitBatch
from training.scores.registry import SCORES, with_changes, with_everywhere
from training.scores.score import AnyScore

NUM_CLASSES, WIDTH = 4, 12
QUICK = (
    'reclag.training.num_epochs=2',
    'heat_gmm.training.num_epochs=1', 'heat_gmm.shape.width=16',
    'heat_gmm_std.training.num_epochs=1', 'heat_gmm_std.shape.width=16',
    'heat_el.training.num_epochs=1', 'heat_el.shape.width=16',
    'heat.gmm.training.num_epochs=1', 'heat.gmm.shape.width=16',
    'heat.gmm_std.training.num_epochs=1', 'heat.gmm_std.shape.width=16',
    'heat.el.training.num_epochs=1', 'heat.el.shape.width=16',
    'knn.patterns_per_class=40', 'he.patterns_per_class=8', 'he_agnostic.patterns_per_class=8',
    'fused.pebal.is_blurred=false',
)  # fmt: skip


class ClusterStream:
    """Features around one centre a class, a linear classifier, outliers elsewhere."""

    num_classes, width = NUM_CLASSES, WIDTH

    def __init__(self, num_batches: int = 4, num_inliers: int = 150, num_outliers: int = 40):
        self._sizes = num_batches, num_inliers, num_outliers
        generator = torch.Generator().manual_seed(7)
        self.centres = 2 * torch.randn(NUM_CLASSES, WIDTH, generator=generator).relu()

    def __iter__(self) -> Iterator[FitBatch]:
        generator = torch.Generator().manual_seed(1)
        num_batches, num_inliers, num_outliers = self._sizes
        for _ in range(num_batches):
            classes = torch.randint(0, NUM_CLASSES, (num_inliers,), generator=generator)
            noise = 0.3 * torch.randn(num_inliers, WIDTH, generator=generator)
            strange = 1.5 * torch.randn(num_outliers, WIDTH, generator=generator)
            features = torch.cat([self.centres[classes] + noise, strange]).relu()
            logits = features @ self.centres.T - 0.5 * self.centres.square().sum(dim=1)
            labels = torch.cat([classes, torch.full((num_outliers,), OUTLIER_ID)])
            jitter = 0.1 * torch.rand(features.shape, generator=generator)
            yield FitBatch(features, logits, labels, 0.5 * features + jitter)


@pytest.fixture(scope='session')
def stream() -> ClusterStream:
    return ClusterStream()


@pytest.fixture(scope='session')
def fitted(stream: ClusterStream) -> dict[str, AnyScore]:
    torch.set_num_threads(1)
    settings = with_changes({name: kind.settings for name, kind in SCORES.items()}, QUICK)
    return {
        name: kind.score_class.fit(stream, with_everywhere(settings[name], seed=3)).eval()
        for name, kind in SCORES.items()
    }
