"""save() and load(): what comes back is what was saved; a damaged or foreign file is an error, and nothing in a file runs."""
import collections
import io
import json
import os
import pickle
import sys
import warnings
import zipfile

import numpy as np
import pytest

import autodiff
from autodiff import nn

anp = autodiff.numpy
NAN, INF = float("nan"), float("inf")
Pair = collections.namedtuple("Pair", "left right")


def there_and_back(value):
    file = io.BytesIO()
    autodiff.save(value, file)
    file.seek(0)
    return autodiff.load(file)


def same(a, b):
    """Of the same types and values, bit for bit."""
    if isinstance(a, autodiff.autograd.Variable):
        return (type(a) is type(b) and a.dtype == b.dtype and tuple(a.shape) == tuple(b.shape)
                and a.requires_grad == b.requires_grad and isinstance(a, nn.Parameter) == isinstance(b, nn.Parameter)
                and a.detach().numpy().tobytes() == b.detach().numpy().tobytes())
    if type(a) is not type(b):
        return False
    if isinstance(a, (np.ndarray, np.generic)):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return len(a) == len(b) and all(same(k, m) and same(v, w) for (k, v), (m, w) in zip(a.items(), b.items()))
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return repr(a) == repr(b)       # NaN, and the sign of 0


DTYPES = ["float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", "bool", "complex64", "complex128"]
ARRAYS = {
    "0-d": np.array(2.5), "empty": np.zeros((0, 3)), "Fortran": np.arange(6.0).reshape(2, 3).T, "strided": np.arange(9.0)[::2],
    "backwards": np.arange(3.0)[::-1], "special": np.array([NAN, INF, -INF, -0.0, 5e-324]),
    "broadcast": np.broadcast_to(1.0, (2, 2)),
}
VALUES = [None, True, False, 0, -1, 2**63 - 1, -2**63, 2**63, 2**200, -2**200, 0.0, -0.0, 1.5, NAN, INF, -INF, 5e-324,
          0.1, 1e308, 1 + 2j, complex(NAN, -0.0), "", "text", "é\n\0\"\ud800", (), [], {}, (1,), [None], {"a": 1},
          {1: "a", None: (True, 2.0)},
          {(1, "k"): [2]}, {True: 1, 2.5: 2}, np.float32(1.5), np.int8(3), np.bool(True), np.complex64(1j), autodiff.float32,
          autodiff.Size([2, 3]), collections.OrderedDict(b=1, a=2), Pair(1, [2]), [[[[]]]], np.array(["a", "bc"]),
          np.array(["2020-01-01"], "M8[D]"), np.arange(3, dtype=">i4")]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values(value):
    assert same(there_and_back(value), value)
    assert same(there_and_back({"k": [value, (value,)]}), {"k": [value, (value,)]})


@pytest.mark.parametrize("make", [autodiff.tensor, anp.array, nn.Parameter, np.asarray], ids=lambda f: f.__name__)
@pytest.mark.parametrize("name", [*ARRAYS, *DTYPES])
def test_arrays(name, make):
    array = ARRAYS[name] if name in ARRAYS else np.array([[0, 1], [2, 3]]).astype(name)
    if make is nn.Parameter and array.dtype.kind not in "fc":
        value = nn.Parameter(array, requires_grad=False)
    else:
        value = make(array)
    found = there_and_back([value])[0]
    assert same(found, value)
    if make is np.asarray:
        assert type(found) is np.ndarray
    else:
        found.detach()[...] = 0         # memory of its own, that can be written


@pytest.mark.parametrize("make", [autodiff.tensor, anp.array])
def test_what_came_back_is_differentiated(make):
    x, n = there_and_back((make([1.0, 2.0], requires_grad=True), make([1.0])))
    assert x.is_leaf and x.requires_grad and not n.requires_grad and type(x) is type(make([1.0]))
    (x * x).sum().backward()
    assert x.grad.tolist() == [2, 4]
    assert there_and_back(x).grad is None       # its gradient is not saved


def test_one_variable_stays_one():
    shared = nn.Parameter(autodiff.ones(2))
    found = there_and_back({"first": {"w": shared}, "last": [shared, autodiff.ones(2)]})
    assert found["first"]["w"] is found["last"][0] is not found["last"][1]
    # made on the way and gone at once: the next one at its place in memory is another
    makes = collections.OrderedDict((k, autodiff.tensor(float(k))) for k in range(50))
    assert [v.item() for v in there_and_back(list(makes.values()))] == list(range(50))


def test_attributes_of_variables():
    x = autodiff.ones(2, requires_grad=True)
    x.name, x.itself = "weights", [x]
    found = there_and_back(x)
    assert found.name == "weights" and found.itself[0] is found
    x.other = object()
    with pytest.raises(TypeError, match=r"type builtins\.object"):
        there_and_back(x)


def test_results_of_ops_and_returned_tuples():
    x = autodiff.tensor([3.0, 1.0], requires_grad=True)
    with pytest.warns(UserWarning, match="its graph is not saved, and it comes back as a leaf") as heard:
        found = there_and_back({"y": x * 2})["y"]
    assert found.is_leaf and found.requires_grad and found.tolist() == [6, 2] and heard[0].filename == __file__
    pair = there_and_back(x.detach().sort())
    assert isinstance(pair, autodiff.return_types.sort) and pair.indices.tolist() == [1, 0]


def test_a_named_tuple_whose_class_is_not_there(monkeypatch):
    file = io.BytesIO()
    autodiff.save(Pair(1, 2), file)
    monkeypatch.delattr(sys.modules[__name__], "Pair")
    found = autodiff.load(io.BytesIO(file.getvalue()))
    assert type(found).__name__ == "Pair" and found._fields == ("left", "right") and found == (1, 2) and found.right == 2
    # a module that was not imported is not imported, and another thing of that name is not called
    monkeypatch.setattr(sys.modules[__name__], "Pair", lambda *a: 1 // 0, raising=False)
    assert autodiff.load(io.BytesIO(file.getvalue())) == (1, 2)


class OwnTuple(collections.namedtuple("OwnTuple", "a")):
    __slots__ = ()

    def __new__(cls, a):
        raise AssertionError("code of the class was run")


def test_the_class_of_a_named_tuple_is_not_called():
    found = there_and_back(tuple.__new__(OwnTuple, (1,)))
    assert type(found) is OwnTuple and found.a == 1


# ---- what is refused

class Text(str):
    __slots__ = ()


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes", lambda: 0, Text("a"), collections.defaultdict(list), range(3),
                                   np.array([object()]), np.zeros(2, [("a", float)]), np.ma.masked_array([1.0]), print, int,
                                   slice(1), collections.Counter("a"), autodiff.Generator()], ids=lambda v: type(v).__name__)
def test_what_is_not_written(value, tmp_path):
    for whole in (value, [1, {"a": (value,)}]):
        with pytest.raises(TypeError, match=r"save\(\) (cannot write an object of type|writes arrays of numbers)"):
            autodiff.save(whole, tmp_path / "file")
    assert os.listdir(tmp_path) == []


def test_structures_without_an_end():
    loop = [1]
    loop.append({"again": loop})
    with pytest.raises(ValueError, match="contains itself"):
        there_and_back(loop)
    part = [1]
    assert there_and_back([part, part]) == [[1], [1]]       # twice is no loop
    deep = []
    for _ in range(199):
        deep = [deep]
    assert same(there_and_back(deep), deep)
    with pytest.raises(ValueError, match="at most 200 levels"):
        there_and_back([deep])


# ---- files

def test_a_path_a_file_and_what_stood_there(tmp_path):
    path = tmp_path / "w.ad"
    autodiff.save({"a": 1}, path)
    assert autodiff.load(str(path)) == {"a": 1} and autodiff.load(path, map_location="cpu", weights_only=False) == {"a": 1}
    with open(path, "rb") as file:
        assert autodiff.load(file) == {"a": 1}
    os.chmod(path, 0o640)
    autodiff.save({"a": 2}, str(path))
    assert autodiff.load(path) == {"a": 2} and os.listdir(tmp_path) == ["w.ad"]
    if os.name == "posix":
        assert os.stat(path).st_mode & 0o777 == 0o640
    autodiff.save({"a": 3}, os.fsencode(path))
    assert autodiff.load(os.fsencode(path)) == {"a": 3}
    with pytest.raises(FileNotFoundError):
        autodiff.load(tmp_path / "nothing")
    with pytest.raises(FileNotFoundError):
        autodiff.save(1, tmp_path / "no folder" / "w")
    with pytest.raises(RuntimeError, match="not available"):
        autodiff.load(path, map_location="cuda")
    with pytest.raises(TypeError):
        autodiff.save(1, None)


@pytest.mark.skipif(os.name != "posix", reason="links, devices and permissions of POSIX")
def test_links_devices_and_permissions(tmp_path):
    path, link = tmp_path / "w", tmp_path / "link"
    mask = os.umask(0o027)
    try:
        autodiff.save(1, path)
    finally:
        os.umask(mask)
    assert os.stat(path).st_mode & 0o777 == 0o640
    os.symlink(path, link)
    autodiff.save(2, link)
    assert os.path.islink(link) and autodiff.load(path) == 2
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    autodiff.save([3], pipe)
    data = os.read(reader, 100000)
    os.close(reader)
    assert autodiff.load(io.BytesIO(data)) == [3] and sorted(os.listdir(tmp_path)) == ["link", "pipe", "w"]
    with pytest.raises(IsADirectoryError):
        autodiff.save(1, tmp_path)


def test_what_fails_leaves_what_stood_there(tmp_path, monkeypatch):
    path = tmp_path / "w"
    autodiff.save([1], path)

    def fails(*arguments, **options):
        raise OSError("no space left")
    monkeypatch.setattr(np.lib.format, "write_array", fails)
    with pytest.raises(OSError, match="no space left"):
        autodiff.save([autodiff.ones(3)], path)
    monkeypatch.undo()
    assert autodiff.load(path) == [1] and os.listdir(tmp_path) == ["w"]


def test_other_programs_can_read_it(tmp_path):
    path = tmp_path / "w"
    autodiff.save({"w": autodiff.tensor([1.0, 2.0])}, path)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None and archive.namelist() == ["header.json", "arrays/0.npy"]
        assert json.loads(archive.read("header.json"))["format"] == "autodiff"
        assert np.load(io.BytesIO(archive.read("arrays/0.npy"))).tolist() == [1, 2]
    first = path.read_bytes()
    autodiff.save({"w": autodiff.tensor([1.0, 2.0])}, path)
    assert path.read_bytes() == first       # no time in it


# ---- damaged and foreign files

def whole():
    file = io.BytesIO()
    autodiff.save({"w": autodiff.tensor([1.0, 2.0], requires_grad=True), "n": [1, 2.5, ("a", Pair(1, None))]}, file)
    return file.getvalue()


def test_a_file_that_was_cut_or_changed_is_no_other_value():
    """Whatever happens to its bytes, there is an error or the same value."""
    good = whole()
    expected = autodiff.load(io.BytesIO(good))
    errors = 0
    pieces = [good[:k] for k in range(0, len(good), 7)] + [good[k:] for k in range(1, 60, 5)]
    for k in range(0, len(good)):
        for change in (1, 0x80):
            pieces.append(good[:k] + bytes([good[k] ^ change]) + good[k + 1:])
    for data in pieces:
        try:
            found = autodiff.load(io.BytesIO(data))
        except RuntimeError as error:
            assert str(error).startswith("the file is ")
            errors += 1
        else:
            assert same(found, expected)
    assert errors > len(pieces) / 2


def archive_of(header, arrays=()):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("header.json", header if isinstance(header, (str, bytes)) else json.dumps(header))
        for number, data in enumerate(arrays):
            archive.writestr(f"arrays/{number}.npy", data)
    return file.getvalue()


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def header(value, arrays=0, version=1):
    return {"format": "autodiff", "version": version, "arrays": arrays, "value": value}


@pytest.mark.parametrize("value", [
    {"list": 3}, {"list": {"a": 1}}, {"unknown": []}, {"list": [], "tuple": []}, {}, [1], 1.5, {"tensor": [0, True, None]},
    {"tensor": [0]}, {"tensor": "abc"}, {"array": -1}, {"array": 5}, {"array": "0"}, {"again": 0}, {"float": "xyz"},
    {"float": 3},
    {"int": "xyz"}, {"int": 5}, {"complex": ["0x1p0"]}, {"dict": [[1]]}, {"dict": [[{"list": []}, 1]]}, {"dtype": "object"},
    {"named": ["os", "system", ["a b"], [1]]}, {"named": ["os", "system", ["a"], []]}, {"named": [1, 2, [], []]},
    {"named": ["m", "class", ["a"], [1]]}, {"dtype": "nonsense"}, {"size": ["a"]}, {"number": 0},
], ids=repr)
def test_headers_that_save_does_not_write(value):
    with pytest.raises(RuntimeError, match=r"^the file is damaged: "):
        autodiff.load(io.BytesIO(archive_of(header(value))))


def test_headers_that_lie_about_arrays():
    for data in (archive_of(header(None, 1)), archive_of(header(None, 10**9)), archive_of(header(None, -1)), archive_of("[]"),
                 archive_of(header({"array": 0}, 1), [b"no array"]), archive_of(header({"array": 0}, 1),
                 [npy(np.ones(2)) + b"x"]),
                 archive_of(header({"array": 0}, 1), [npy(np.ones(2))[:-1]]), archive_of("{"), archive_of(b"\xff\xfe"),
                 archive_of(header({"tensor": [0, True, None]}, 1), [npy(np.arange(2))]), archive_of("[" * 100000),
                 archive_of(header({"tensor": [0, False, {"list": []}]}, 1), [npy(np.arange(2))])):
        with pytest.raises(RuntimeError, match=r"^the file is (damaged: |not one of autodiff\.save: its header)"):
            autodiff.load(io.BytesIO(data))
    huge = npy(np.ones(1)).replace(b"'shape': (1,), }          ", b"'shape': (99999999999,), }")
    assert huge != npy(np.ones(1))
    broken = npy(np.ones(1)).replace(b"'shape': (1,), }   ", b"'shape': (1,( \"\"\"}")
    for array in (huge, broken):
        assert array != npy(np.ones(1))
        with pytest.raises(RuntimeError, match="damaged"), warnings.catch_warnings(action="ignore"):
            autodiff.load(io.BytesIO(archive_of(header({"array": 0}, 1), [array])))


def test_a_file_of_a_later_version():
    with pytest.raises(RuntimeError, match=r"of version 2 of the format of autodiff\.save, and this autodiff reads version 1"):
        autodiff.load(io.BytesIO(archive_of(header(1, version=2))))


def test_nothing_in_a_file_is_run(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "run"),)

    evil = np.array([Evil()], dtype=object)
    file = io.BytesIO()
    np.save(file, evil, allow_pickle=True)
    for data in (archive_of(header({"array": 0}, 1), [file.getvalue()]), pickle.dumps(Evil()), file.getvalue()):
        with pytest.raises(RuntimeError):
            autodiff.load(io.BytesIO(data))
    assert os.listdir(tmp_path) == []


def test_foreign_files_are_named(tmp_path):
    path = tmp_path / "file"
    np.savez(tmp_path / "arrays.npz", a=np.ones(2))
    with zipfile.ZipFile(tmp_path / "torch.pt", "w") as archive:
        archive.writestr("torch/data.pkl", b"")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("a.txt", b"")
    for data, words in ((b"", "no ZIP archive"), (b"text", "no ZIP archive"), (whole()[:-40], "cut short"),
                        (pickle.dumps([1], 4), "it is a pickle, which may run any code"), (npy(np.ones(1)), "for numpy.load"),
                        ((tmp_path / "arrays.npz").read_bytes(), "written by numpy.savez"),
                        ((tmp_path / "torch.pt").read_bytes(), r"written by torch\.save; load it with PyTorch"),
                        ((tmp_path / "other.zip").read_bytes(), "an archive of something else")):
        path.write_bytes(data)
        with pytest.raises(RuntimeError, match=f"file' is not one of autodiff.save: .*{words}"):
            autodiff.load(path)
        with pytest.raises(RuntimeError, match=f"^the file is not one of autodiff.save: .*{words}"):
            autodiff.load(io.BytesIO(data))


def test_pytorchs_own_file_is_named(tmp_path):
    torch = pytest.importorskip("torch")
    torch.save({"w": torch.ones(2)}, tmp_path / "w.pt")
    with pytest.raises(RuntimeError, match=r"written by torch\.save"):
        autodiff.load(tmp_path / "w.pt")
