from onnx import helper

from tests.training.onnx_graph.graphs import segmenter
from training.onnx_graph.graph_parts import constant_names, last_layers, name_nodes, parts_of


def test_parts_of_a_segmenter():
    by_part = {'preparation': [], 'network': [], 'head': []}
    for name, part in parts_of(segmenter()).items():
        by_part[part].append(name)
    assert by_part['preparation'] == ['planes', 'cast', 'unit', 'centred', 'normal']
    assert by_part['network'] == ['first', 'relu', 'classifier']
    assert by_part['head'][:3] == ['classes', 'abstention', 'peak']
    assert len(by_part['head']) == 9


def test_the_classifier_is_the_last_layer():
    assert last_layers(segmenter()) == ['classifier']


def test_similarities_with_stored_patterns_are_of_the_head():
    model = segmenter()
    graph = model.graph
    norm = helper.make_node('ReduceL2', ['active', 'one'], ['length'], name='length')
    unit = helper.make_node('Div', ['active', 'length'], ['embedding'], name='embedding')
    compare = helper.make_node('Conv', ['embedding', 'w2'], ['similar'], name='similarity')
    graph.node.extend([norm, unit, compare])
    parts = parts_of(model)
    assert {parts[name] for name in ('length', 'embedding', 'similarity')} == {'head'}
    assert parts['relu'] == 'network'


def test_nodes_get_names_of_their_own():
    model = segmenter()
    for node in model.graph.node:
        node.name = 'same' if node.op_type == 'Conv' else ''
    name_nodes(model)
    names = [each.name for each in model.graph.node]
    assert len(set(names)) == len(names)
    assert all(names)


def test_what_follows_from_constants_is_constant():
    model = segmenter()
    model.graph.node.insert(0, helper.make_node('Neg', ['mean'], ['minus_mean']))
    assert {'w1', 'minus_mean'} <= constant_names(model)
    assert 'planes' not in constant_names(model)
