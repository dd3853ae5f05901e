import numpy as np
import pytest
from onnx import TensorProto, helper

from tests.training.onnx_graph.graphs import an_image, kinds, model_of, run, segmenter
from training.onnx_graph.batch_norm import without_batch_norm
from training.onnx_graph.normalisation import with_folded_normalisation
from training.onnx_graph.sliced_layers import with_sliced_layers


def normed(pads=(0, 0, 0, 0), kernel=1, reads_norm_too=False):
    """An image through batch norm and a convolution, and perhaps past the convolution."""
    make, rng = helper.make_node, np.random.default_rng(2)
    norm = ['x', 'gain', 'bias', 'mean', 'variance']
    nodes = [
        make('Transpose', ['image'], ['planes'], perm=[0, 3, 1, 2]),
        make('Cast', ['planes'], ['x'], to=1),
        make('BatchNormalization', norm, ['normed'], name='norm', epsilon=1e-3),
        make('Conv', ['normed', 'w', 'b'], ['conv'], name='conv', pads=pads),
        make('Add', ['conv', 'normed'], ['out'])
        if reads_norm_too
        else make('Relu', ['conv'], ['out']),
    ]
    constants = {
        'gain': rng.normal(size=3),
        'bias': rng.normal(size=3),
        'mean': rng.normal(size=3) * 100,
        'variance': rng.uniform(1, 1e5, 3),
        'w': rng.normal(size=(3, 3, kernel, kernel)),
        'b': rng.normal(size=3),
    }
    constants = {name: each.astype(np.float32) for name, each in constants.items()}
    return model_of(nodes, constants, num_outputs=3)


def assert_same(found, expected):
    np.testing.assert_allclose(run(found, an_image()), run(expected, an_image()), atol=2e-5)


def test_batch_norm_goes_into_the_convolution_behind_it():
    model = normed()
    folded = without_batch_norm(model)
    assert kinds(folded) == ['Transpose', 'Cast', 'Conv', 'Relu']
    assert_same(folded, model)
    assert 'BatchNormalization' in kinds(model)


@pytest.mark.parametrize(
    'changes', [{'pads': (1, 1, 1, 1), 'kernel': 3}, {'reads_norm_too': True}]
)
def test_batch_norm_that_cannot_go_there_becomes_multiply_and_add(changes):
    model = normed(**changes)
    rewritten = without_batch_norm(model)
    assert kinds(rewritten)[2:5] == ['Mul', 'Add', 'Conv']
    assert_same(rewritten, model)


def test_slices_of_a_classifier_become_classifiers():
    model = segmenter()
    sliced = with_sliced_layers(model)
    assert 'Slice' not in kinds(sliced)
    assert kinds(sliced).count('Conv') == 3  # the first layer, classes, abstention
    assert_same(sliced, model)


def test_a_classifier_that_is_read_whole_too_stays():
    model = segmenter()
    for node in model.graph.node:
        if node.name == 'abstention':
            node.CopyFrom(
                helper.make_node('ReduceSum', ['logits', 'one'], ['abstention'], name='whole')
            )
    assert kinds(with_sliced_layers(model)).count('Conv') == 3
    assert_same(with_sliced_layers(model), model)


def test_slices_that_skip_channels_stay():
    model = segmenter()
    model.graph.initializer.append(helper.make_tensor('two', TensorProto.INT64, [1], [2]))
    for node in model.graph.node:
        if node.op_type == 'Slice':
            node.input.append('two')
    assert kinds(with_sliced_layers(model)).count('Slice') == 2


def test_normalisation_goes_into_the_first_layer_but_for_the_mean():
    model = segmenter()
    folded = with_folded_normalisation(model)
    assert kinds(folded)[:4] == ['Cast', 'Sub', 'Transpose', 'Conv']
    [mean] = [each for each in folded.graph.initializer if each.name == 'normal.mean']
    np.testing.assert_allclose(
        np.frombuffer(mean.raw_data, np.float32), 8 * [127.5, 102.0, 76.5], rtol=1e-6
    )
    assert_same(folded, model)


def test_a_normalised_image_that_others_read_too_stays():
    model = segmenter()
    model.graph.node.append(helper.make_node('Relu', ['normal'], ['positive'], name='positive'))
    assert kinds(with_folded_normalisation(model)) == kinds(model)
