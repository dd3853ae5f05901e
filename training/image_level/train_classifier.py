"""Train an image classifier on class folders: SGD, cosine decay, flips and shifted crops."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from training.image_level.classifiers import ClassifierInfo, ImageClassifier
from training.image_level.image_sets import ImageSet, batches


@dataclass(frozen=True, kw_only=True)
class ClassifierTraining:
    """Numbers of the training."""

    num_epochs: int = 100
    batch_size: int = 128
    learning_rate: float = 0.1
    weight_decay: float = 5e-4
    largest_shift: float = 0.125
    """Of a crop, as a share of its side."""
    precision: Literal['bf16', 'fp32'] = 'bf16'
    """Of convolutions; bf16 halves the time on a processor with AMX, losses are fp32."""
    seed: int = 0


def places_of(images: ImageSet, class_names: Sequence[str]) -> tuple[list[int], Tensor]:
    """Return which pictures are of these classes, and their class ids (N,).

    Raises:
        ValueError: a class has no picture.
    """
    ids = {name: index for index, name in enumerate(class_names)}
    places = [place for place, name in enumerate(images.class_of) if name in ids]
    labels = torch.tensor([ids[images.class_of[place]] for place in places], dtype=torch.int64)
    missing = [name for name in class_names if ids[name] not in set(labels.tolist())]
    if missing:
        known = ', '.join(sorted(set(images.class_of)))
        raise ValueError(f'no picture of class {missing[0]!r}; the set has {known}')
    return places, labels


def train_classifier(
    info: ClassifierInfo,
    images: ImageSet,
    settings: ClassifierTraining,
    *,
    tell: Callable[[str], None],
) -> ImageClassifier:
    """Return a trained network, in evaluation mode; the pictures are held in memory.

    Args:
        info: what it is to be of.
        images: training pictures; those of other classes are left out.
        settings: of the training.
        tell: is told of each tenth of the epochs.

    Raises:
        ValueError: a class has no picture.
    """
    places, labels = places_of(images, info.class_names)
    pictures = torch.cat(list(batches(images, places, image_px=info.image_px)))
    torch.manual_seed(settings.seed)
    generator = torch.Generator().manual_seed(settings.seed)
    network = ImageClassifier(info).to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.SGD(
        network.parameters(),
        lr=settings.learning_rate,
        momentum=0.9,
        nesterov=True,
        weight_decay=settings.weight_decay,
    )
    num_steps = settings.num_epochs * -(-len(labels) // settings.batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=settings.learning_rate, total_steps=num_steps, pct_start=0.1
    )
    for epoch in range(settings.num_epochs):
        losses = []
        order = torch.randperm(len(labels), generator=generator)
        for chosen in order.split(settings.batch_size):
            varied = _varied(pictures[chosen], settings.largest_shift, generator)
            with torch.autocast('cpu', torch.bfloat16, enabled=settings.precision == 'bf16'):
                logits = network(varied)
            loss = F.cross_entropy(logits.float(), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(float(loss.detach()))
        if (epoch + 1) % max(1, settings.num_epochs // 10) == 0:
            tell(f'epoch {epoch + 1} of {settings.num_epochs}: loss {np.mean(losses):.3f}')
    return network.eval()


def _varied(pictures: Tensor, largest_shift: float, generator: torch.Generator) -> Tensor:
    """Return pictures (B, 3, S, S) uint8, half of them flipped, all shifted over black."""
    side = pictures.shape[2]
    margin = round(largest_shift * side)
    padded = F.pad(pictures, (margin,) * 4)
    found = torch.empty_like(pictures)
    flips = torch.rand(len(pictures), generator=generator) < 0.5
    shifts = torch.randint(0, 2 * margin + 1, (len(pictures), 2), generator=generator)
    for index, (is_flipped, (top, left)) in enumerate(
        zip(flips.tolist(), shifts.tolist(), strict=True)
    ):
        part = padded[index, :, top : top + side, left : left + side]
        found[index] = part.flip(2) if is_flipped else part
    return found
