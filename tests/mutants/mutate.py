"""The faults: one change of one place, of the kinds that people make and reviewers miss."""

import ast
from collections.abc import Iterator
from copy import deepcopy
from typing import NamedTuple


class Mutant(NamedTuple):
    """A changed source; `text` says what was changed, and does not move when other lines do."""

    line: int
    text: str
    source: str


COMPARISONS: dict[type[ast.cmpop], list[type[ast.cmpop]]] = {
    ast.Lt: [ast.LtE], ast.LtE: [ast.Lt], ast.Gt: [ast.GtE], ast.GtE: [ast.Gt], ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq],
    ast.Is: [ast.IsNot], ast.IsNot: [ast.Is], ast.In: [ast.NotIn], ast.NotIn: [ast.In],
}  # fmt: skip
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitAnd,
    ast.Pow: ast.Mult,
}  # fmt: skip


def changes(node: ast.AST) -> Iterator[tuple[str, ast.AST | None]]:
    """What can be done to a node: what to call it, and what to put there (None: nothing)."""
    match node:
        case ast.Compare(ops=[op]):
            for other in COMPARISONS[type(op)]:
                yield other.__name__, ast.Compare(node.left, [other()], node.comparators)
        case ast.Compare(ops=ops):
            for place, op in enumerate(ops):
                for other in COMPARISONS[type(op)]:
                    yield (
                        f"{other.__name__} at {place}",
                        ast.Compare(node.left, [*ops[:place], other(), *ops[place + 1 :]], node.comparators),
                    )
        case ast.BinOp(op=op) if type(op) in OPERATORS:
            yield OPERATORS[type(op)].__name__, ast.BinOp(node.left, OPERATORS[type(op)](), node.right)
        case ast.BoolOp(op=op, values=values):
            yield "the other of and, or", ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.UnaryOp(op=ast.Not()):
            yield "without not", node.operand
        case ast.Constant(value=bool() as value):
            yield str(not value), ast.Constant(not value)
        case ast.Constant(value=int() as value):
            yield str(value + 1), ast.Constant(value + 1)
        case ast.Constant(value=bytes() as value) if value:
            yield "no bytes", ast.Constant(b"")
        case ast.IfExp():
            yield "the other way round", ast.IfExp(node.test, node.orelse, node.body)
        case ast.Expr(value=ast.Call()):
            yield "dropped", ast.Pass()
        case ast.Raise():
            yield "dropped", ast.Pass()
        case ast.Slice(lower=ast.expr(), upper=upper):
            yield "without its beginning", ast.Slice(None, upper, node.step)
        case ast.Slice(lower=None, upper=ast.expr()):
            yield "without its end", ast.Slice(None, None, node.step)


SKIPPED = (ast.JoinedStr, ast.Import, ast.ImportFrom)  # the words of errors have snapshots of their own


def places(tree: ast.AST, inside: str = "") -> Iterator[tuple[str, ast.AST, ast.AST, str, int | None]]:
    """Every node with its parent, the field that it is in, and the function or class around it."""
    for field, value in ast.iter_fields(tree):
        if field in {"annotation", "returns", "decorator_list"} or isinstance(tree, SKIPPED):
            continue
        for place, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(node, ast.AST):
                continue
            name = f"{inside}.{node.name}".lstrip(".") if isinstance(node, ast.FunctionDef | ast.ClassDef) else inside
            yield name, node, tree, field, place
            yield from places(node, name)


def mutants(source: str) -> Iterator[Mutant]:
    """Each mutant of a source."""
    tree = ast.parse(source)
    seen: dict[str, int] = {}
    nodes = list(places(tree))
    for number, (inside, node, parent, field, _) in enumerate(nodes):
        if field == "exc" or (isinstance(parent, ast.Subscript) and field == "slice" and inside == ""):
            continue
        for what, change in changes(node):
            shown = " ".join(ast.unparse(node).split())
            text = f"{inside or 'module'}: {shown if len(shown) <= 80 else shown[:77] + '...'} -> {what}"
            seen[text] = seen.get(text, 0) + 1
            if seen[text] > 1:
                text += f" ({seen[text]})"
            changed = deepcopy(tree)
            _, _, holder, name, place = list(places(changed))[number]
            if place is None:
                setattr(holder, name, change)
            else:
                getattr(holder, name)[place] = change
            yield Mutant(getattr(node, "lineno", 0), text, ast.unparse(ast.fix_missing_locations(changed)))
