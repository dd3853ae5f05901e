import os
from pathlib import Path

import pytest

torch = pytest.importorskip('torch')

from training.models.deployed import normalised
from training.models.espnetv2 import ESPNetv2
from training.models.espnetv2_weights import load_espnetv2

PUBLISHED = Path(
    os.environ.get(
        'ESPNETV2_WEIGHTS', Path(__file__).parents[4] / 'shared' / 'data' / 'weights'
    )
)  # fmt: skip


@pytest.fixture
def stored(tmp_path):
    def store(document):
        path = tmp_path / 'weights.pth'
        torch.save(document, path)
        return path

    return store


def random_weights(width_factor=0.5, **changes):
    return ESPNetv2(width_factor=width_factor, **changes).state_dict()


@pytest.mark.parametrize('width_factor', [0.5, 1.0, 2.0])
def test_the_width_is_read_from_the_file(stored, width_factor):
    weights = random_weights(width_factor)
    network = load_espnetv2(stored(weights))
    loaded = network.state_dict()
    assert not network.training
    assert all(torch.equal(loaded[key], weights[key]) for key in weights)


def test_a_missing_and_a_foreign_key_are_refused(stored):
    weights = random_weights()
    weights['base_net.level9.weight'] = weights.pop('bu_br_l2.1.weight')
    with pytest.raises(ValueError, match=r'(?s)bu_br_l2.1.weight.*level9.*sacmehta/EdgeNets'):
        load_espnetv2(stored(weights))


def test_a_file_of_another_data_set_is_refused(stored):
    with pytest.raises(ValueError, match='of 20 outputs: it has 21 outputs; give espnetv2_s_S'):
        load_espnetv2(stored(random_weights(num_classes=20)))


def test_a_file_of_another_width_is_refused(stored):
    weights = random_weights()
    weights['base_net.level2_0.act.weight'] = torch.zeros(80)
    with pytest.raises(ValueError, match='80 channels at stride 4'):
        load_espnetv2(stored(weights))


def test_another_network_is_refused(stored):
    with pytest.raises(ValueError, match="it has no 'base_net"):
        load_espnetv2(stored({'weight': torch.zeros(2)}))


def test_a_container_is_refused(stored):
    with pytest.raises(ValueError, match='not a dictionary of tensors'):
        load_espnetv2(stored({'state_dict': random_weights()}))


@pytest.mark.parametrize('content', [b'', b'hello world', b'\x80', b'PK\x03\x04'])
def test_a_damaged_file_is_refused(tmp_path, content):
    path = tmp_path / 'weights.pth'
    path.write_bytes(content)
    with pytest.raises(ValueError, match='torch cannot read it'):
        load_espnetv2(path)


def test_a_missing_file_says_which_one_to_get(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'no weights .*sacmehta/EdgeNets'):
        load_espnetv2(tmp_path / 'absent.pth')


def ramps():
    """(1, 3, 128, 256) uint8 RGB, each channel of another slope."""
    rows, columns = torch.arange(128).view(128, 1), torch.arange(256).view(1, 256)
    channels = [(rows * slope + columns) % 256 for slope in (1, 2, 3)]
    return torch.stack(channels).to(torch.uint8)[None]


@pytest.mark.parametrize(
    ('width_factor', 'first_logits', 'mean', 'deviation', 'background_mean'),
    [
        (0.5, (1.9841, -1.3256, 13.7656), 0.0156, 8.1214, -1.8461),
        (1.0, (-10.3863, -9.1014, 9.387), 0.0113, 7.6987, -2.0407),
        (2.0, (-1.5685, 2.0797, 0.1618), -0.0098, 5.588, -0.6456),
    ],
)
def test_published_weights_give_the_numbers_of_the_authors_code(
    width_factor, first_logits, mean, deviation, background_mean
):
    """EdgeNets at 2b232d3 computes the same logits to the last bit on a CPU with torch 2.14."""
    path = PUBLISHED / f'espnetv2_s_{width_factor}_city_1024x512.pth'
    if not path.is_file():
        pytest.skip(f'{path.name} is not there; set ESPNETV2_WEIGHTS to its folder')
    with torch.no_grad():
        logits = load_espnetv2(path).taps(normalised(ramps()))['logits'][0]
    assert logits[:3, 20, 40].tolist() == pytest.approx(first_logits, abs=2e-3)
    assert logits.mean().item() == pytest.approx(mean, abs=1e-3)
    assert logits.std().item() == pytest.approx(deviation, abs=1e-3)
    assert logits[19].mean().item() == pytest.approx(background_mean, abs=1e-3)
