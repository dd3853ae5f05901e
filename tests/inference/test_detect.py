import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

pytest.importorskip('onnx')
pytest.importorskip('openvino')

from hopfield_pebal_ros.inference.detect import main
from tests.inference.test_frame_sources import write_video
from tests.tiny_model import write_tiny_model


@pytest.fixture
def street(tmp_path: Path) -> Path:
    """A folder of two pictures of network size; a red block of energy 10 in the second."""
    folder = tmp_path / 'street'
    folder.mkdir()
    pixels_bgr = np.zeros((64, 128, 3), np.uint8)
    pixels_bgr[..., 1] = 32  # label 2
    cv2.imwrite(str(folder / 'a.png'), pixels_bgr)
    pixels_bgr[10:30, 40:60, 2] = 255
    cv2.imwrite(str(folder / 'b.png'), pixels_bgr)
    return folder


def run(*arguments: object) -> int:
    return main([str(each) for each in arguments])


def lines_of(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / 'regions.jsonl').read_text('utf-8').splitlines()]


def test_a_folder_by_hand(tmp_path: Path, tiny_model: Path, street: Path, capsys):
    out = tmp_path / 'out'
    assert run(street, '--model', tiny_model, '--out', out) == 0
    written = sorted(path.relative_to(out).as_posix() for path in out.rglob('*.*'))
    assert written == sorted(
        [f'{folder}/{stem}.png' for folder in ('labels', 'mask', 'overlay') for stem in 'ab']
        + ['energy/a.npy', 'energy/b.npy', 'regions.jsonl']
    )
    assert (cv2.imread(str(out / 'labels/a.png'), cv2.IMREAD_UNCHANGED) == 2).all()
    energy = np.load(out / 'energy/b.npy')
    assert energy.dtype == np.float32
    expected = np.zeros((64, 128))
    expected[10:30, 40:60] = 10
    np.testing.assert_allclose(energy, expected, atol=2e-6)
    mask = cv2.imread(str(out / 'mask/b.png'), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(mask, (expected > 6) * 255)
    assert cv2.imread(str(out / 'overlay/b.png')).shape == (64, 128, 3)
    assert '2 frames' in capsys.readouterr().out


def test_regions_are_written_as_lines(tmp_path: Path, tiny_model: Path, street: Path):
    assert run(street, '--model', tiny_model, '--out', tmp_path / 'out') == 0
    first, second = lines_of(tmp_path / 'out')
    assert first['regions'] == []
    assert second['source'] == str(street / 'b.png')
    assert (second['name'], second['threshold'], second['energy_unit']) == ('b', 6.0, 'nat')
    (region,) = second['regions']
    assert (region['left'], region['top'], region['area_px']) == (40, 10, 400)
    assert region['max_energy'] == pytest.approx(10)


def test_settings_reach_the_detector(tmp_path: Path, tiny_model: Path, street: Path):
    pytest.importorskip('onnxruntime')
    out = tmp_path / 'out'
    options = ('--backend', 'onnxruntime', '--threshold', -1, '--min-region-area-px', 9000)
    save = ('--save', 'mask', 'labels', '--max-frames', 1)
    assert run(street, '--model', tiny_model, '--out', out, *options, *save) == 0
    assert sorted(path.name for path in out.iterdir()) == ['labels', 'mask', 'regions.jsonl']
    assert (cv2.imread(str(out / 'mask/a.png'), cv2.IMREAD_UNCHANGED) == 255).all()
    (line,) = lines_of(out)
    assert line['regions'] == []  # 8192 pixels are fewer than 9000


def test_compiled_models_are_kept_where_asked(tmp_path: Path, tiny_model: Path, street: Path):
    options = ('--cache-folder', tmp_path / 'cache', '--num-threads', 1)
    assert run(street, '--model', tiny_model, '--out', tmp_path / 'out', *options) == 0
    assert list((tmp_path / 'cache').glob('*.blob'))


def test_a_video_gets_an_overlay_video(tmp_path: Path, tiny_model: Path):
    out = tmp_path / 'out'
    video = write_video(tmp_path / 'drive.mp4')
    assert run(video, '--model', tiny_model, '--out', out) == 0
    assert len(list((out / 'labels').iterdir())) == 5
    capture = cv2.VideoCapture(str(out / 'drive_overlay.mp4'))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 5
    assert capture.get(cv2.CAP_PROP_FPS) == 10


def test_an_unreadable_picture_is_named_and_the_others_go_on(
    tmp_path: Path, tiny_model: Path, street: Path, capsys
):
    (street / 'aa.png').write_bytes(b'broken')
    out = tmp_path / 'out'
    assert run(street, '--model', tiny_model, '--out', out) == 1
    assert [line['name'] for line in lines_of(out)] == ['a', 'b']
    assert 'aa.png is not a readable picture' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (('nowhere.png',), 'nowhere.png is not there'),
        (('--webcam', '63'), 'no webcam 63'),
        ((), 'name pictures, folders or videos, or a webcam'),
        (('a.png', '--webcam', '0'), 'not both'),
        (('a.png', '--max-frames', '0'), '--max-frames must be 1 or more, got 0'),
    ],
)
def test_nothing_to_read_ends_before_anything_is_written(
    tmp_path: Path, tiny_model: Path, capsys, arguments: tuple[str, ...], message: str
):
    out = tmp_path / 'out'
    assert run(*arguments, '--model', tiny_model, '--out', out) == 1
    assert message in capsys.readouterr().err
    assert not out.exists()


def test_an_empty_folder_ends_before_anything_is_written(tmp_path: Path, tiny_model: Path, capsys):
    (tmp_path / 'empty').mkdir()
    assert run(tmp_path / 'empty', '--model', tiny_model, '--out', tmp_path / 'out') == 1
    assert 'no pictures in folder' in capsys.readouterr().err
    assert not (tmp_path / 'out').exists()


def test_an_unwritable_folder_ends_before_the_model_runs(tiny_model: Path, street: Path, capsys):
    assert run(street, '--model', tiny_model, '--out', tiny_model / 'out') == 1
    assert 'cannot write to output folder' in capsys.readouterr().err


def test_too_small_a_disk_ends_before_anything_is_written(
    tmp_path: Path, tiny_model: Path, street: Path, capsys, monkeypatch: pytest.MonkeyPatch
):
    # 2 frames of 64x128 pixels at 7.3 bytes are 0.12 MB, beside 64 MB kept free
    monkeypatch.setattr(shutil, 'disk_usage', lambda _: SimpleNamespace(free=64_100_000))
    assert run(street, '--model', tiny_model, '--out', tmp_path / 'out') == 1
    assert 'make room or name another --out' in capsys.readouterr().err
    assert list((tmp_path / 'out').iterdir()) == []
    save = ('--save', 'labels', 'mask')  # 0.3 bytes a pixel fit
    assert run(street, '--model', tiny_model, '--out', tmp_path / 'out', *save) == 0


def test_a_disk_that_fills_up_on_the_way_is_said(
    tmp_path: Path, tiny_model: Path, street: Path, capsys, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(cv2, 'imwrite', lambda *_: False)
    assert run(street, '--model', tiny_model, '--out', tmp_path / 'out') == 1
    assert 'the disk may be full' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (('--threshold', 'nan'), 'threshold must be a finite energy'),
        (('--min-region-area-px', '-1'), 'must be 0 or more pixels'),
        (('--device', 'TPU'), "device 'TPU' is not there"),
        (('--backend', 'tensorrt'), "backend 'tensorrt'"),
        (('--precision', 'int8'), 'asked for int8'),
        (('--num-threads', '-1'), 'num_threads must be 0'),
        (('--cache-folder', '/dev/null/cache'), 'cannot write to cache_folder /dev/null/cache'),
    ],
)
def test_a_bad_setting_is_said_in_one_line(
    tmp_path: Path, tiny_model: Path, street: Path, capsys, options: tuple[str, str], message: str
):
    assert run(street, '--model', tiny_model, '--out', tmp_path / 'out', *options) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith('detect: ')
    assert 'Traceback' not in error


def test_a_foreign_model_is_said_in_one_line(tmp_path: Path, street: Path, capsys):
    write_tiny_model(tmp_path / 'm.onnx', metadata_text='')
    assert run(street, '--model', tmp_path / 'm.onnx', '--out', tmp_path / 'out') == 1
    assert 'an ONNX file of another project' in capsys.readouterr().err
    assert run(street, '--model', tmp_path / 'no.onnx', '--out', tmp_path / 'out') == 1
    assert 'no model file' in capsys.readouterr().err
