"""The faults: one change of one place, of the kinds that people make and reviewers miss."""

import ast
from collections.abc import Iterator
from types import CodeType
from typing import NamedTuple


class Mutant(NamedTuple):
    """A changed module; `text` says what was changed, and does not move when other lines do."""

    line: int
    text: str
    code: CodeType
    lines: range  # of the statement that was changed, without the block that it may head
    in_function: bool  # False: what runs when the module is imported (constants, defaults, fields)


COMPARISONS: dict[type[ast.cmpop], list[type[ast.cmpop]]] = {
    ast.Lt: [ast.LtE], ast.LtE: [ast.Lt], ast.Gt: [ast.GtE], ast.GtE: [ast.Gt], ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq],
    ast.Is: [ast.IsNot], ast.IsNot: [ast.Is], ast.In: [ast.NotIn], ast.NotIn: [ast.In],
}  # fmt: skip
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitAnd,
    ast.Pow: ast.Mult,
}  # fmt: skip


def changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """What can be done to a node: what to call it, and what to put there."""
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


NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
SKIPPED = (ast.JoinedStr, ast.Import, ast.ImportFrom)  # the words of errors have snapshots of their own


class Place(NamedTuple):
    """A node, the field of its parent that it is in (and where in the list), and what is around it."""

    node: ast.AST
    parent: ast.AST
    field: str
    at: int | None
    inside: str
    lines: range
    in_function: bool


def places(tree: ast.AST, inside: str = "", lines: range = range(0), *, in_function: bool = False) -> Iterator[Place]:
    """Every node but those of annotations, decorators and texts."""
    for field, value in ast.iter_fields(tree):
        if field in {"annotation", "returns", "decorator_list"} or isinstance(tree, SKIPPED):
            continue
        deep = in_function or (isinstance(tree, FUNCTIONS) and field == "body")
        for at, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(node, ast.AST):
                continue
            name = f"{inside}.{node.name}".lstrip(".") if isinstance(node, NAMED) else inside
            own = head(node) if isinstance(node, ast.stmt) else lines
            yield Place(node, tree, field, at, name, own, deep)
            yield from places(node, name, own, in_function=deep)


def head(statement: ast.stmt) -> range:
    """The lines of a statement, without those of the block that it heads."""
    block = getattr(statement, "body", None)
    end = block[0].lineno if isinstance(block, list) else (statement.end_lineno or statement.lineno) + 1
    return range(statement.lineno, max(end, statement.lineno + 1))


def mutants(source: str, path: str) -> Iterator[Mutant]:
    """Each mutant of a source, compiled with the lines of the original."""
    tree = ast.parse(source)
    seen: dict[str, int] = {}
    for node, parent, field, at, inside, lines, in_function in list(places(tree)):
        if field == "exc" or (isinstance(parent, ast.Subscript) and field == "slice" and inside == ""):
            continue
        for what, change in changes(node):
            shown = " ".join(ast.unparse(node).split())
            text = f"{inside or 'module'}: {shown if len(shown) <= 80 else shown[:77] + '...'} -> {what}"
            seen[text] = seen.get(text, 0) + 1
            if seen[text] > 1:
                text += f" ({seen[text]})"
            put(parent, field, at, ast.copy_location(change, node))
            code = compile(ast.fix_missing_locations(tree), path, "exec")
            put(parent, field, at, node)
            yield Mutant(lines.start, text, code, lines, in_function)


def put(parent: ast.AST, field: str, at: int | None, node: ast.AST) -> None:
    if at is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[at] = node
