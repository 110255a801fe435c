"""What a plan was found to be: orders, moves and cuts that are kept; orders that are
none."""

from __future__ import annotations

import pytest

from indexcalc.planning import book
from indexcalc.planning.book import Book, Move, Problem, Room, why_no_order
from indexcalc.sizes import dim

N = dim("n")
CHAIN = ((0, 1), (1, 2), (2, 3))
SIZES = {0: 5, 1: 50, 2: 5, 3: 50}


def test_an_order_is_found_once() -> None:
    """What stands in the book is taken, whatever it is."""
    found = Book()
    order = found.order(CHAIN, (0, 3), SIZES, same=range(3))
    assert why_no_order(order, 3) is None
    (problem,) = found.orders
    assert problem == Problem(CHAIN, (0, 3), tuple(SIZES.items()), (0, 1, 2))
    assert found.orders[problem] == order
    orders = ((1, 2), (0, 1)), ((0, 1), (0, 1))
    other = next(o for o in orders if o != tuple(map(tuple, order)))
    kept = Book({problem: other})
    assert kept.order(CHAIN, (0, 3), SIZES, same=range(3)) == other
    assert kept.order(CHAIN, (0, 3), SIZES, same=(0, 1, 1)) != ()
    assert len(kept.orders) == 2


def test_moves_and_cuts_are_kept() -> None:
    """By the sizes that they are for, and by the room."""
    found = Book()
    known, room = ((N, 4),), Room(((N, 4),), "d", 1_000)
    moves = (Move("local", 3, 0), Move("shared", 0, 1))
    found.note(known, moves)
    found.note(((N, 5),), None)
    assert found.moves == {known: moves, ((N, 5),): None}
    found.note_cuts(room, [(1, 0, 8)])
    assert found.cuts == {room: ((1, 0, 8),)}
    again = Book(found.orders, found.moves, found.cuts)
    assert (again.moves, again.cuts) == (found.moves, found.cuts)
    again.note(known, ())
    assert found.moves[known] == moves


def test_the_oldest_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond so many of a kind."""
    monkeypatch.setattr(book, "MOST", 3)
    found = Book()
    for k in range(5):
        found.note(((N, k),), ())
    assert list(found.moves) == [((N, 2),), ((N, 3),), ((N, 4),)]


NO_ORDERS = {
    ((0, 1),): (3, "1 steps for 3 operands"),
    (): (2, "0 steps for 2 operands"),
    ((0, 1), (0, 1)): (2, "2 steps for 2 operands"),
    ((0, 0),): (2, "step 0 does not take two operands"),
    ((0, 1, 2),): (2, "step 0 does not take two operands"),
    ((0,),): (2, "step 0 does not take two operands"),
    ((0, 2),): (2, "step 0 takes operand 2 of 2"),
    ((-1, 0),): (2, "step 0 takes operand 0 of 2"),
    ((0, 1), (1, 2)): (3, "step 1 takes operand 2 of 2"),
}


@pytest.mark.parametrize("order", NO_ORDERS, ids=str)
def test_what_is_no_order(order: tuple[tuple[int, ...], ...]) -> None:
    """Of so many operands, two at a time, each of those that are left."""
    count, why = NO_ORDERS[order]
    assert why_no_order(order, count) == why


@pytest.mark.parametrize(
    ("order", "count"),
    [((), 0), ((), 1), (((0, 1),), 2), (((1, 0),), 2), (((1, 2), (0, 1)), 3)],
)
def test_what_is_an_order(order: tuple[tuple[int, ...], ...], count: int) -> None:
    """Every step takes two of those that are left."""
    assert why_no_order(order, count) is None
