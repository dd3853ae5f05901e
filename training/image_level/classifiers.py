"""Image classifiers by name, and their checkpoints."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal, Protocol, cast

import torch
import torchvision
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from training.image_level.cifar_resnet import CifarResNet
from training.image_level.wide_resnet import WideResNet
from training.models.deployed import normalised

FORMAT: Final = 1
_KEY: Final = 'classifier'

Kind = Literal['resnet20', 'wrn_40_2', 'resnet18', 'resnet34', 'resnet50']

IMAGENET_SIZE: Final = 224
SMALL_SIZE: Final = 32


class Backbone(Protocol):
    """A network that ends in pooled features and a linear classifier."""

    def volume(self, image: Tensor) -> Tensor: ...

    def classify(self, features: Tensor) -> Tensor: ...


@dataclass(frozen=True, kw_only=True)
class ClassifierInfo:
    """What a checkpoint is of."""

    kind: Kind
    class_names: tuple[str, ...]
    image_px: int
    """Side of the square input."""


class TorchvisionResNet(nn.Module):
    """ResNet-18, 34 or 50; for small pictures with a 3x3 stem and without its pooling."""

    def __init__(self, kind: str, *, num_classes: int, is_small: bool) -> None:
        super().__init__()
        self.body = torchvision.models.get_model(kind, weights=None, num_classes=num_classes)
        if is_small:
            self.body.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
            self.body.maxpool = nn.Identity()

    def volume(self, image: Tensor) -> Tensor:
        body = self.body
        x = body.maxpool(body.relu(body.bn1(body.conv1(image))))
        return cast('Tensor', body.layer4(body.layer3(body.layer2(body.layer1(x)))))

    def classify(self, features: Tensor) -> Tensor:
        return cast('Tensor', self.body.fc(features))


class ImageClassifier(nn.Module):
    """A backbone and what it is of; reads uint8 pictures."""

    def __init__(self, info: ClassifierInfo) -> None:
        """Build with random weights, drawn from torch's generator."""
        super().__init__()
        self.info = info
        num_classes = len(info.class_names)
        backbone: nn.Module
        if info.kind == 'resnet20':
            backbone = CifarResNet(num_classes=num_classes)
        elif info.kind == 'wrn_40_2':
            backbone = WideResNet(num_classes=num_classes)
        else:
            is_small = info.image_px < IMAGENET_SIZE // 2
            backbone = TorchvisionResNet(info.kind, num_classes=num_classes, is_small=is_small)
        self.backbone = backbone

    def read(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return features (B, D), their standard deviation in space (B, D) and logits (B, K).

        Args:
            image: (B, 3, H, W) uint8 RGB.
        """
        backbone = cast('Backbone', self.backbone)
        volume = backbone.volume(normalised(image)).flatten(2)
        features = volume.mean(dim=2)
        return features, volume.std(dim=2, correction=0), backbone.classify(features)

    def forward(self, image: Tensor) -> Tensor:
        """Return logits (B, K) of pictures (B, 3, H, W) uint8 RGB."""
        return self.read(image)[2]


def save_classifier(network: ImageClassifier, path: Path) -> None:
    """Write weights and what they are of, as safetensors."""
    document = {'format': FORMAT, **asdict(network.info)}
    tensors = {name: each.contiguous() for name, each in network.state_dict().items()}
    save_file(tensors, path, metadata={_KEY: json.dumps(document)})


def load_classifier(
    path: Path, *, kind: Kind | None = None, class_names: tuple[str, ...] = ()
) -> ImageClassifier:
    """Read a checkpoint of ours, or a published state dict whose kind and classes are said.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is something else, or kind and classes are missing or do not fit.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f'no classifier {path}; python -m training.evaluate_images train makes one'
        )
    if path.suffix == '.safetensors':
        return _load_ours(path)
    if kind is None or not class_names:
        raise ValueError(
            f'{path} does not say what it is: give --kind, and the test set that it was made for'
        )
    size = SMALL_SIZE if kind in ('resnet20', 'wrn_40_2') else IMAGENET_SIZE
    network = ImageClassifier(ClassifierInfo(kind=kind, class_names=class_names, image_px=size))
    weights = _published_weights(path)
    target = network.backbone.body if hasattr(network.backbone, 'body') else network.backbone
    try:
        cast('nn.Module', target).load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(
            f'{path} is no {kind} of {len(class_names)} classes: {str(error)[:200]}'
        ) from error
    return network.eval()


def _load_ours(path: Path) -> ImageClassifier:
    try:
        with safe_open(path, 'pt') as file:
            document: dict[str, Any] = json.loads((file.metadata() or {})[_KEY])
            weights = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        if document.pop('format') != FORMAT:
            raise ValueError(f'{path} is of another version; train it again')
        document['class_names'] = tuple(document['class_names'])
        network = ImageClassifier(ClassifierInfo(**document))
        network.load_state_dict(weights)
    except (SafetensorError, KeyError, TypeError, json.JSONDecodeError, RuntimeError) as error:
        raise ValueError(
            f'{path} is no classifier of python -m training.evaluate_images train '
            f'({type(error).__name__})'
        ) from error
    return network.eval()


def _published_weights(path: Path) -> dict[str, Tensor]:
    try:
        document = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:  # a damaged file makes the unpickler raise almost anything
        raise ValueError(f'{path}: torch cannot read it ({type(error).__name__})') from error
    weights = document.get('state_dict', document) if isinstance(document, dict) else None
    if not isinstance(weights, dict):
        raise ValueError(f'{path} is no state dict')
    return {name.removeprefix('module.'): each for name, each in weights.items()}
