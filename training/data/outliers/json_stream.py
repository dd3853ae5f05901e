"""Read the lists of a large JSON object element by element, in bounded memory."""

import json
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

CHUNK_BYTES: Final = 4 * 2**20
_SPACE: Final = ' \t\r\n'


class Element(NamedTuple):
    """One element of a list and where its text lies in the file."""

    section: str
    """Key of the list."""
    value: Any
    start: int
    """Byte at which it begins."""
    num_bytes: int


def stream_elements(path: Path, sections: Container[str]) -> Iterator[Element]:
    """Yield the elements of the lists under `sections` of the object that the file holds.

    Strings come as latin-1, a character a byte, so that places are bytes; `as_text` mends them.

    Raises:
        ValueError: the file is not a JSON object, or ends too early.
    """
    with path.open('rb') as file:
        window = _Window(file)
        try:
            window.expect('{')
            while not window.take('}'):
                key = window.value()
                window.expect(':')
                if key in sections and window.take('['):
                    while not window.take(']'):
                        start = window.place()
                        value = window.value()
                        yield Element(key, value, start, window.place() - start)
                        window.take(',')
                else:
                    window.value()
                window.take(',')
        except json.JSONDecodeError as error:
            raise ValueError(
                f'{path} is no whole JSON object: {error.msg} near byte {window.place()}; '
                'was it copied completely?'
            ) from error


def as_text(latin: str) -> str:
    return latin.encode('latin-1').decode('utf-8')


class _Window:
    """The part of the file that is being parsed."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decoder = json.JSONDecoder()
        self._text = ''
        self._at = 0
        self._dropped = 0
        self._is_whole = False

    def place(self) -> int:
        """Return the byte of the file at which the next value begins or the last one ended."""
        return self._dropped + self._at

    def value(self) -> Any:
        """Parse the next value, reading on until it is complete."""
        self._skip_space()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError:
                if self._is_whole:
                    raise
            else:
                if end < len(self._text) or self._is_whole:  # a number may go on
                    self._at = end
                    return value
            self._read_on()

    def take(self, character: str) -> bool:
        """Step over a character and the space around it, if it comes next."""
        self._skip_space()
        if self._text[self._at : self._at + 1] != character:
            return False
        self._at += 1
        self._skip_space()
        return True

    def expect(self, character: str) -> None:
        if not self.take(character):
            raise json.JSONDecodeError(f'expected {character}', self._text, self._at)

    def _skip_space(self) -> None:
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text) or self._is_whole:
                return
            self._read_on()

    def _read_on(self) -> None:
        more = self._file.read(CHUNK_BYTES)
        self._is_whole = not more
        self._dropped += self._at
        self._text = self._text[self._at :] + more.decode('latin-1')
        self._at = 0
