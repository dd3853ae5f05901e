"""Small bags whose figures are known, and runs of evaluate_bag on them."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from hopfield_pebal_ros.replay.bag_writer import BagWriter, image_message
from hopfield_pebal_ros.replay.bags import CAMERA_TOPIC
from hopfield_pebal_ros.replay.evaluate_bag import main
from tests.replay.example_bags import stamps

HEIGHT, WIDTH = 64, 128
RED_OF_ENERGY_10 = 255  # the tiny model: energy = red / 25.5
RED_OF_ENERGY_2 = 51


def plain_image(red: int = 0, green: int = 0) -> np.ndarray:
    image_bgr = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image_bgr[..., 2] = red
    image_bgr[..., 1] = green
    return image_bgr


def truth_of(label: int) -> np.ndarray:
    return np.full((HEIGHT, WIDTH), label, np.uint8)


def example_frame() -> tuple[np.ndarray, np.ndarray]:
    """One frame of 8192 px whose figures are worked out below."""
    image_bgr = plain_image()
    truth = np.zeros((HEIGHT, WIDTH), np.uint8)
    truth[:, 64:] = 1  # the model says class 0 everywhere
    truth[0:10, 0:20] = OUTLIER_ID
    truth[60:64] = IGNORE_ID
    image_bgr[0:5, 0:20, 2] = RED_OF_ENERGY_10  # 100 outliers of energy 10
    image_bgr[5:10, 0:20, 2] = RED_OF_ENERGY_2  # 100 outliers of energy 2
    image_bgr[20:25, 0:20, 2] = RED_OF_ENERGY_10  # 100 inliers of energy 10
    image_bgr[60:64, :, 2] = RED_OF_ENERGY_10  # not labelled: takes no part
    return image_bgr, truth


def run(bag: Path, model: Path, out: Path, *more: str) -> int:
    return main(['--bag', str(bag), '--model', str(model), '--out', str(out), *more])


def lines_of(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / 'result.jsonl').read_text('utf-8').splitlines()]


def summary_of(out: Path) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads((out / 'summary.json').read_text('utf-8'))
    return summary


def bag_with_encodings(path: Path, encodings: Sequence[str]) -> Path:
    with BagWriter(path, {CAMERA_TOPIC: 'reliable'}) as writer:
        for stamp_ns, encoding in zip(stamps(len(encodings)), encodings, strict=True):
            message = image_message(plain_image(), 'bgr8', stamp_ns=stamp_ns, frame_id='front')
            message = dataclasses.replace(message, encoding=encoding)
            writer.write(CAMERA_TOPIC, stamp_ns, message)
    return path


def refusal(capsys: pytest.CaptureFixture[str], *arguments: Any) -> str:
    capsys.readouterr()
    assert run(*arguments) == 1
    return capsys.readouterr().err
