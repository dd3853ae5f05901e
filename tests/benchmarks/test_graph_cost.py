import pytest

pytest.importorskip('torch')

from benchmarks.graph_cost import (
    cost_of,
    figures_of,
    onnxruntime_cost,
    openvino_cost,
    without_biases,
)
from tests.inference.conv_model import write_conv_model

PARTS = {'scale': 'preparation', 'conv': 'network', 'relu': 'network', 'exp': 'head'}


def test_layers_are_added_up_by_part():
    cost = cost_of(
        [
            ('Subgraph', ('scale',), 1.0),
            ('Reorder', (), 0.5),
            ('Convolution', ('scale_again', 'conv', 'relu'), 10.0),
            ('Reorder', (), 2.0),
            ('Subgraph', ('exp',), 3.0),
            ('TopK', ('TopK_5',), 0.25),
        ],
        PARTS,
    )
    assert cost.by_part == {'preparation': 1.5, 'network': 12.0, 'head': 3.25}
    assert cost.share == pytest.approx(4.75 / 12)
    assert cost.worst == (('Subgraph', 4.0), ('Reorder', 0.5), ('TopK', 0.25))


def test_what_was_fused_into_the_network_is_of_the_network():
    cost = cost_of([('Convolution', ('scale', 'conv'), 10.0)], PARTS)
    assert cost.by_part['preparation'] == 0
    assert cost.share == 0


def test_figures_have_the_target():
    cost = cost_of([('Add', ('exp',), 1.0), ('Convolution', ('conv',), 10.0)], PARTS)
    share, *others = figures_of('openvino_fp32', cost)
    assert share.name == 'openvino_fp32_in_graph_share'
    assert share.holds
    assert [each.name for each in others][-1] == 'openvino_fp32_outside_network_Add_ms'


@pytest.mark.parametrize('measure', [openvino_cost, onnxruntime_cost])
def test_a_file_is_measured(tmp_path, measure):
    model = tmp_path / 'model.onnx'
    write_conv_model(model)
    arguments = ('fp32',) if measure is openvino_cost else ()
    cost = measure(model, *arguments, repeats=2, num_threads=1)
    assert cost.by_part['network'] > 0


def test_a_layer_without_its_bias_is_the_layer_of_the_file():
    assert without_biases('node_Conv_1/WithoutBiases') == 'node_Conv_1'
    assert without_biases('node_Conv_1') == 'node_Conv_1'
