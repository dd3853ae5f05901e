import copy
import hashlib

import pytest

torch = pytest.importorskip('torch')
import torch.nn.functional as F

from training.models.espnetv2 import ENCODER_WIDTHS, INPUT_MULTIPLE, ESPNetv2

KEYS_OF_A_FILE = 526
TABLE_SHA256 = {
    0.5: '16416277a06fb96105d5b4f119840c320cdb400bf66941c3efbbe4912e174c7b',
    1.0: '3a8404670c8f9af7e1bef045143aa3e287914dbd00c94beb84bcace89ed885df',
    2.0: 'c42e8bd177acd71a2421d1dfe60e11b0e126fbc1fa0b220565a707e9903af95c',
}
"""Of the lines "key shape dtype", sorted, of the published Cityscapes files."""

ROWS_OF_THE_LARGEST = """\
base_net.level1.conv.weight (32, 3, 3, 3) torch.float32
base_net.level2_0.eesp.module_act.weight (96,) torch.float32
base_net.level2_0.inp_reinf.1.conv.weight (128, 3, 1, 1) torch.float32
base_net.level4.6.spp_dw.3.conv.weight (128, 1, 3, 3) torch.float32
bu_br_l4.1.weight (32,) torch.float32
bu_dec_l1.merge_layer.2.cbr.0.weight (10, 5, 3, 3) torch.float32
bu_dec_l4.merge_layer.3.bias (20,) torch.float32
merge_enc_dec_l3.expansion_layer.cbr.0.weight (48, 8, 3, 3) torch.float32
merge_enc_dec_l4.wt_layer.1.weight (32, 32, 1, 1) torch.float32
""".splitlines()


def small(**changes):
    torch.manual_seed(0)
    return ESPNetv2(**{'width_factor': 0.5, **changes})


def table_of(network):
    return sorted(
        f'{key} {tuple(tensor.shape)} {tensor.dtype}'
        for key, tensor in network.state_dict().items()
    )


@pytest.mark.parametrize('width_factor', sorted(TABLE_SHA256))
def test_keys_and_shapes_are_those_of_the_published_files(width_factor):
    lines = table_of(ESPNetv2(width_factor=width_factor))
    assert len(lines) == KEYS_OF_A_FILE
    digest = hashlib.sha256('\n'.join(lines).encode()).hexdigest()
    assert digest == TABLE_SHA256[width_factor]


def test_some_rows_of_the_table_in_clear():
    assert set(ROWS_OF_THE_LARGEST) <= set(table_of(ESPNetv2(width_factor=2.0)))


def test_taps_have_the_declared_widths_and_strides():
    network = small().eval()
    taps = network.taps(torch.randn(2, 3, 64, 128))
    assert {name: tuple(each.shape) for name, each in taps.items()} == {
        name: (2, network.tap_widths[name], 64 // stride, 128 // stride)
        for name, stride in network.tap_strides.items()
    }


def test_the_classifier_maps_the_penultimate_features_to_the_logits():
    network, image = small().eval(), torch.randn(1, 3, 64, 64)
    classified = network.classifier(network.features(image))
    assert torch.equal(classified, network.taps(image)['logits'])


def test_the_background_is_the_last_output_and_no_class():
    network, image = small().eval(), torch.randn(1, 3, 64, 64)
    before = network.segment(image)
    with torch.no_grad():
        network.classifier.bias[-1] += 7
    after = network.segment(image)
    assert before.class_logits.shape == (1, 19, 32, 32)
    assert torch.equal(after.class_logits, before.class_logits)
    assert torch.equal(after.class_logits, network(image))
    assert torch.allclose(after.background_logit, before.background_logit + 7, atol=1e-5)


def test_images_of_a_batch_do_not_influence_each_other_in_evaluation():
    network, images = small().eval(), torch.randn(3, 3, 64, 64)
    assert torch.allclose(network(images)[1:2], network(images[1:2]), atol=1e-4)


def test_every_weight_gets_a_gradient_but_the_unused_ones_of_the_files():
    network = small()
    network.taps(torch.randn(2, 3, 64, 128))['logits'].square().mean().backward()
    idle = [name for name, each in network.named_parameters() if each.grad is None]
    assert idle == [f'base_net.level{level}_0.eesp.module_act.weight' for level in (2, 3, 4)]
    assert all(each.grad.abs().sum() > 0 for each in network.parameters() if each.grad is not None)


def test_the_smallest_pyramid_level_has_five_pixels():
    """4x4 at stride 16: the levels 0.5 and 0.1 would have 2 and 1 pixels a side."""
    pool = small().bu_dec_l1
    seen = []
    for stage in pool.stages:
        stage.register_forward_hook(lambda _, inputs, __: seen.append(tuple(inputs[0].shape[2:])))
    pool(torch.randn(2, pool.projection_layer.cbr[0].in_channels, 4, 4))
    assert seen == [(8, 8), (6, 6), (4, 4), (5, 5), (5, 5)]


def test_the_image_mean_of_the_input_reinforcement_counts_the_zero_border():
    """Of nine ones in a 3x3 window, four lie inside at the corner and six at the edge."""
    seen = []
    sampler = small().base_net.level2_0.eval()
    sampler.inp_reinf.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0]))
    sampler.num_halvings = 1
    sampler(torch.zeros(1, 16, 8, 8), torch.ones(1, 3, 8, 8))
    assert seen[0][0, 0, 0].tolist() == pytest.approx([4 / 9, 6 / 9, 6 / 9, 6 / 9])
    assert seen[0][0, 0, 1, 1] == pytest.approx(1)


def test_dilated_branches_are_summed_from_the_smallest_on():
    """With expansion and norms as identities, branch b holds the sum of convolutions 0..b."""
    block = small().base_net.level4[0].eval()
    x = torch.randn(1, 128, 8, 8)
    reduced = block.proj_1x1(x)
    caught = []
    block.br_after_cat.register_forward_hook(lambda _, inputs, __: caught.append(inputs[0]))
    block(x)
    parts = caught[0].chunk(4, dim=1)
    total = torch.zeros_like(parts[0])
    for part, convolution, dilation in zip(parts, block.spp_dw, (1, 1, 2, 3), strict=True):
        weight = convolution.conv.weight
        total += F.conv2d(reduced, weight, padding=dilation, dilation=dilation, groups=len(weight))
        assert torch.allclose(part, total, atol=1e-5)


def test_a_network_can_be_copied():
    network, image = small().eval(), torch.randn(1, 3, 32, 32)
    assert torch.equal(copy.deepcopy(network)(image), network(image))


def test_other_width_factors_are_refused():
    with pytest.raises(ValueError, match=r'must be one of \[0.5, 1.0, 2.0\], got 1.5'):
        ESPNetv2(width_factor=1.5)


def test_sizes_that_do_not_fit_the_ladder_are_refused():
    with pytest.raises(ValueError, match=f'multiples of {INPUT_MULTIPLE}, got 72 64; resize'):
        small()(torch.zeros(1, 3, 72, 64))


def test_widths_of_the_encoder_are_the_taps():
    for factor, widths in ENCODER_WIDTHS.items():
        network = ESPNetv2(width_factor=factor)
        assert tuple(network.tap_widths[name] for name in ('l1', 'l2', 'l3', 'l4')) == widths
