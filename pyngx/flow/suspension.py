"""Where a generator can be left and entered again.

Reading input suspends. A ``yield`` by itself does not: what is yielded between two reads is
bounded by the code, so that room for it is made sure of once, at the read. Only a loop that yields
and does not read could yield without bound; its head suspends when there is no room.
"""

from __future__ import annotations

from pyngx.flow.walk import blocks, statements
from pyngx.tree import (
    Block,
    ForBody,
    ForBytes,
    ForChain,
    ForLines,
    ForList,
    ForRange,
    ForScan,
    Inline,
    ReadInto,
    Stmt,
    While,
    Yield,
    YieldRest,
    YieldSubrequest,
)

LOOPS = (While, ForRange, ForBytes, ForList, ForChain, ForBody, ForLines, ForScan)


def reads(stmt: Stmt) -> bool:
    """Whether the statement itself waits for input."""
    return isinstance(stmt, ForBody | ForLines | ForScan | ReadInto | YieldRest)


def yields(block: Block) -> bool:
    """Whether something in the block yields."""
    return any(isinstance(s, Yield | YieldSubrequest) for s in statements(block))


def waits_for_room(stmt: Stmt) -> bool:
    """Whether the statement is a loop whose head waits for room. One that reads in each round
    before anything else does so in the read."""
    if isinstance(stmt, While) and stmt.body and reads(stmt.body[0]):
        return False
    return isinstance(stmt, While | ForRange | ForBytes) and yields(stmt.body)


def goes_on(stmt: Stmt) -> bool:
    """Whether a statement is a loop that goes on for as long as the body does, or the client takes
    what it sends. Any other ends in the call in which it begins."""
    return isinstance(stmt, LOOPS) and any(
        reads(inner) or isinstance(inner, Yield | YieldSubrequest | Inline)
        for inner in statements((stmt,))
    )


def suspends(stmt: Stmt) -> bool:
    """Whether the generator can be suspended within the statement."""
    return (
        reads(stmt)
        or isinstance(stmt, Inline)
        or waits_for_room(stmt)
        or any(suspends(inner) for block in blocks(stmt) for inner in block)
    )
