from pathlib import Path

import pytest

from training.evaluation.arguments import EvaluateArguments, check_arguments

GOOD = {
    'model': Path('m.onnx'),
    'dataset': 'folder',
    'root': Path('set'),
    'out': Path('out'),
}


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'model': None}, 'either --model FILE or --scores DIR'),
        ({'scores': Path('s')}, 'either --model FILE or --scores DIR'),
        ({'dataset': None}, 'give --dataset NAME and --root DIR'),
        ({'compatible': ('pascal',)}, 'there is fishyscapes, smiyc'),
        ({'component_threshold': 'f1'}, "must be best-f1, deployed or a number, got 'f1'"),
        ({'num_pictures': -1}, '0 or more'),
        ({'shard': '1/2'}, 'best-f1 is known only after all shards'),
        ({'shard': '3/2', 'component_threshold': 'deployed'}, 'shard 3/2 does not exist'),
        ({'shard': '1/2', 'mode': 'exact'}, 'only counters add up'),
        ({'merge': (Path('a'),), 'compare': (Path('b'),)}, 'two jobs'),
    ],
)
def test_flags_that_do_not_go_together_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        check_arguments(EvaluateArguments(**(GOOD | changes)))


def test_a_plain_command_is_accepted():
    check_arguments(EvaluateArguments(**GOOD))
    check_arguments(EvaluateArguments(out=Path('out'), merge=(Path('a.npz'),)))
