import pytest

torch = pytest.importorskip('torch')
timm = pytest.importorskip('timm')

from training.models.segmenter import Segmenter


@pytest.fixture(scope='module')
def network():
    torch.manual_seed(0)
    return Segmenter(encoder='vit_tiny_patch16_224', num_classes=4).eval()


def test_the_encoder_has_the_keys_of_timms_model(network):
    theirs = timm.create_model('vit_tiny_patch16_224', num_classes=0)
    network.encoder.load_state_dict(theirs.state_dict())


def test_taps_have_the_declared_widths_and_strides(network):
    taps = network.taps(torch.randn(2, 3, 64, 96))
    assert list(taps) == ['block3', 'block6', 'block9', 'block12', 'logits']
    assert {name: tuple(each.shape) for name, each in taps.items()} == {
        name: (2, network.tap_widths[name], 64 // stride, 96 // stride)
        for name, stride in network.tap_strides.items()
    }


@torch.no_grad()
def test_the_logits_are_a_linear_map_of_the_last_depth(network):
    taps = network.taps(torch.randn(1, 3, 32, 32))
    assert torch.equal(network.classifier(taps['block12']), taps['logits'])


def test_gradients_are_the_same_with_recomputation(network):
    image, gradients = torch.randn(1, 3, 32, 32), []
    for recomputes in (False, True):
        network.zero_grad()
        network.recomputes_activations = recomputes
        network(image).square().mean().backward()
        gradients.append(network.encoder.patch_embed.proj.weight.grad.clone())
    assert torch.allclose(*gradients, atol=1e-6)


def test_other_names_and_patches_are_refused():
    with pytest.raises(ValueError, match="no vision transformer 'resnet50'"):
        Segmenter(encoder='resnet50')
    with pytest.raises(ValueError, match='patch of 14x14; strides are powers of 2'):
        Segmenter(encoder='vit_small_patch14_dinov2')


def test_sizes_that_are_no_multiple_are_refused(network):
    with pytest.raises(ValueError, match='multiples of 16, got 40 64; resize'):
        network.taps(torch.zeros(1, 3, 40, 64))
