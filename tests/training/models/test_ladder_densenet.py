import hashlib

import pytest

torch = pytest.importorskip('torch')
from torch import nn

from tests.training.models.formula_weights import formula_image, formula_state
from training.models.ladder_densenet import INPUT_MULTIPLE, LadderDenseNet

TABLE_SHA256 = '582325b0ecfa81c958aa7bcea9ec5ce6539ad1e4d302e9d7185d452de3d3164d'
"""Of the lines "key shape", sorted, of LadderDenseNetTH of matejgrcic/DenseHybrid with 19 classes,
without the 21 tensors of `logits_aux`."""

ROWS = """\
backbone.features.conv0.weight (64, 3, 7, 7)
backbone.features.denseblock4.denselayer16.conv2.weight (32, 128, 3, 3)
backbone.features.transition3.conv.weight (512, 1024, 1, 1)
spp.spp.spp.spp_bn.norm.running_mean (1024,)
spp.spp.spp.spp_fuse.conv.weight (512, 1024, 1, 1)
upsample.upsample_layers.upsample_2.blend_conv.conv.weight (128, 256, 3, 3)
logits.conv.weight (19, 128, 1, 1)
logits.conv.bias (19,)
logits_ood.conv.weight (2, 128, 1, 1)
""".splitlines()

PIXELS = [(0, 0, 0, 0), (0, 7, 33, 40), (1, 18, 95, 127)]


@pytest.fixture(scope='module')
def network():
    torch.manual_seed(0)
    return LadderDenseNet(has_abstention=False, has_posterior=True).eval()


def table_of(network):
    return sorted(f'{key} {tuple(each.shape)}' for key, each in network.state_dict().items())


def test_keys_and_shapes_are_those_of_the_original(network):
    lines = table_of(network)
    assert len(lines) == 806
    assert hashlib.sha256('\n'.join(lines).encode()).hexdigest() == TABLE_SHA256
    assert set(ROWS) <= set(lines)


@torch.no_grad()
def test_logits_are_those_of_the_original(network):
    """Numbers of DenseHybrid's code, which takes RGB in 0..1; run once by hand."""
    network.load_state_dict(formula_state(network))
    image = formula_image(2, 96, 128)
    logits = network(image)
    found = [logits[pixel].item() for pixel in PIXELS]
    assert found == pytest.approx([1.08103, -0.74614, -0.54403], abs=2e-5)
    assert logits.std().item() == pytest.approx(0.795851, abs=2e-5)
    odds = nn.functional.interpolate(
        network.taps(image)['outlier_logit'], size=(96, 128), mode='bilinear'
    )
    assert odds[0, 0, 40, 50].item() == pytest.approx(-1.911229, abs=2e-5)


@torch.no_grad()
def test_training_mode_uses_the_statistics_of_the_original():
    network = LadderDenseNet(has_abstention=False, has_posterior=True).train()
    network.load_state_dict(formula_state(network))
    logits = network(formula_image(2, 96, 128))
    found = [logits[pixel].item() for pixel in PIXELS]
    assert found == pytest.approx([0.51147, -1.87123, -1.52566], abs=2e-5)
    assert network.logits.norm.running_var[:3].tolist() == pytest.approx(
        [1.3122, 0.5759, 0.7751], abs=1e-4
    )


def test_taps_have_the_declared_widths_and_strides(network):
    taps = network.taps(torch.randn(1, 3, 64, 96))
    assert {name: tuple(each.shape) for name, each in taps.items()} == {
        name: (1, network.tap_widths[name], 64 // stride, 96 // stride)
        for name, stride in network.tap_strides.items()
    }


def test_abstention_is_one_output_more():
    with torch.device('meta'):
        network = LadderDenseNet(num_classes=4)
    assert network.tap_widths['logits'] == 5
    assert network.logits.conv.weight.shape[0] == 5


def test_sizes_that_are_no_multiple_are_refused(network):
    with pytest.raises(ValueError, match=f'multiples of {INPUT_MULTIPLE}, got 48 64; resize'):
        network.taps(torch.zeros(1, 3, 48, 64))
