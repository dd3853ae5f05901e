"""What holds for each score: maps as vectors, state as fitted, graph as torch."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip('torch')
onnxruntime = pytest.importorskip('onnxruntime')

from torch import nn

from hopfield_pebal_ros.contract.labels import OUTLIER_ID
from training.scores.fitted_state import FittedOn, load_score, num_bytes, save_score
from training.scores.readings import Readings
from training.scores.registry import SCORES

FITTED_ON = FittedOn(
    network_sha256='abc',
    class_names=('a', 'b', 'c', 'd'),
    features='penultimate',
    data='clusters',
    examples_per_class=(1, 2, 3, 4),
    num_outliers=5,
)
NEEDS_NEIGHBOURS = {'pebal', 'heat_gmm_std', 'heat'}


@pytest.fixture(scope='module')
def vectors(stream):
    batch = next(iter(stream))
    return batch.readings()._replace(abstention_logit=batch.features[:, 0].contiguous())


@pytest.fixture(scope='module')
def maps(vectors):
    """The first 144 vectors as two maps of 8 x 9."""

    def as_map(values):
        return values[:144].reshape(2, 8, 9, -1).permute(0, 3, 1, 2).contiguous()

    return Readings(
        as_map(vectors.class_logits),
        as_map(vectors.features),
        abstention_logit=vectors.abstention_logit[:144].reshape(2, 8, 9),
    )


# the abstention logit of this stream is an arbitrary channel
@pytest.mark.parametrize('name', sorted(set(SCORES) - {'abstention'}))
def test_outliers_have_the_higher_energy_on_average(name, fitted, vectors, stream):
    is_outlier = next(iter(stream)).labels == OUTLIER_ID
    energies = fitted[name].energy(vectors)
    above = (energies[is_outlier][:, None] > energies[~is_outlier][None]).float().mean()
    assert above > 0.7


@pytest.mark.parametrize('name', sorted(set(SCORES) - NEEDS_NEIGHBOURS))
def test_a_map_and_its_vectors_have_the_same_energy(name, fitted, vectors, maps):
    of_vectors = fitted[name].energy(vectors)[:144].reshape(2, 8, 9)
    torch.testing.assert_close(fitted[name].energy(maps), of_vectors, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize('name', SCORES)
def test_stored_state_gives_the_same_energies_to_the_bit(name, fitted, vectors, tmp_path: Path):
    path = save_score(name, fitted[name], FITTED_ON, tmp_path)
    loaded_name, score, fitted_on = load_score(path)
    assert (loaded_name, fitted_on) == (name, FITTED_ON)
    assert score.settings == fitted[name].settings
    assert torch.equal(score.energy(vectors), fitted[name].energy(vectors))


class AllScores(nn.Module):
    """Every score in one graph, so that one export tests all of them."""

    def __init__(self, scores):
        super().__init__()
        self.scores = nn.ModuleList(each.export() for each in scores.values())

    def forward(self, class_logits, features, abstention_logit):
        return tuple(each(class_logits, features, abstention_logit) for each in self.scores)


@pytest.fixture(scope='module')
def exported(fitted, maps, tmp_path_factory):
    path = tmp_path_factory.mktemp('graph') / 'scores.onnx'
    inputs = (maps.class_logits, maps.features, maps.abstention_logit)
    program = torch.onnx.export(
        AllScores(fitted), inputs, dynamo=True, opset_version=18, verbose=False,
        input_names=['class_logits', 'features', 'abstention_logit'],
        output_names=list(fitted),
    )  # fmt: skip
    program.save(str(path))
    session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    feeds = zip(session.get_inputs(), inputs, strict=True)
    answers = session.run(None, {each.name: values.numpy() for each, values in feeds})
    return dict(zip(fitted, answers, strict=True))


@pytest.mark.parametrize('name', SCORES)
def test_the_exported_graph_computes_what_torch_computes(name, fitted, maps, exported):
    expected = fitted[name].energy(maps).numpy()
    scale = max(1.0, float(np.abs(expected).max()))
    assert exported[name].shape == expected.shape == (2, 8, 9)
    assert np.abs(exported[name] - expected).max() / scale < 1e-3
    assert expected.std() > 0


@pytest.mark.parametrize('name', SCORES)
def test_the_state_is_what_the_settings_ask_for(name, fitted):
    assert (num_bytes(fitted[name]) > 0) == SCORES[name].is_fitted


@pytest.mark.parametrize('name', SCORES)
def test_an_exported_score_has_nothing_to_train(name, fitted):
    copy = fitted[name].export()
    assert not copy.training
    assert not any(each.requires_grad for each in copy.parameters())
