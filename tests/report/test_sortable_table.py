from hopfield_pebal_ros.report.page import (
    FramePictures,
    Page,
    Picture,
    Section,
    Table,
    render_page,
)


def page_of(section):
    return render_page(
        Page(kind='k', title='t', lead='l', tiles=(), sections=(section,), footer='f')
    )


def table(is_sortable):
    return Section(title='s', table=Table(('a',), (('1',),), is_sortable=is_sortable))


def test_a_sortable_table_brings_its_script():
    html = page_of(table(is_sortable=True))
    assert '<table class="sortable">' in html
    assert "querySelectorAll('table.sortable')" in html


def test_other_pages_have_no_script():
    html = page_of(table(is_sortable=False))
    assert '<script' not in html
    assert 'class="tiles"' not in html


def test_pictures_may_stand_in_three_columns():
    frame = FramePictures(
        title='t', columns=3, pictures=(Picture(data_uri='data:,', caption='c'),)
    )
    assert 'style="--columns: 3"' in page_of(Section(title='s', frames=(frame,)))
