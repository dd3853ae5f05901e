import pytest

torch = pytest.importorskip('torch')
import torch.nn.functional as F
from torchvision.models.segmentation import lraspp_mobilenet_v3_large

from training.models.lraspp import INPUT_MULTIPLE, LRASPP


@pytest.fixture(scope='module')
def network():
    torch.manual_seed(0)
    return LRASPP(num_classes=4).eval()


def test_keys_and_outputs_are_those_of_torchvision(network):
    """Torchvision ends by upsampling the logits to the image's size."""
    theirs = lraspp_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=5).eval()
    theirs.load_state_dict(network.state_dict())
    image = torch.randn(2, 3, 64, 96)
    with torch.no_grad():
        logits = F.interpolate(network(image), size=(64, 96), mode='bilinear', align_corners=False)
        assert torch.allclose(logits, theirs(image)['out'], atol=1e-6)


def test_taps_have_the_declared_widths_and_strides(network):
    taps = network.taps(torch.randn(2, 3, 64, 128))
    assert {name: tuple(each.shape) for name, each in taps.items()} == {
        name: (2, network.tap_widths[name], 64 // stride, 128 // stride)
        for name, stride in network.tap_strides.items()
    }
    assert network.tap_widths['logits'] == 5


def test_every_weight_gets_a_gradient():
    trained = LRASPP(num_classes=4).train()
    trained(torch.randn(2, 3, 64, 64)).square().mean().backward()
    assert all(each.grad is not None for each in trained.parameters())


def test_an_exported_network_gives_the_same_logits(network):
    exported = torch.export.export(network, (torch.randn(1, 3, 64, 64),)).module()
    other = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(exported(other), network(other))


def test_sizes_that_are_no_multiple_are_refused(network):
    with pytest.raises(ValueError, match=f'multiples of {INPUT_MULTIPLE}, got 72 64; resize'):
        network.taps(torch.zeros(1, 3, 72, 64))
