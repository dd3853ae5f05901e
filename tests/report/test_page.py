"""Pages: every text escaped, nothing fetched, empty parts left out."""

from html.parser import HTMLParser

import numpy as np
import pytest

from hopfield_pebal_ros.report.chart import Chart, data_uri
from hopfield_pebal_ros.report.page import (
    FramePictures,
    LegendEntry,
    Page,
    Section,
    Table,
    Tile,
    render_page,
)
from hopfield_pebal_ros.report.panels import Panel, to_picture

NASTY = '<script>alert("x")</script> & \'quoted\''


class Collector(HTMLParser):
    """Notes tags in order, what they point to, and all text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.sources: list[str] = []
        self.text = ''

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or '' for name, value in attrs if name in ('src', 'href')]

    def handle_data(self, data: str) -> None:
        self.text += data


def page_with(section: Section, **changes: str) -> Page:
    texts = {'kind': 'kind', 'title': 'title', 'lead': 'lead', 'footer': 'footer', **changes}
    return Page(tiles=(Tile(name='AP', value='50.0', unit='%'),), sections=(section,), **texts)


def parsed(page: Page) -> Collector:
    collector = Collector()
    collector.feed(render_page(page))
    return collector


@pytest.mark.parametrize('place', ['kind', 'title', 'lead', 'footer'])
def test_texts_of_the_page_are_escaped(place: str) -> None:
    found = parsed(page_with(Section(title='s'), **{place: NASTY}))
    assert 'script' not in found.tags
    assert NASTY in found.text


def test_texts_of_a_section_are_escaped() -> None:
    panel = Panel(NASTY, np.zeros((4, 6, 3), np.uint8))
    section = Section(
        title=NASTY,
        text=NASTY,
        facts=((NASTY, NASTY),),
        charts=(Chart(data_uri=data_uri('image/png', b''), width_px=9, alt=NASTY, caption=NASTY),),
        legend=(LegendEntry(NASTY, (1, 2, 3)),),
        frames=(FramePictures(title=NASTY, note=NASTY, pictures=(to_picture(panel),)),),
        table=Table((NASTY,), ((NASTY,),)),
    )
    found = parsed(page_with(section))
    assert 'script' not in found.tags
    assert found.text.count(NASTY) == 11


def test_everything_is_inside_the_page() -> None:
    panel = Panel('camera', np.zeros((4, 6, 3), np.uint8))
    frames = (FramePictures(title='Frame 0', pictures=(to_picture(panel),)),)
    found = parsed(page_with(Section(title='s', frames=frames)))
    assert found.sources
    assert all(source.startswith('data:') for source in found.sources)
    assert not {'link', 'script', 'iframe'} & set(found.tags)


def test_what_is_empty_is_left_out() -> None:
    found = parsed(page_with(Section(title='only a title')))
    assert not {'table', 'figure', 'ul', 'dl', 'details'} & set(found.tags)


def test_a_long_section_can_be_folded() -> None:
    table = Table(('frame', 'AP'), (('0', '50.0'),))
    found = parsed(page_with(Section(title='frames', table=table, is_folded=True)))
    assert found.tags.count('details') == 1
    assert found.tags.count('td') == 2
