"""Requirements: read, judged at their bounds, and shown."""

import pytest

from hopfield_pebal_ros.replay.requirements import (
    RequirementError,
    as_table,
    judge,
    keys_of,
    parse_requirements,
)

SUMMARY = {
    'frames_dropped': 2,
    'latency_ms': {'p95': 99.5},
    'figures': {'ap': 0.4},
    'cameras': {'front': {'figures': {'ap': 0.25}}},
}


@pytest.mark.parametrize(
    ('word', 'holds'),
    [
        ('figures.ap:min=0.4', True),  # the bound itself is enough
        ('figures.ap:max=0.4', True),
        ('figures.ap:min=0.41', False),
        ('latency_ms.p95:max=100', True),
        ('latency_ms.p95:max=99', False),
        ('frames_dropped:max=1', False),
        ('cameras.front.figures.ap:min=0.3', False),
        ('figures.miou:min=0', False),  # not measured
        ('inference_ms.p50:max=1e9', False),
    ],
)
def test_a_bound_is_kept_or_not(word: str, holds: bool) -> None:
    (verdict,) = judge(parse_requirements([word], ['front']), SUMMARY)
    assert verdict.holds is holds


@pytest.mark.parametrize(
    'word', ['figures.ap', 'figures.ap>0.4', 'figures.ap:min=', 'figures.ap:min=good', ':min=1',
             'figures.ap:least=1', 'figures.ap:min=nan'],
)  # fmt: skip
def test_a_word_that_is_no_requirement_is_refused(word: str) -> None:
    with pytest.raises(RequirementError, match=r'KEY:min=NUMBER.*figures\.ap:min=0\.4'):
        parse_requirements([word], [''])


def test_an_unknown_key_lists_the_keys() -> None:
    with pytest.raises(RequirementError, match=r'names figures\.auc, .*figures\.auroc') as error:
        parse_requirements(['figures.auc:min=0.5'], [''])
    assert all(key in str(error.value) for key in keys_of(['']))
    assert 'cameras.' not in str(error.value)


def test_the_table_shows_what_holds_and_what_does_not() -> None:
    words = ['figures.ap:min=0.5', 'latency_ms.p95:max=100', 'figures.miou:min=0.2']
    verdicts = judge(parse_requirements(words, ['']), SUMMARY)
    assert as_table(verdicts).splitlines() == [
        '       figure          required  measured',
        'FAILS  figures.ap      >= 0.5    0.4',
        'holds  latency_ms.p95  <= 100    99.5',
        'FAILS  figures.miou    >= 0.2    not measured',
    ]
    assert [each.to_json() for each in verdicts][1:] == [
        {'key': 'latency_ms.p95', 'max': 100.0, 'measured': 99.5, 'holds': True},
        {'key': 'figures.miou', 'min': 0.2, 'measured': None, 'holds': False},
    ]
