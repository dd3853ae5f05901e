"""A report as plain values, and as one self-contained HTML page; every text is escaped."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from hopfield_pebal_ros.report.chart import Chart

_TEMPLATES: Final = Path(__file__).parent / 'templates'


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A key figure, large."""

    name: str
    value: str
    unit: str = ''
    note: str = ''


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture with its short caption."""

    data_uri: str
    caption: str


@dataclass(frozen=True, kw_only=True)
class FramePictures:
    """The pictures of one frame, side by side."""

    title: str
    note: str = ''
    pictures: tuple[Picture, ...]
    columns: int = 2


@dataclass(frozen=True)
class LegendEntry:
    """A colour and what it stands for."""

    name: str
    color_rgb: tuple[int, int, int]


@dataclass(frozen=True)
class Table:
    """Rows of text; all columns but the first `num_text_columns` are numbers, set to the right."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    num_text_columns: int = 1
    is_sortable: bool = False
    """Whether a click on a column sorts by it."""


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the page; what is empty is left out."""

    title: str
    text: str = ''
    facts: tuple[tuple[str, str], ...] = ()
    charts: tuple[Chart, ...] = ()
    legend: tuple[LegendEntry, ...] = ()
    frames: tuple[FramePictures, ...] = ()
    table: Table | None = None
    is_folded: bool = False


@dataclass(frozen=True, kw_only=True)
class Page:
    """Everything a report says, from top to bottom."""

    kind: str
    title: str
    lead: str
    tiles: tuple[Tile, ...]
    notices: tuple[str, ...] = ()
    sections: tuple[Section, ...]
    footer: str


def render_page(page: Page) -> str:
    """Return the page as HTML that needs no other file and no network."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template('page.html.j2').render(page=page)
