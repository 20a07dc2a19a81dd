"""The texts of errors that users read, out of the source: templates with holes, as `No such list: {spec}`.

An error is written where it is raised, mostly as an f-string, and may be made of variables, constants,
alternatives and what functions return; those are followed as far as can be told without running anything.
What cannot be told is a hole. A hole that holds a text of an error again is written with a star, `{*error}`:
an error that was caught, what the system says of a number, or a text of which the parts are known, which are
templates by themselves then."""  # noqa: INP001  (it lies beside the scripts that use it)

import ast
import itertools
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

ROOTS = (
    "BadInput",
    "LocalTrouble",
    "CorruptEntry",
    "NoText",
    "Unreachable",
    "PostmapFailed",
    "_NoValue",
    "Unusable",
)
"""Errors whose texts users read, with all that derive from them."""
OF_CLICK = ("UsageError", "BadParameter")
SILENT = ("ingress/", "runners/", "delivery/")
"""What raises errors that only logs and peers are told of, but for BadInput."""
VALUES = ("lists/kinds.py", "config/values.py", "config/places.py", "spool/entry.py", "config/archivers.py")
"""Where a ValueError says what is wrong with something that a user has written."""
RETURNING = {
    "actions/template_check.py": ("_of_name",),
    "actions/templates.py": ("_note", "shown"),
    "config/incumbent.py": ("notice", "refusal", "database_mismatch", "translate", "plain_format", "psycopg"),
    "config/pairs.py": (
        *("_login", "_password", "_back_off", "_delimiter", "_loop", "_socketmap_port", "_socketmap_path"),
        *("_lmtp_path", "_spool_apart"),
    ),
    "config/reader.py": ("suggestion",),
    "delivery/outbox.py": ("status",),
    "delivery/smtp.py": ("status",),
    "postfix/delimiter.py": ("check",),
    "sources/files.py": ("_opened",),
}
"""Functions that return texts of errors, alone or in tuples."""
TAKING = frozenset(
    {
        *("wrong", "fail", "spoken_error", "Finding", "BadLine", "Unshunted", "Kind", "Trouble", "error"),
        *("matching", "_pattern", "_matched", "_several", "one_of"),
    }
)
"""Further calls that take texts of errors, in these packages."""
TAKING_IN = ("actions/", "cli/", "config/", "lists/", "sources/", "spool/")
PROSE = frozenset({"wrong", "remedy", "reason", "what", "noun", "more", "where", "error"})
"""Parameters and variables that hold texts of errors, whoever gives them."""
CAUGHT = frozenset({"error", "wrong", "reason"})
"""Names of what is an error, or the text of one, in a hole."""
FURTHER = {
    "actions/template_check.py": ("there is no such list", "there is no such domain"),
    "config/incumbent.py": ("has no effect: {*reason}",),
    "server/control.py": ("the server refused", "AF_UNIX path too long"),
    "asyncio": tuple(
        f"error while attempting to bind on address {{address}}: {why}"
        for why in ("address already in use", "permission denied", "cannot assign requested address")
    ),
    "getaddrinfo(3)": ("Name or service not known", "Temporary failure in name resolution"),
    "httpx": ("All connection attempts failed", "Server disconnected without sending a response."),
}
"""Texts that are put together of words, and those of others that are told further."""
NUMBERS = (
    1,
    2,
    5,
    11,
    12,
    13,
    17,
    18,
    20,
    21,
    22,
    24,
    26,
    27,
    28,
    30,
    32,
    36,
    39,
    40,
    98,
    99,
    104,
    110,
    111,
    113,
    122,
)
"""Errors of the system that a command is likely to meet, errno(3) on Linux."""
HOLE = re.compile(r"\{(\*?)([a-z][a-z0-9_]*)\}")
_DEEPEST = 12
_MOST = 64
"""Texts that one expression may stand for."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
Seen = tuple[ast.AST, ...]
"""The expressions that are being followed."""


@dataclass
class Module:
    """One file. path: below the package; functions: by name; owner: the function that a node is in."""

    path: str
    tree: ast.Module
    functions: dict[str, list[Function]] = field(default_factory=dict)
    owner: dict[ast.AST, Function] = field(default_factory=dict)

    def note(self, node: ast.AST, owner: Function | None = None) -> None:
        """Fills the tables from `node` on."""
        for child in ast.iter_child_nodes(node):
            if owner is not None:
                self.owner[child] = owner
            if isinstance(child, Function):
                self.functions.setdefault(child.name, []).append(child)
                self.note(child, child)
            else:
                self.note(child, owner)


def modules(source: Path) -> list[Module]:
    """Those below `source`, but migrations."""
    found = []
    for path in sorted(source.rglob("*.py")):
        if "migrations" not in path.parts:
            found.append(Module(str(path.relative_to(source)), ast.parse(path.read_text("utf-8"))))
            found[-1].note(found[-1].tree)
    return found


class ErrorTexts:
    """All of them. texts: template → files it is from."""

    def __init__(self, source: Path) -> None:
        self.texts: dict[str, set[str]] = {}
        self._modules = modules(source)
        self._same: dict[str, str] = {}
        self._known: dict[ast.AST, list[str]] = {}
        self._calls: dict[str, list[tuple[Module, ast.Call]]] = {}
        for module in self._modules:
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Call):
                    self._calls.setdefault(_last_word(node.func), []).append((module, node))
        self._classes = self._derived()
        for module in self._modules:
            self._of_module(module)
        for place, texts in FURTHER.items():
            for text in texts:
                self.add(text, place)
        for number in NUMBERS:
            self.add(os.strerror(number), "errno(3)")

    def add(self, text: str, place: str) -> None:
        """One more. Of those that differ only in the names of holes the first stays."""
        literals = HOLE.sub("{}", text)
        if len(re.findall("[A-Za-z]", literals)) < 2:
            return
        known = self._same.setdefault(literals, text)
        if text.count("{*") > known.count("{*"):
            self.texts[text] = self.texts.pop(known)
            known = self._same[literals] = text
        self.texts.setdefault(known, set()).add(place)

    def _derived(self) -> frozenset[str]:
        """The names of the classes that are or derive from one of `ROOTS`."""
        bases = {
            node.name: {_last_word(base) for base in node.bases}
            for module in self._modules
            for node in ast.walk(module.tree)
            if isinstance(node, ast.ClassDef)
        }
        found = set(ROOTS)
        while more := {name for name, its in bases.items() if found & its} - found:
            found |= more
        return frozenset(found)

    def _of_module(self, module: Module) -> None:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and self._is_error(module, node):
                named = [keyword.value for keyword in node.keywords if keyword.arg in PROSE]
                for argument in (*node.args, *named):
                    self._take(module, argument, loosely=_last_word(node.func) in TAKING)
            elif isinstance(node, ast.Return) and node.value is not None:
                owner = module.owner.get(node)
                if owner is not None and owner.name in RETURNING.get(module.path, ()):
                    self._take(module, node.value, loosely=True)
            elif isinstance(node, ast.Assign) and _is_wrong(node.targets[0]):
                self._take(module, node.value)

    def _is_error(self, module: Module, call: ast.Call) -> bool:
        """Whether the arguments of a call are texts of errors."""
        name = _last_word(call.func)
        if module.path.startswith(SILENT):
            return name == "BadInput"
        if name == "ValueError":
            return module.path in VALUES
        if name == "of" and isinstance(call.func, ast.Attribute):
            return _last_word(call.func.value) in self._classes
        if name == "__init__":
            inside = (one for one in module.tree.body if isinstance(one, ast.ClassDef))
            return any(one.name in self._classes and call in ast.walk(one) for one in inside)
        if name in self._classes or name in OF_CLICK:
            return True
        if name == "error" and ast.unparse(call.func) != "regex.error":
            return False
        return name in TAKING and module.path.startswith(TAKING_IN)

    def _take(self, module: Module, node: ast.expr, *, loosely: bool = False) -> None:
        """Adds what an argument may be. loosely: it may be no text at all; then a single word is none."""
        if isinstance(node, ast.Starred | ast.Lambda):
            return
        for one in node.elts if isinstance(node, ast.Tuple) else [node]:
            for text in self._texts(module, one, ()):
                if not loosely or " " in text:
                    self.add(text, module.path)

    def _texts(self, module: Module, node: ast.expr, seen: Seen) -> list[str]:
        """Everything that an expression may be, as far as it can be told; nothing where it cannot at all."""
        if node in seen or len(seen) > _DEEPEST:
            return []
        if node not in self._known:
            self._known[node] = list(dict.fromkeys(self._followed(module, node, (*seen, node))))[:_MOST]
        return self._known[node]

    def _followed(self, module: Module, node: ast.expr, seen: Seen) -> list[str]:
        match node:
            case ast.Constant(value=str(text)):
                return [text]
            case ast.JoinedStr(values=values):
                return self._joined(module, values, seen)
            case ast.IfExp(body=one, orelse=other):
                return self._texts(module, one, seen) + self._texts(module, other, seen)
            case ast.BoolOp(values=several) | ast.Tuple(elts=several):
                return [text for value in several for text in self._texts(module, value, seen)]
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                sides = [self._texts(module, side, seen) or [_hole(side)] for side in (left, right)]
                return _products(sides)
            case ast.Name(id=name):
                return self._named(module, node, name, seen)
            case ast.Call(func=ast.Name(id=name)):
                return self._returned(module, name, seen)
        return []

    def _joined(self, module: Module, values: list[ast.expr], seen: Seen) -> list[str]:
        """What an f-string may be."""
        parts: list[list[str]] = []
        for value in values:
            if not isinstance(value, ast.FormattedValue):
                parts.append(self._texts(module, value, seen))
            elif value.conversion != -1:
                parts.append([_hole(value.value)])
            else:
                parts.append(
                    self._in_hole(module, value.value, seen, alone=not parts and not _has_prose(values))
                )
        return [_numbered(text) for text in _products(parts)]

    def _in_hole(self, module: Module, node: ast.expr, seen: Seen, *, alone: bool) -> list[str]:
        """A hole, or the texts themselves that may stand there. alone: at the beginning of a text that has no
        letters of its own, as `{wrong}: {value}`."""
        if isinstance(node, ast.IfExp) and all(
            isinstance(one, ast.Constant) for one in (node.body, node.orelse)
        ):
            return self._texts(module, node, seen)
        fragments = self._fragments(module, node, seen)
        if fragments and alone:
            return fragments
        for fragment in fragments:
            self.add(fragment, module.path)
        return [_hole(node, is_error=bool(fragments) or _is_caught(node))]

    def _fragments(self, module: Module, node: ast.expr, seen: Seen) -> list[str]:
        """What may stand in a hole, as far as it is prose: no names or values."""
        found = [] if isinstance(node, ast.Constant) else self._texts(module, node, seen)
        is_prose = isinstance(node, ast.BoolOp | ast.IfExp) or (
            isinstance(node, ast.Name) and node.id in PROSE
        )
        return [text for text in found if text and text == text.strip() and (is_prose or " " in text)]

    def _named(self, module: Module, node: ast.Name, name: str, seen: Seen) -> list[str]:
        """What is assigned to a name, or given for a parameter; in the function, else in the module."""
        owner = module.owner.get(node)
        while owner is not None:
            found = [
                text
                for one in ast.walk(owner)
                if isinstance(one, ast.Assign) and any(_is_name(target, name) for target in one.targets)
                for text in self._texts(module, one.value, seen)
            ]
            parameters = [argument.arg for argument in (*owner.args.posonlyargs, *owner.args.args)]
            if not found and name in parameters and name in PROSE:
                found = self._given(owner, parameters, name, seen)
            if found or name in parameters:
                return found
            owner = module.owner.get(owner)
        found = []
        for one in module.tree.body:
            match one:
                case ast.Assign(targets=targets, value=value) if any(_is_name(to, name) for to in targets):
                    found += self._texts(module, value, seen)
                case ast.AnnAssign(target=target, value=ast.expr() as value) if _is_name(target, name):
                    found += self._texts(module, value, seen)
        return found

    def _given(self, owner: Function, parameters: list[str], name: str, seen: Seen) -> list[str]:
        """What callers give for a parameter."""
        index = parameters.index(name) - (parameters[0] in {"self", "cls"})
        found: list[str] = []
        for module, call in self._calls.get(owner.name, ()):
            given = [keyword.value for keyword in call.keywords if keyword.arg == name]
            positional = call.args[: index + 1]
            if len(positional) > index and not any(isinstance(one, ast.Starred) for one in positional):
                given.append(positional[index])
            for one in given:
                found += self._texts(module, one, seen)
        return found

    def _returned(self, module: Module, name: str, seen: Seen) -> list[str]:
        """What the functions of a name return."""
        return [
            text
            for function in module.functions.get(name, ())
            for node in ast.walk(function)
            if isinstance(node, ast.Return) and node.value is not None and module.owner.get(node) is function
            for text in self._texts(module, node.value, seen)
        ]


def _last_word(node: ast.expr) -> str:
    """`c` of `a.b.c`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _is_name(target: ast.expr, name: str) -> bool:
    return isinstance(target, ast.Name) and target.id == name


def _is_wrong(target: ast.expr) -> bool:
    return isinstance(target, ast.Subscript) and ast.unparse(target.value) == "self.wrong"


def _has_prose(parts: list[ast.expr]) -> bool:
    """Whether an f-string has letters of its own."""
    return any(isinstance(one, ast.Constant) and re.search("[A-Za-z]{2}", str(one.value)) for one in parts)


def _is_caught(node: ast.expr) -> bool:
    """Whether it is an error that was caught, its text, or what the system says of it."""
    if isinstance(node, ast.BoolOp):
        return any(map(_is_caught, node.values))
    if isinstance(node, ast.Attribute):
        return node.attr in {"strerror", "remedy"} or (node.attr == "text" and _is_caught(node.value))
    return _is_wrong(node) or (isinstance(node, ast.Name) and node.id in CAUGHT)


def _products(parts: list[list[str]]) -> list[str]:
    return ["".join(chosen) for chosen in itertools.islice(itertools.product(*parts), _MOST)]


def _hole(node: ast.expr, *, is_error: bool = False) -> str:
    """`{name}`, after the last word of the expression."""
    if isinstance(node, ast.BoolOp):
        node = node.values[0]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        node = node.args[0] if node.func.attr == "join" else node.func
    words = re.findall(r"[A-Za-z_][A-Za-z0-9_]*", re.split(r"[\[(]", ast.unparse(node))[0])
    return "{" + "*" * is_error + (words[-1].strip("_").lower() if words else "value") + "}"


def _numbered(text: str) -> str:
    """With another name for each hole."""
    seen: dict[str, int] = {}

    def name(found: re.Match[str]) -> str:
        count = seen[found[2]] = seen.get(found[2], 0) + 1
        return f"{{{found[1]}{found[2]}{count if count > 1 else ''}}}"

    return HOLE.sub(name, text)
