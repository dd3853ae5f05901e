"""A chart as a picture inside a page: one look for all of them, drawn without a display."""

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INLIER_COLOR: Final = '#3f6f9f'
OUTLIER_COLOR: Final = '#e2661a'
INK: Final = '#22303c'
FAINT_INK: Final = '#66737f'

_STYLE: Final[Any] = {
    'font.size': 9.0,
    'axes.edgecolor': '#b8c0c8',
    'axes.labelcolor': INK,
    'axes.spines.right': False,
    'axes.spines.top': False,
    'axes.grid': True,
    'axes.axisbelow': True,
    'grid.color': '#e8ebee',
    'xtick.color': FAINT_INK,
    'ytick.color': FAINT_INK,
    'text.color': INK,
    'legend.edgecolor': 'none',
    'legend.framealpha': 0.85,
    'svg.hashsalt': 'hopfield_pebal_ros',  # the same chart gives the same bytes
}


_PAGE_PX_PER_INCH: Final = 88
"""On the page, so that text in charts is as large as their captions."""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A picture for a page; `alt` says the same in words."""

    data_uri: str
    width_px: int
    """Its size on the page."""
    alt: str
    caption: str = ''


@contextmanager
def new_axes(width_in: float, height_in: float) -> Iterator[tuple[Figure, Axes]]:
    """Give an empty figure and its axes; all that is drawn in the `with` block has our look."""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(width_in, height_in), layout='constrained')
        yield figure, figure.add_subplot()


def to_chart(figure: Figure, *, alt: str, caption: str = '') -> Chart:
    """Turn a figure into a vector picture that a page carries with it."""
    buffer = io.BytesIO()
    with matplotlib.rc_context(_STYLE):
        figure.savefig(buffer, format='svg', metadata={'Date': None})
    width_px = round(figure.get_figwidth() * _PAGE_PX_PER_INCH)
    content = data_uri('image/svg+xml', buffer.getvalue())
    return Chart(data_uri=content, width_px=width_px, alt=alt, caption=caption)


def data_uri(media_type: str, content: bytes) -> str:
    return f'data:{media_type};base64,{base64.b64encode(content).decode("ascii")}'
