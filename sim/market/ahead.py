"""Memory asked for ahead: whoever goes through rows in an order that memory is not in waits for each; asked for some turns before, it is there when its turn comes.

Nothing is read or changed, so that no result depends on it.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, config, types
from numba.extending import intrinsic

from sim.kernels import inner

AHEAD = 8
"""Turns, of some hundred nanoseconds each."""


@intrinsic
def ask_for_row(_: Any, array: Any, row: Any) -> Any:  # pyright: ignore[reportRedeclaration]
    """Ask for the memory in which a row of an array begins (`llvm.prefetch`)."""
    if not isinstance(array, types.Array) or not isinstance(row, types.Integer):
        return None

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        given = context.make_array(signature.args[0])(context, builder, args[0])
        width = cgutils.unpack_tuple(builder, given.strides)[0]
        start = builder.bitcast(given.data, cgutils.voidptr_t)
        place = builder.gep(start, [builder.mul(args[1], width)])
        word = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [place.type, word, word, word])
        prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(prefetch, [place, word(0), word(3), word(1)])  # to read, soon again, data
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


if config.DISABLE_JIT:  # pyright: ignore[reportAttributeAccessIssue]

    def ask_for_row(array: Any, row: int) -> None:  # pyright: ignore[reportRedeclaration]
        """Nothing is asked for where Python itself goes through the rows."""


@inner
def ask_for_friends(c: int, friends: Any, what: Any) -> None:
    """Ask for the rows of ``what`` of the friends of a consumer."""
    for k in range(friends.start[c], friends.start[c + 1]):
        ask_for_row(what, friends.who[k])
