"""Jinja as it is, with less work for each of the thousands of things a long list draws."""

from __future__ import annotations

from functools import lru_cache
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from flask import Flask
from jinja2 import StrictUndefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context, Macro

_PLAIN = frozenset({FunctionType, MethodType, BuiltinFunctionType, type(lru_cache(lambda: None))})


class _Context(Context):
    """Before each call Jinja looks in four places whether the callee wants to be handed the context;
    macros and plain functions answer in one."""

    def call(self, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        kind = type(obj)
        if kind is Macro:
            args = (self.eval_ctx, *args)
        elif kind not in _PLAIN or hasattr(obj, "jinja_pass_arg"):
            return super().call(obj, *args, **kwargs)
        kwargs.pop("_block_vars", None)
        kwargs.pop("_loop_vars", None)
        return obj(*args, **kwargs)


class _Code(CodeGenerator):
    """`{{ 'x' if y }}` is empty text where y is not so, instead of an object made to become empty text."""

    def visit_CondExpr(self, node: nodes.CondExpr, frame: Frame) -> None:  # noqa: N802 (Jinja's name)
        if node.expr2 is None:
            node.expr2 = nodes.Const("")
        super().visit_CondExpr(node, frame)


def init_app(app: Flask) -> None:
    env = app.jinja_env
    env.context_class = _Context
    env.code_generator_class = _Code
    env.undefined = StrictUndefined
    env.trim_blocks = True
    env.lstrip_blocks = True
