from types import SimpleNamespace

import cv2
import numpy as np
import pytest

pytest.importorskip('torch')

from hopfield_pebal_ros.contract.labels import CITYSCAPES, IGNORE_ID, OUTLIER_ID
from hopfield_pebal_ros.inference.detector import DEFAULT_MODEL
from training.data.labelled_folder import open_labelled_folder
from training.label_pictures import LabelArguments, label_pictures, main, pseudo_labels


def painted(path, *, hw=(60, 90)):
    image = np.random.default_rng(0).integers(0, 256, (*hw, 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), image)


def arguments(**changes):
    return LabelArguments(**({'model': DEFAULT_MODEL, 'num_threads': 1} | changes))


def test_energy_decides_between_class_void_and_outlier(tmp_path):
    energies = np.array([[-1.0, 2.0, 2.1, 7.9, 8.1, np.nan]], np.float32)
    found = SimpleNamespace(
        energy_at_camera=lambda: energies,
        labels_at_camera=lambda: np.full((1, 6), 3, np.uint8),
    )
    calibration = SimpleNamespace(inlier_mean=0.0, inlier_standard_deviation=1.0)
    detector = SimpleNamespace(
        detect=lambda _: [found], metadata=SimpleNamespace(calibration=calibration)
    )
    labels = pseudo_labels(
        detector,
        np.zeros((1, 6, 3), np.uint8),
        arguments(out=tmp_path, pictures=(tmp_path,), known_below=2.0, outlier_above=8.0),
    )
    assert labels.tolist() == [[3, 3, IGNORE_ID, IGNORE_ID, OUTLIER_ID, IGNORE_ID]]


def test_a_written_folder_can_be_trained_on(tmp_path):
    painted(tmp_path / 'pictures/a.jpg')
    painted(tmp_path / 'yolo/images/b.jpg')
    (tmp_path / 'yolo/labels').mkdir()
    lines = [
        '14 0.1 0.1 0.4 0.1 0.4 0.9 0.1 0.9',
        '2 0.6 0.1 0.9 0.1 0.9 0.9 0.6 0.9',
    ]  # bird, car
    (tmp_path / 'yolo/labels/b.txt').write_text('\n'.join(lines))
    out = tmp_path / 'out'
    counts = label_pictures(
        arguments(out=out, pictures=(tmp_path / 'pictures',), yolo=(tmp_path / 'yolo',))
    )
    frames = open_labelled_folder(out)
    assert len(frames) == 2
    assert counts.sum() == 2 * 60 * 90
    outlined = frames[1].label_map
    assert outlined.shape == (60, 90)
    assert (outlined[20:40, 12:33] == OUTLIER_ID).all()
    assert (outlined[20:40, 57:78] == CITYSCAPES.id_of('car')).all()


def test_refuses_what_cannot_be_done(tmp_path):
    with pytest.raises(ValueError, match='nothing to label'):
        arguments(out=tmp_path)
    with pytest.raises(ValueError, match='known_below must not be above'):
        arguments(out=tmp_path, pictures=(tmp_path,), known_below=3, outlier_above=2)
    with pytest.raises(FileExistsError, match='choose another --out'):
        label_pictures(arguments(out=tmp_path, pictures=(tmp_path,)))
    with pytest.raises(SystemExit, match='no picture matches'):
        main(
            [
                *('--model', str(DEFAULT_MODEL), '--out', str(tmp_path / 'new')),
                *('--pictures', str(tmp_path)),
            ]
        )
