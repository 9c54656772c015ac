"""Every public name is held against PyTorch: by at least two snippets of the golden files, one of them a corner.

A snippet uses a name if it calls it (``torch.name(``, ``x.name(``), reads it (``x.T``), or has the operator of a row.
A corner is an error or a warning, or a snippet that mentions NaN, an infinity, an empty or a 0-d operand, integers or
bools, another dtype, a negative dimension, ``keepdim``, ``out=``; or that says so in a line ``#: corner``.
"""
import ast
import re

import golden_torch

import autodiff
from autodiff import rules
from checks import public as function_of

#: What PyTorch does not have, or has with another meaning: words of NumPy and MXNet, and what describes this library.
NOT_PYTORCHS = {"asarray", "asnumpy", "asscalar", "attach_grad", "drop_grad", "astype", "copy", "memory_stats",
                "release_memory", "cbrt", "cbrt_", "defjvp", "defvjp", "value_and_grad", "elementwise_grad", "holomorphic_grad",
                "lift", "compile", "sparse_hessian", "sparse_jacobian", "draw", "checkpointed_loop",
                "sample_beta", "sample_dirichlet", "standard_gamma"}
#: What other files of tests hold against what PyTorch documents.
ELSEWHERE = {
    "linearize": "PyTorch warns of itself",
    "get_printoptions": "printing", "printoptions": "printing", "set_printoptions": "printing",
    "manual_seed": "random numbers are NumPy's", "rand": "", "rand_like": "", "randint": "", "randn": "", "randn_like": "",
    "seed": "random numbers are NumPy's", "initial_seed": "the same",
    "save": "a format of its own", "load": "the same",
    "enable_grad": "modes", "inference_mode": "modes", "is_grad_enabled": "modes", "is_inference_mode_enabled": "modes",
    "no_grad": "modes", "set_grad_enabled": "modes", "is_inference": "modes",
    "is_anomaly_enabled": "modes", "is_anomaly_check_nan_enabled": "modes", "set_anomaly_enabled": "modes",
    "data_ptr": "an address", "from_dlpack": "arrays of other libraries", "volatile": "gone from PyTorch",
    "register_hook": "hooks", "register_post_accumulate_grad_hook": "hooks",
}
BINARY = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow", ast.MatMult: "matmul",
          ast.FloorDiv: "floor_divide", ast.Mod: "remainder", ast.BitAnd: "bitwise_and", ast.BitOr: "bitwise_or",
          ast.BitXor: "bitwise_xor", ast.LShift: "bitwise_left_shift", ast.RShift: "bitwise_right_shift"}
COMPARE = {ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge"}
UNARY = {ast.USub: "neg", ast.UAdd: "positive", ast.Invert: "bitwise_not"}
CORNER = re.compile(r"""\bnan\b|\binf\b|\b(?:zeros|ones|empty|rand|randn|arange)\(\(?0\b|tensor\(\[\]|\[\[\]|\(0,|, 0\)
                      | tensor\(-?[\d.]+[,)] | \b(?:True|False)\b | tensor\(\[+-?\d+[,\]] | arange\(-?\d+\)
                      | \bu?int\d*\b | \blong\b | \bbool\b | double | float64 | float16 | half
                      | dim=-|\(-\d|,\ -\d | keepdim | out= | \#:\ corner""", re.VERBOSE)


def public():
    """Names of functions and methods, each with where it is."""
    found = {}
    methods = {name: getattr(autodiff.Tensor, name) for name in dir(autodiff.Tensor)}
    for where, space in (("autodiff", vars(autodiff)), ("Tensor", methods)):
        for name, thing in space.items():
            if not name.startswith("_") and callable(thing) and not isinstance(thing, type):
                found.setdefault(name, []).append(where)
    for rule in rules.RULES:
        for name in (rule.name, *rule.aliases) if rule.method or (rule.function and rule.namespace == "autodiff") else ():
            assert name in found, f"the row {rule.name} is rendered nowhere as {name}"
        assert not rule.function or callable(function_of(rule)), rule.path
    return {name: places for name, places in found.items() if name not in NOT_PYTORCHS | set(ELSEWHERE)}


def used(code):
    """The names that a snippet uses."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.BinOp):
            found.add(BINARY.get(type(node.op)))
        elif isinstance(node, ast.AugAssign):
            found |= {BINARY.get(type(node.op)), f"{BINARY.get(type(node.op))}_"}
        elif isinstance(node, ast.UnaryOp):
            found.add(UNARY.get(type(node.op)))
        elif isinstance(node, ast.Compare):
            found |= {COMPARE.get(type(op)) for op in node.ops}
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found |= {node.func.id} & {"abs", "pow", "round"}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "getattr" in code:
            found.add(node.value)
    return found


def test_every_public_name_has_two_snippets_one_of_them_a_corner():
    shown = golden_torch.known()
    plain, corners = {}, {}
    for _, _, code, ours, _ in golden_torch.snippets():
        text = ours or shown.get(code, "")
        corner = bool(CORNER.search(code)) or bool(re.search(r"^\w*(?:Error|Warning): ", text, re.MULTILINE))
        for name in used(code):
            (corners if corner else plain).setdefault(name, []).append(code)
    missing = []
    for name, places in sorted(public().items()):
        count = len(plain.get(name, ())) + len(corners.get(name, ()))
        if count < 2 or name not in corners:
            missing.append(f"{name} ({', '.join(places)}): has {count}, {len(corners.get(name, ()))} of them corners")
    assert not missing, (
        "add snippets to tests/golden/FAMILY.txt, two for each name and one of them a corner (the head of this file says what "
        "that is), then run `python tests/golden_torch.py FAMILY` with PyTorch installed:\n" + "\n".join(missing))


def test_what_is_excused_exists():
    names = set(dir(autodiff)) | set(dir(autodiff.Tensor)) | set(dir(autodiff.numpy))
    assert {*NOT_PYTORCHS, *ELSEWHERE} <= names
