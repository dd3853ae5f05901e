"""A closed-set segmentation network whose feature maps can be read by name."""

from typing import Final, cast

from torch import Tensor, nn

from training.models.recomputation import recomputed

LOGITS_TAP: Final = 'logits'
"""Every tapped network has this one: K class logits, then perhaps a background logit."""

OUTLIER_LOGIT_TAP: Final = 'outlier_logit'
"""Networks with an outlier posterior of their own have this one: 1 channel of log-odds."""


class TappedNetwork(nn.Module):
    """Base class; the constructor sets the attributes without a value here."""

    num_classes: int
    """K inlier classes, the first K channels of the tap `logits`."""
    tap_widths: dict[str, int]
    """Channels of each named map."""
    tap_strides: dict[str, int]
    """Image pixels per pixel of each named map, a power of 2."""
    encoder_taps: tuple[str, ...] = ()
    """Names of the maps that come before the decoder."""
    recomputes_activations: bool = False
    """Gradient checkpointing: whether `run` trades computation for memory in training."""

    def taps(self, image: Tensor) -> dict[str, Tensor]:
        """Every named map (B, width, H / stride, W / stride) of a normalised (B, 3, H, W)."""
        raise NotImplementedError

    def run(self, block: nn.Module, *inputs: Tensor) -> Tensor:
        """Return `block(*inputs)`, as the large parts of a network are called in `taps`."""
        if self.recomputes_activations:
            return recomputed(block, *inputs)
        return cast('Tensor', block(*inputs))


def check_input_size(image: Tensor, *, multiple: int) -> None:
    """Raise a ValueError unless height and width of (B, 3, H, W) are multiples of `multiple`."""
    height, width = image.shape[2:]
    if height % multiple or width % multiple:
        raise ValueError(
            f'image height and width must be multiples of {multiple}, '
            f'got {height} {width}; resize or pad it'
        )


def check_batch_for_image_norm(image: Tensor, *, norm: nn.Module) -> None:
    """Raise a ValueError where batch norm of one value an image would have but one value."""
    if norm.training and len(image) < 2:
        raise ValueError(
            'batch norm of the image mean needs at least 2 images a process in training, got '
            '1; raise the batch size or freeze batch norm'
        )
