from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip('torch')

from training.data.inlier_sets import InlierSettings
from training.provenance import provenance_of, weights_sha256


def test_the_hash_sees_values_names_and_types_but_not_the_order():
    weights = {'a': torch.tensor([1.0, 2.0]), 'b': torch.tensor(3)}
    same = {'b': torch.tensor(3), 'a': torch.tensor([1.0, 2.0])}
    assert weights_sha256(weights) == weights_sha256(same)
    for other in (
        {'a': torch.tensor([1.0, 2.5]), 'b': torch.tensor(3)},
        {'c': torch.tensor([1.0, 2.0]), 'b': torch.tensor(3)},
        {'a': torch.tensor([1.0, 2.0]), 'b': torch.tensor(3.0)},
    ):
        assert weights_sha256(other) != weights_sha256(weights)


def test_licence_follows_the_data(trained_checkpoint):
    own = provenance_of(trained_checkpoint)
    assert 'Apache-2.0; trained on procedural' in own.licence
    assert not any('CamVid' in each for each in own.trained_on)
    settings = replace(trained_checkpoint.settings, inliers=InlierSettings(camvid=Path('camvid')))
    shared = provenance_of(replace(trained_checkpoint, settings=settings))
    assert 'Not covered by Apache-2.0' in shared.licence
    assert any('CamVid' in each for each in shared.trained_on)
