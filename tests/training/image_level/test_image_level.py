"""Classifiers, picture sets and the image-level protocol."""

import math
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip('torch')
pytest.importorskip('torchvision')

from training.image_level.classifiers import (
    ClassifierInfo,
    ImageClassifier,
    load_classifier,
    save_classifier,
)
from training.image_level.image_sets import batches, open_images
from training.image_level.protocol import NUM_DRAWS, image_figures
from training.image_level.train_classifier import (
    ClassifierTraining,
    places_of,
    train_classifier,
)
from training.image_level.vectors import vectors_of

CLASSES = ('blue', 'red')


def write_pictures(folder: Path, *, count: int = 8, side: int = 40) -> None:
    rng = np.random.default_rng(0)
    for name, color_bgr in (('red', (20, 20, 220)), ('blue', (220, 20, 20))):
        (folder / name).mkdir(parents=True)
        for index in range(count):
            noise = rng.integers(0, 30, (side, side + 8, 3))
            picture = np.clip(np.array(color_bgr) + noise, 0, 255).astype(np.uint8)
            cv2.imwrite(str(folder / name / f'{index:02d}.png'), picture)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    write_pictures(tmp_path / 'pictures')
    return tmp_path / 'pictures'


@pytest.mark.parametrize(
    ('kind', 'image_px', 'width', 'parameters'),
    [
        ('resnet20', 32, 64, 0.27e6),
        ('wrn_40_2', 32, 128, 2.24e6),
        ('resnet18', 32, 512, 11.17e6),
        ('resnet34', 64, 512, 21.28e6),
        ('resnet50', 96, 2048, 23.5e6),
    ],
)
def test_networks_have_the_published_size(kind, image_px, width, parameters) -> None:
    info = ClassifierInfo(kind=kind, class_names=tuple(map(str, range(10))), image_px=image_px)
    network = ImageClassifier(info).eval()
    with torch.inference_mode():
        image = torch.zeros(2, 3, image_px, image_px, dtype=torch.uint8)
        features, deviations, logits = network.read(image)
    assert features.shape == deviations.shape == (2, width)
    assert logits.shape == (2, 10)
    count = sum(each.numel() for each in network.parameters())
    assert count == pytest.approx(parameters, rel=0.01)


def test_a_zip_file_is_read_like_its_folder(pictures: Path, tmp_path: Path) -> None:
    archive = tmp_path / 'pictures.zip'
    with zipfile.ZipFile(archive, 'w') as file:
        for each in pictures.rglob('*.png'):
            file.write(each, f'train/{each.relative_to(pictures)}')
    from_folder, from_zip = open_images(str(pictures)), open_images(str(archive))
    assert from_zip.class_of == from_folder.class_of == ('blue',) * 8 + ('red',) * 8
    assert np.array_equal(from_zip.picture(9), from_folder.picture(9))
    assert from_folder.picture(9)[..., 0].mean() > from_folder.picture(9)[..., 2].mean()  # RGB


def test_the_middle_square_is_taken_or_random_ones(pictures: Path) -> None:
    images = open_images(str(pictures))
    (middle,) = batches(images, [0], image_px=40)
    assert np.array_equal(middle[0].permute(1, 2, 0).numpy(), images.picture(0)[:, 4:44])
    crops = torch.cat(list(batches(images, range(16), image_px=16, crops=3, seed=1)))
    assert crops.shape == (48, 3, 16, 16)
    again = torch.cat(list(batches(images, range(16), image_px=16, crops=3, seed=1)))
    assert torch.equal(crops, again)


@pytest.mark.parametrize(
    ('spec', 'said'),
    [
        ('/no/such/place', 'neither a folder nor a zip file'),
        ('torchvision:CIFAR10:/tmp', 'must be torchvision:NAME:ROOT:train'),
        ('torchvision:CIFAR11:/tmp:test', "no data set 'CIFAR11'"),
        ('torchvision:CIFAR10:/no/such/place:test', 'put the set there first'),
    ],
)
def test_sets_that_are_not_there_say_what_to_give(spec: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        open_images(spec)


def test_an_empty_folder_and_a_damaged_picture_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='holds no picture'):
        open_images(str(tmp_path))
    (tmp_path / 'a.png').write_bytes(b'nothing')
    with pytest.raises(ValueError, match=r'a\.png cannot be read as a picture'):
        open_images(str(tmp_path)).picture(0)


def test_a_class_without_pictures_is_named(pictures: Path) -> None:
    with pytest.raises(ValueError, match="no picture of class 'green'; the set has blue, red"):
        places_of(open_images(str(pictures)), ('red', 'green'))


def test_training_learns_two_colours_and_its_file_answers_alike(
    pictures: Path, tmp_path: Path
) -> None:
    info = ClassifierInfo(kind='resnet20', class_names=CLASSES, image_px=16)
    images = open_images(str(pictures))
    settings = ClassifierTraining(num_epochs=20, batch_size=8, learning_rate=0.02)
    said: list[str] = []
    network = train_classifier(info, images, settings, tell=said.append)
    places, labels = places_of(images, CLASSES)
    logits = vectors_of(network, images, places).class_logits
    assert (logits.argmax(dim=1) == labels).float().mean() > 0.9
    assert len(said) == 10
    path = tmp_path / 'two.safetensors'
    save_classifier(network, path)
    loaded = load_classifier(path)
    assert loaded.info == info
    again = vectors_of(loaded, images, places).class_logits
    torch.testing.assert_close(again, logits, atol=1e-4, rtol=1e-4)  # another memory layout


def test_published_weights_need_their_kind(tmp_path: Path) -> None:
    info = ClassifierInfo(kind='resnet20', class_names=CLASSES, image_px=32)
    weights = {f'module.{k}': v for k, v in ImageClassifier(info).backbone.state_dict().items()}
    path = tmp_path / 'resnet20.th'
    torch.save({'state_dict': weights, 'best_prec1': 1.0}, path)
    with pytest.raises(ValueError, match='give --kind'):
        load_classifier(path)
    with pytest.raises(ValueError, match='is no wrn_40_2 of 2 classes'):
        load_classifier(path, kind='wrn_40_2', class_names=CLASSES)
    assert load_classifier(path, kind='resnet20', class_names=CLASSES).info == info
    path.write_bytes(b'nothing')
    with pytest.raises(ValueError, match='torch cannot read it'):
        load_classifier(path, kind='resnet20', class_names=CLASSES)
    with pytest.raises(FileNotFoundError, match='evaluate_images train'):
        load_classifier(tmp_path / 'none.safetensors')


def test_figures_by_hand() -> None:
    """Inliers 0..19; 95 % of them kept means energy <= 18; of outliers 10, 30 the first passes."""
    inlier = np.arange(20, dtype=np.float32)
    outlier = np.array([10.5, 30.0], np.float32)
    found = image_figures(inlier, outlier, seed=0)
    assert found.fpr95 == pytest.approx(0.5)
    # 10.5 is below 9 of 20 inliers, 30 below none: (11 + 20) / 40 pairs are in order
    assert found.auroc == pytest.approx(31 / 40)
    assert (found.num_inliers, found.num_outliers) == (20, 2)


def test_the_direction_is_inlier_positive() -> None:
    rng = np.random.default_rng(0)
    inlier = rng.normal(0, 1, 500).astype(np.float32)
    outlier = rng.normal(3, 1, 80).astype(np.float32)
    right, wrong = (
        image_figures(sign * inlier, sign * outlier, seed=0) for sign in (np.float32(1), -1)
    )
    assert right.auroc > 0.95
    assert right.auroc + wrong.auroc == pytest.approx(1, abs=1e-6)
    # about the share of N(3, 1) below the 95 % point of N(0, 1), 1.645
    expected = 0.5 * math.erfc((3 - 1.645) / math.sqrt(2))
    assert right.fpr95 == pytest.approx(expected, abs=0.07)


def test_ten_draws_of_a_fifth_are_averaged() -> None:
    rng = np.random.default_rng(0)
    inlier, outlier = (rng.normal(x, 1, 400).astype(np.float32) for x in (0, 1))
    drawn = image_figures(inlier, outlier, seed=0)
    assert drawn.num_outliers == 80
    assert NUM_DRAWS == 10
    assert drawn != image_figures(inlier, outlier, seed=1)
    assert drawn == image_figures(inlier, outlier, seed=0)


def test_figures_need_both_kinds() -> None:
    with pytest.raises(ValueError, match='0 outlier pictures: give both'):
        image_figures(np.zeros(3, np.float32), np.zeros(0, np.float32), seed=0)
