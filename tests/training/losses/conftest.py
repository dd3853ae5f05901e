import numpy as np
import pytest

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID


@pytest.fixture
def published_batch():
    """What the originals were given: logits (4, 20, 10, 12), labels, frozen logits of 19 classes.

    Outliers are in the first two images; the two last rows of all are unlabelled.
    """
    torch = pytest.importorskip('torch')
    rng = np.random.default_rng(20)
    logits = rng.normal(1.0, 2.0, (4, 20, 10, 12)).astype(np.float32)
    labels = rng.integers(0, 19, (4, 10, 12))
    labels[:2, 2:6, 3:9] = OUTLIER_ID
    labels[:, 8:] = IGNORE_ID
    frozen = rng.normal(1.0, 2.0, (4, 19, 10, 12)).astype(np.float32)
    return torch.from_numpy(logits), torch.from_numpy(labels), torch.from_numpy(frozen)
