"""A closed-set segmentation network whose feature maps can be read by name."""

from typing import Final

from torch import Tensor, nn

LOGITS_TAP: Final = 'logits'
"""Every tapped network has this one: K class logits, then perhaps a background logit."""


class TappedNetwork(nn.Module):
    """Base class; the constructor sets the three attributes."""

    num_classes: int
    """K inlier classes, the first K channels of the tap `logits`."""
    tap_widths: dict[str, int]
    """Channels of each named map."""
    tap_strides: dict[str, int]
    """Image pixels per pixel of each named map, a power of 2."""

    def taps(self, image: Tensor) -> dict[str, Tensor]:
        """Every named map (B, width, H / stride, W / stride) of a normalised (B, 3, H, W)."""
        raise NotImplementedError


def check_input_size(image: Tensor, *, multiple: int) -> None:
    """Raise a ValueError unless height and width of (B, 3, H, W) are multiples of `multiple`."""
    height, width = image.shape[2:]
    if height % multiple or width % multiple:
        raise ValueError(
            f'image height and width must be multiples of {multiple}, '
            f'got {height} {width}; resize or pad it'
        )
