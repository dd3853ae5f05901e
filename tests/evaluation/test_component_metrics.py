import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hopfield_pebal_ros.evaluation.component_metrics import (
    NO_FILTER,
    THRESHOLDS,
    ComponentCounter,
    SizeFilter,
    match_components,
)


def mask(*rows):
    return np.array([[character == '#' for character in row] for row in rows])


def match(predicted, outlier, size_filter=NO_FILTER, valid=None):
    valid = np.ones_like(outlier) if valid is None else valid
    return match_components(predicted, outlier, valid, size_filter)


def test_one_object_partly_covered():
    # 4 outlier pixels, 2 of them found, 1 pixel beside
    siou, ppv = match(mask('..###'), mask('####.'))
    assert siou.tolist() == [pytest.approx(2 / (4 + 1))]
    assert ppv.tolist() == [pytest.approx(2 / 3)]


def test_a_prediction_over_two_objects_is_not_charged_for_the_other_one():
    # one prediction of 7 px over objects of 2 and 3 px with 2 px between them
    outlier = mask('##..###')
    siou, ppv = match(mask('#######'), outlier)
    assert sorted(siou) == [pytest.approx(2 / (2 + 2)), pytest.approx(3 / (3 + 2))]
    assert ppv.tolist() == [pytest.approx(5 / 7)]


def test_two_predictions_on_one_object_both_count():
    # object of 5 px; predictions of 2 px inside and of 3 px of which 1 inside
    siou, ppv = match(mask('.##.###'), mask('#####..'))
    assert siou.tolist() == [pytest.approx(3 / (5 + 2))]
    assert sorted(ppv) == [pytest.approx(1 / 3), pytest.approx(1.0)]


def test_components_touch_over_corners():
    siou, _ = match(mask('#..', '.#.', '...'), mask('#..', '.#.', '..#'))
    assert siou.tolist() == [pytest.approx(2 / 3)]


def test_predictions_on_void_are_cut_off():
    valid = ~mask('....##')
    siou, ppv = match(mask('..####'), mask('..##..'), valid=valid)
    assert siou.tolist() == [1.0]
    assert ppv.tolist() == [1.0]


def test_small_predictions_are_left_out():
    siou, ppv = match(mask('#..##'), mask('#..##'), SizeFilter(predicted=2, truth=0))
    assert sorted(siou) == [0.0, 1.0]
    assert ppv.tolist() == [1.0]


def test_a_small_object_becomes_void_together_with_the_prediction_on_it():
    # the object of 1 px is void; of the prediction over it 2 px remain, none of them outlier
    siou, ppv = match(mask('###...'), mask('#...##'), SizeFilter(predicted=0, truth=2))
    assert siou.tolist() == [0.0]
    assert ppv.tolist() == [0.0]
    _, ppv = match(mask('#.....'), mask('#...##'), SizeFilter(predicted=0, truth=2))
    assert ppv.tolist() == []  # nothing of the prediction remains


def test_figures_by_hand():
    counter = ComponentCounter()
    # sIoU 2/4 and 4/6, PPV 6/8
    counter.add(mask('########'), mask('##..####'))
    # an object that is missed and a prediction beside it
    counter.add(mask('#..'), mask('..#'))
    figures = counter.figures()
    assert figures.siou == pytest.approx((2 / 4 + 4 / 6 + 0) / 3)
    assert figures.ppv == pytest.approx((6 / 8 + 0) / 2)
    # at 0.25 to 0.5 (6): tp 2, fn 1, fp 1; at 0.55 to 0.65 (3): tp 1, fn 2, fp 1; above: tp 0
    f1 = (6 * 4 / (4 + 1 + 1) + 3 * 2 / (2 + 2 + 1)) / 11
    assert figures.component_f1 == pytest.approx(f1)
    assert (figures.num_truth, figures.num_predicted) == (3, 2)


def test_thresholds_are_those_of_the_benchmark():
    assert THRESHOLDS.tolist() == pytest.approx([0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65,
                                                 0.7, 0.75])  # fmt: skip


masks = hnp.arrays(np.bool_, (9, 11))


def slow_match(predicted, outlier, valid):
    """The definition, set by set, with components found by flooding."""
    truth, found = flood(outlier & valid), flood(predicted & valid)
    siou = []
    for each in truth:
        touching = set().union(*[other for other in found if other & each])
        other_truth = set().union(*[other for other in truth if other != each])
        siou.append(len(each & touching) / len((each | touching) - other_truth))
    all_truth = set().union(*truth)
    return siou, [len(each & all_truth) / len(each) for each in found]


def flood(pixels):
    left = {(int(y), int(x)) for y, x in np.argwhere(pixels)}
    components = []
    while left:
        component, edge = set(), {next(iter(left))}
        while edge:
            component |= edge
            left -= edge
            edge = {(y, x) for y, x in left if any(abs(y - v) < 2 and abs(x - u) < 2
                                                   for v, u in edge)}  # fmt: skip
        components.append(component)
    return components


@settings(deadline=None, max_examples=60)
@given(masks, masks, masks)
def test_one_pass_equals_the_definition(predicted, outlier, void):
    siou, ppv = match_components(predicted, outlier, ~void, NO_FILTER)
    slow_siou, slow_ppv = slow_match(predicted, outlier, ~void)
    assert sorted(siou) == pytest.approx(sorted(slow_siou))
    assert sorted(ppv) == pytest.approx(sorted(slow_ppv))


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(masks, masks), min_size=1, max_size=4))
def test_merging_in_any_order_is_exact(images):
    together, parts = ComponentCounter(), ComponentCounter()
    for predicted, outlier in images:
        together.add(predicted, outlier)
    for predicted, outlier in reversed(images):
        part = ComponentCounter()
        part.add(predicted, outlier)
        parts.merge(ComponentCounter.from_arrays(part.to_arrays()))
    np.testing.assert_array_equal(parts.counts, together.counts)
    np.testing.assert_array_equal(parts.sums, together.sums)


def test_no_object_and_foreign_parts_are_refused():
    counter = ComponentCounter()
    counter.add(mask('##'), mask('..'))
    with pytest.raises(ValueError, match='no outlier component was counted'):
        counter.figures()
    with pytest.raises(ValueError, match='cannot merge components filtered by'):
        counter.merge(ComponentCounter(SizeFilter(predicted=50, truth=10)))


def test_wrong_arrays_are_refused():
    counter = ComponentCounter()
    with pytest.raises(TypeError, match='predicted must be bool, got float32'):
        counter.add(np.zeros((2, 2), np.float32), mask('..', '..'))
    with pytest.raises(ValueError, match=r'predicted is \(1, 2\), expected \(2, 2\)'):
        counter.add(mask('..'), mask('..', '..'))
