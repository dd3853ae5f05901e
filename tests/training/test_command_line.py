from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip('torch')

from training.checkpoints import save_checkpoint
from training.command_line import check_writable, parse_run
from training.presets import DEMO, REALTIME


def parse(*argv):
    return parse_run(argv, description='test')


def test_without_arguments_it_is_the_demo_into_a_dated_folder():
    out, choice = parse()
    assert choice.settings == DEMO
    assert out.parent == Path('runs')


def test_a_preset_is_where_the_flags_start_from():
    out, choice = parse('--preset', 'realtime', '--out', 'r', '--batch-size', '3',
                        '--payoff.minimum', '2.5', '--crop-hw', '128', '256')  # fmt: skip
    assert out == Path('r')
    assert choice.settings == replace(
        REALTIME,
        batch_size=3,
        crop_hw=(128, 256),
        payoff=replace(REALTIME.payoff, minimum=2.5),
    )


def test_help_is_a_manual_with_units(capsys):
    with pytest.raises(SystemExit) as stopped:
        parse('--help')
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    for part in ('--camvid', '--anomaly-steps', '[px]', '[1/nat^2]', '--resume'):
        assert part in text


@pytest.mark.parametrize('argv', [('--preset', 'huge'), ('--no-such-flag', '1')])
def test_unknown_words_end_the_program(argv):
    with pytest.raises(SystemExit) as stopped:
        parse(*argv)
    assert stopped.value.code == 2


def test_resume_takes_the_settings_of_the_run(tmp_path, trained_checkpoint):
    save_checkpoint(trained_checkpoint, tmp_path / 'last.pt')
    out, choice = parse('--out', str(tmp_path), '--resume')
    assert choice.settings == trained_checkpoint.settings
    assert out == tmp_path


@pytest.fixture
def run_on_camvid(tmp_path, trained_checkpoint):
    settings = trained_checkpoint.settings
    inliers = replace(settings.inliers, camvid=Path('old/camvid'))
    checkpoint = replace(trained_checkpoint, settings=replace(settings, inliers=inliers))
    save_checkpoint(checkpoint, tmp_path / 'last.pt')
    return tmp_path


def test_resume_may_move_the_data(run_on_camvid):
    _, choice = parse(
        *('--out', str(run_on_camvid), '--resume', '--num-workers', '2', '--num-threads', '3'),
        *('--camvid', 'new/camvid', '--val-sets', 'folder=a', 'road_anomaly=b'),
    )
    settings = choice.settings
    assert (settings.num_workers, settings.num_threads) == (2, 3)
    assert settings.inliers.camvid == Path('new/camvid')
    assert settings.val_sets == ('folder=a', 'road_anomaly=b')


@pytest.mark.parametrize(
    ('flags', 'message'),
    [
        (('--batch-size', '7'), 'batch_size 2 -> 7'),
        (('--losses.margin-weight', '9'), r'losses\.margin_weight 2\.0 -> 9\.0'),
        (('--camvid-repeats', '5'), r'inliers\.camvid_repeats \d+ -> 5'),
        (('--cityscapes', 'more'), r'inliers\.cityscapes None -> more'),
        (('--seed', '3', '--batch-size', '4'), 'batch_size 2 -> 4, seed 0 -> 3'),
    ],
)
def test_resume_may_not_change_the_recipe(run_on_camvid, flags, message):
    with pytest.raises(ValueError, match=f'this changes {message}; leave these flags out'):
        parse('--out', str(run_on_camvid), '--resume', *flags)


def test_resume_refuses_the_checkpoint_of_another_version(tmp_path):
    torch.save({'format': 1}, tmp_path / 'last.pt')
    with pytest.raises(ValueError, match=r'has format 1, expected \d+; it is from another'):
        parse('--out', str(tmp_path), '--resume')


def test_resume_needs_a_run(tmp_path):
    with pytest.raises(ValueError, match='--resume needs --out'):
        parse('--resume')
    with pytest.raises(FileNotFoundError, match=r'no checkpoint .*last\.pt'):
        parse('--resume', '--out', str(tmp_path))


def test_unwritable_out_is_found_before_work(tmp_path):
    (tmp_path / 'file').write_text('not a folder')
    with pytest.raises(OSError, match='choose another --out'):
        check_writable(tmp_path / 'file' / 'run')
    check_writable(tmp_path / 'fresh' / 'run')
    assert list((tmp_path / 'fresh' / 'run').iterdir()) == []
