import json

import cv2
import numpy as np
import pytest

from tests.tiny_model import write_tiny_model
from tests.training.evaluation.tiny_set import AP, FPR95, write_tiny_set
from training.evaluate import main


@pytest.fixture
def tiny_set(tmp_path):
    write_tiny_set(tmp_path / 'set')
    write_tiny_model(tmp_path / 'model.onnx')
    return tmp_path


def evaluate(tmp_path, out, *flags, source=None):
    source = source or ('--model', str(tmp_path / 'model.onnx'))
    arguments = [*source, '--dataset', 'folder', '--root', str(tmp_path / 'set')]
    arguments += ['--backend', 'onnxruntime', '--out', str(tmp_path / out), *flags]
    main(arguments)
    path = tmp_path / out / 'results.json'
    return json.loads(path.read_text()) if path.exists() else None


def test_results_hold_what_was_worked_out_by_hand(tiny_set, capsys):
    results = evaluate(tiny_set, 'out', '--num-pictures', '1')
    figures = results['figures']
    assert figures['ap'] == pytest.approx(AP, abs=1e-4)
    assert figures['fpr95'] == pytest.approx(FPR95, abs=1e-4)
    # the best F1 flags the outliers of energy 10 alone: 100 right, 100 missed; of each two objects
    # one is found whole and nothing else is flagged
    assert results['thresholds']['components'] == pytest.approx(10, abs=1e-3)
    assert figures['best_f1'] == pytest.approx(2 / 3)
    assert figures['siou'] == pytest.approx(1 / 2)
    assert figures['ppv'] == pytest.approx(1)
    assert figures['component_f1'] == pytest.approx(2 / 3)
    assert results['data']['pairs'] == 4
    assert results['data']['name'] == 'folder'
    assert len(results['data']['sha256']) == 64
    assert results['definition']['positive'].startswith('outlier')
    assert set(results['intervals']['ap']) >= {'low', 'high', 'level'}
    assert all(0 <= value <= 1 for value in figures.values())
    assert 'miou' not in figures  # the set tells no classes
    printed = capsys.readouterr().out
    assert 'AP' in printed
    assert f'{100 * AP:.2f}' in printed


def test_shards_add_up_to_the_whole(tiny_set):
    cut = ('--component-threshold', 'deployed', '--num-pictures', '0')
    whole = evaluate(tiny_set, 'whole', *cut)
    for index in (1, 2, 3):
        assert evaluate(tiny_set, 'parts', *cut, '--shard', f'{index}/3') is None
    parts = sorted(str(path) for path in (tiny_set / 'parts').glob('*.npz'))
    main(['--merge', *parts, '--out', str(tiny_set / 'merged')])
    merged = json.loads((tiny_set / 'merged/results.json').read_text())
    assert merged == whole


def test_a_missing_shard_is_refused(tiny_set):
    evaluate(tiny_set, 'parts', '--shard', '1/2', '--component-threshold', '6')
    with pytest.raises(SystemExit, match=r'error: got shards 1/2; expected each'):
        main(
            [
                '--merge',
                str(tiny_set / 'parts/shard_1_of_2.npz'),
                '--out',
                str(tiny_set / 'merged'),
            ]
        )


def test_stored_maps_give_the_figures_of_the_energies_in_them(tiny_set):
    (tiny_set / 'maps').mkdir()
    for path in (tiny_set / 'set/images').iterdir():
        red = cv2.imread(str(path))[:, :, 2]
        np.save(tiny_set / f'maps/{path.stem}.npy', red / np.float32(25.5))
    results = evaluate(
        tiny_set, 'stored', '--num-pictures', '1', source=('--scores', str(tiny_set / 'maps'))
    )
    assert results['figures']['ap'] == pytest.approx(AP, abs=1e-4)
    assert results['scorer']['unit'] == 'as stored'
    assert 'deployed' not in results['thresholds']


def test_the_exact_mode_and_other_definitions(tiny_set):
    results = evaluate(
        tiny_set, 'out', '--num-pictures', '0', '--mode', 'exact', '--compatible', 'pebal'
    )
    assert results['figures']['ap'] == pytest.approx(AP)
    assert results['compatible']['pebal']['ap'] == pytest.approx(AP, abs=1e-4)
    assert results['definition']['counting'] == 'every energy'


def test_the_report_is_one_file_and_escapes_names(tmp_path):
    name = 'a<b>&"c'
    write_tiny_set(tmp_path / 'set', names=['plain', name])
    write_tiny_model(tmp_path / 'model.onnx')
    evaluate(tmp_path, 'out', '--num-pictures', '2')
    html = (tmp_path / 'out/report.html').read_text('utf-8')
    assert 'a&lt;b&gt;&amp;&#34;c' in html
    assert '<b>' not in html
    assert 'src="http' not in html
    assert html.count('found and missed') >= 2  # a caption an image
    assert 'class="sortable"' in html


def test_earlier_results_are_compared(tiny_set, capsys):
    results = evaluate(tiny_set, 'one', '--num-pictures', '0')
    results['definition']['auroc'] = 'guessed'
    (tiny_set / 'two').mkdir()
    (tiny_set / 'two/results.json').write_text(json.dumps(results))
    out = tiny_set / 'both'
    main(['--compare', str(tiny_set / 'one'), str(tiny_set / 'two'), '--out', str(out)])
    html = (out / 'report.html').read_text('utf-8')
    assert 'model.onnx (one)' in html
    assert 'do not use the same definitions' in html
    comparison = json.loads((out / 'comparison.json').read_text())
    assert set(comparison) == {'model.onnx (one)', 'model.onnx (two)'}
    assert 'model.onnx (two)' in capsys.readouterr().out


def test_a_closed_set_has_segmentation_figures_alone(tmp_path):
    write_tiny_model(tmp_path / 'model.onnx')
    for folder, value in (('images', 0), ('labels', 7)):  # label 0 is road, labelId 7
        (tmp_path / 'set' / folder).mkdir(parents=True)
        shape = (64, 128, 3) if folder == 'images' else (64, 128)
        picture = np.full(shape, value, np.uint8)
        if folder == 'labels':
            picture[0, :64] = 23  # sky
        cv2.imwrite(str(tmp_path / f'set/{folder}/a.png'), picture)
    results = evaluate(tmp_path, 'out', '--dataset', 'cityscapes_val')
    # road: 8128 of 8192; sky: never found
    assert results['figures'] == {'miou': pytest.approx((8128 / 8192) / 2)}
    assert 'curves' not in results


@pytest.mark.parametrize(
    ('flags', 'message'),
    [
        (('--model', 'absent.onnx'), 'error: no model file absent.onnx'),
        (('--model', 'weights.bin'), 'must be a deployable .onnx file or a .pt checkpoint'),
        (('--scores', 'absent'), 'error: no score map in absent'),
        (('--compare', 'absent'), 'needs two runs'),
        (('--compare', 'absent', 'absent'), 'no results in absent'),
    ],
)
def test_wrong_input_ends_with_the_reason(tiny_set, flags, message):
    arguments = ['--dataset', 'folder', '--root', str(tiny_set / 'set')]
    with pytest.raises(SystemExit, match=message):
        main([*arguments, *flags, '--out', str(tiny_set / 'out')])


def test_an_output_folder_that_cannot_be_written_is_found_out_first(tiny_set):
    (tiny_set / 'file').write_text('')
    with pytest.raises(SystemExit, match='cannot write to output folder'):
        evaluate(tiny_set, 'file/out')
