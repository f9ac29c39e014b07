"""Work done together: each item once, one of a key at a time, and a bad one fails alone."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.payments.together import Take, Together


class Book:
    """Work that takes a moment and keeps what it was given, all or nothing."""

    def __init__(self, bad: str = "") -> None:
        self.groups: list[list[str]] = []
        self.bad, self.shut = bad, False
        self._alone = threading.Lock()

    def write(self, take: Take[str]) -> None:
        with self._alone:
            if self.shut:
                raise OSError("shut")
            time.sleep(0.01)
            items = take()
            if self.bad in items:
                raise ValueError(self.bad)
            self.groups.append(items)


def test_whoever_comes_alone_does_it_at_once() -> None:
    together: Together[str] = Together(10)
    book = Book()
    together.do(1, "a", book.write)
    together.do(1, "b", book.write)
    assert book.groups == [["a"], ["b"]]


def test_a_crowd_does_it_in_few_groups_each_once_and_never_two_of_a_key() -> None:
    together: Together[str] = Together(7)
    book = Book()
    wanted = [(number % 50, f"{number % 50}:{number}") for number in range(200)]
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda wish: together.do(*wish, book.write), wanted))
    assert sorted(item for group in book.groups for item in group) == sorted(item for _, item in wanted)
    assert len(book.groups) < 100
    for group in book.groups:
        keys = [item.partition(":")[0] for item in group]
        assert len(keys) == len(set(keys)) <= 7


def test_what_fails_fails_for_its_own_alone_and_the_next_are_served() -> None:
    together: Together[str] = Together(10)
    book = Book(bad="x5")

    def do(number: int) -> str:
        try:
            together.do(number, f"x{number}", book.write)
        except ValueError as error:
            return str(error)
        return "done"

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(do, range(40)))
    assert answers == ["x5" if number == 5 else "done" for number in range(40)]
    assert sorted(item for group in book.groups for item in group) == sorted(f"x{n}" for n in range(40) if n != 5)
    with pytest.raises(ValueError, match="x5"):
        together.do(5, "x5", book.write)
    together.do(6, "again", book.write)
    assert book.groups[-1] == ["again"]


def test_where_it_cannot_even_begin_all_are_told_and_the_next_are_served() -> None:
    together: Together[str] = Together(10)
    book = Book()
    book.shut = True

    def do(number: int) -> str:
        try:
            together.do(number, f"x{number}", book.write)
        except OSError as error:
            return str(error)
        return "done"

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(do, range(40))) == {"shut"}
    book.shut = False
    assert do(1) == "done"
    assert book.groups == [["x1"]]
