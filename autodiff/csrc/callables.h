/* The functions and methods of elementwise rows: objects of one type that know their op, instead of a compiled wrapper each.

   Six hundred wrappers were more than half of the C of _variable.  An object takes a microsecond to make, and a call of it
   costs what a call of a wrapper did: it is a method descriptor, which the interpreter calls with the Variable as the first
   argument and without a bound method.  It holds texts and a helper, no Variable, and no cycle runs through it. */
#ifndef AUTODIFF_CALLABLES_H
#define AUTODIFF_CALLABLES_H

#include <Python.h>
#include <stddef.h>

enum {                      /* forms */
    AUTODIFF_METHOD,        /* x.exp(), x.add(other, *, alpha=1), x.add_(other) */
    AUTODIFF_FUNCTION,      /* exp(input, *, out=None) */
    AUTODIFF_RECORDED       /* exp(x) in the text of a derivative: of a number, a number */
};

typedef struct {
    PyObject_HEAD
    vectorcallfunc call;
    int op, form, arity;
    int numbers;            /* whether the function takes a number for an array */
    PyObject *(*one)(int op, PyObject *x);
    PyObject *(*two)(int op, PyObject *x, PyObject *y);
    PyObject *name;         /* its own, interned: "subtract" */
    PyObject *second;       /* of the other operand, interned; NULL if there is none */
    PyObject *word;         /* of a parameter beside the operands, interned; NULL if there is none */
    PyObject *fallback;     /* ... what it is where it is not given */
    PyObject *front;        /* ... who reads it: front(ops, row, x, y, value) -> (row, (x, y)) */
    PyObject *doc;
    PyObject *home;         /* the module that a function is found in; NULL: autodiff */
    PyObject *weak;
} autodiff_Callable;

/* Set by autodiff_callables_ready. */
static PyTypeObject *autodiff_kinds[2];             /* what a Variable is */
static PyObject *(*autodiff_applied)(autodiff_Callable *, PyObject *x, PyObject *y, PyObject *word, PyObject *out);
static PyObject *(*autodiff_refused)(autodiff_Callable *, PyObject *x, PyObject *y);
static PyObject *autodiff_input, *autodiff_out;

static inline int autodiff_is_variable(PyObject *o)
{
    return Py_TYPE(o) == autodiff_kinds[0] || Py_TYPE(o) == autodiff_kinds[1];
}

/* 1: the same name; keywords are interned but for those of a dictionary made at run time. */
static int autodiff_same(PyObject *name, PyObject *keyword)
{
    return name == keyword ? 1 : name == NULL ? 0 : PyObject_RichCompareBool(name, keyword, Py_EQ);
}

/* The arguments of a call: {x, y, word, out}, borrowed, NULL where not given. The messages are those of compiled functions. */
static int autodiff_bind(autodiff_Callable *f, PyObject *const *args, Py_ssize_t n, PyObject *keywords, PyObject **given)
{
    const int method = f->form == AUTODIFF_METHOD;
    PyObject *names[4];
    Py_ssize_t i, k, count = keywords == NULL ? 0 : PyTuple_GET_SIZE(keywords);
    names[0] = f->form == AUTODIFF_FUNCTION ? autodiff_input : NULL;
    names[1] = f->second;
    names[2] = f->word;
    names[3] = f->form == AUTODIFF_FUNCTION ? autodiff_out : NULL;
    given[0] = given[1] = given[2] = given[3] = NULL;
    if (method && n == 0) {
        PyErr_Format(PyExc_TypeError, "%U() needs an argument", f->name);
        return -1;
    }
    for (i = 0; i < n && i < f->arity; i++) given[i] = args[i];
    for (k = 0; n <= f->arity && k < count; k++) {
        PyObject *keyword = PyTuple_GET_ITEM(keywords, k);
        for (i = 0; i < 4; i++) {
            int same = autodiff_same(names[i], keyword);
            if (same < 0) return -1;
            if (same) break;
        }
        if (i == 4) {
            PyErr_Format(PyExc_TypeError, "%U() got an unexpected keyword argument '%U'", f->name, keyword);
            return -1;
        }
        if (given[i] != NULL) {
            PyErr_Format(PyExc_TypeError, "%U() got multiple values for keyword argument '%U'", f->name, keyword);
            return -1;
        }
        given[i] = args[n + k];
    }
    if (n > f->arity || given[f->arity - 1] == NULL || given[0] == NULL) {
        const int wanted = f->arity - method;
        PyErr_Format(PyExc_TypeError, "%U() takes exactly %d positional argument%s (%zd given)", f->name, wanted,
                     wanted == 1 ? "" : "s", n - method);
        return -1;
    }
    return 0;
}

/* A call of operands alone, one of which is a Variable. */
static inline PyObject *autodiff_call_operands(autodiff_Callable *f, PyObject *x, PyObject *y)
{
    PyObject *result;
    if (f->arity == 1) return f->one(f->op, x);
    result = f->two(f->op, x, y);
    if (result != Py_NotImplemented) return result;
    Py_DECREF(result);
    return autodiff_refused(f, x, y);
}

static inline int autodiff_has_variable(autodiff_Callable *f, PyObject *x, PyObject *y)
{
    return autodiff_is_variable(x) || (f->arity == 2 && f->form != AUTODIFF_METHOD && autodiff_is_variable(y));
}

static PyObject *autodiff_call(PyObject *self, PyObject *const *args, size_t flagged, PyObject *keywords)
{
    autodiff_Callable *f = (autodiff_Callable *)self;
    const Py_ssize_t n = PyVectorcall_NARGS(flagged);
    PyObject *given[4];
    if (n == f->arity && keywords == NULL && autodiff_has_variable(f, args[0], args[n - 1]))
        return autodiff_call_operands(f, args[0], args[n - 1]);
    if (autodiff_bind(f, args, n, keywords, given) < 0) return NULL;
    if (given[2] == NULL && given[3] == NULL && autodiff_has_variable(f, given[0], given[1]))
        return autodiff_call_operands(f, given[0], given[1]);
    return autodiff_applied(f, given[0], given[1], given[2], given[3]);
}

static void autodiff_callable_dealloc(PyObject *self)
{
    autodiff_Callable *f = (autodiff_Callable *)self;
    if (f->weak != NULL) PyObject_ClearWeakRefs(self);
    Py_XDECREF(f->name);
    Py_XDECREF(f->second);
    Py_XDECREF(f->word);
    Py_XDECREF(f->fallback);
    Py_XDECREF(f->front);
    Py_XDECREF(f->doc);
    Py_XDECREF(f->home);
    Py_TYPE(self)->tp_free(self);
}

static PyObject *autodiff_callable_get(PyObject *self, PyObject *object, PyObject *type)
{
    (void)type;
    if (object == NULL || object == Py_None) {
        Py_INCREF(self);
        return self;
    }
    return PyMethod_New(self, object);
}

static PyObject *autodiff_callable_repr(PyObject *self)
{
    autodiff_Callable *f = (autodiff_Callable *)self;
    if (f->form == AUTODIFF_METHOD) return PyUnicode_FromFormat("<method '%U' of 'autodiff.Tensor' objects>", f->name);
    return f->home == NULL ? PyUnicode_FromFormat("<function autodiff.%U>", f->name)
                           : PyUnicode_FromFormat("<function %U.%U>", f->home, f->name);
}

/* A function is found by its name in its module, a method by that of the class. */
static PyObject *autodiff_callable_reduce(PyObject *self, PyObject *unused)
{
    autodiff_Callable *f = (autodiff_Callable *)self;
    PyObject *builtins, *get;
    (void)unused;
    if (f->form != AUTODIFF_METHOD) {
        Py_INCREF(f->name);
        return f->name;
    }
    builtins = PyImport_ImportModule("builtins");
    if (builtins == NULL) return NULL;
    get = PyObject_GetAttrString(builtins, "getattr");
    Py_DECREF(builtins);
    return get == NULL ? NULL : Py_BuildValue("N(OO)", get, (PyObject *)autodiff_kinds[0], f->name);
}

static PyObject *autodiff_callable_qualname(PyObject *self, void *unused)
{
    autodiff_Callable *f = (autodiff_Callable *)self;
    (void)unused;
    return PyUnicode_FromFormat(f->form == AUTODIFF_METHOD ? "Tensor.%U" : "%U", f->name);
}

static PyObject *autodiff_callable_module(PyObject *self, void *unused)
{
    PyObject *home = ((autodiff_Callable *)self)->home;
    (void)unused;
    if (home == NULL) return PyUnicode_FromString("autodiff");
    Py_INCREF(home);
    return home;
}

static PyObject *autodiff_callable_signature(PyObject *self, void *unused)
{
    autodiff_Callable *f = (autodiff_Callable *)self;
    const char *out = f->form == AUTODIFF_FUNCTION ? ", out=None" : "";
    const char *first = f->form == AUTODIFF_FUNCTION ? "input" : "self", *comma = f->arity == 2 ? ", " : "";
    (void)unused;
    if (f->word != NULL)
        return PyUnicode_FromFormat("(%s%s%V, *, %U=%R%s)", first, comma, f->second, "", f->word, f->fallback, out);
    return PyUnicode_FromFormat("(%s%s%V%s%s)", first, comma, f->second, "", *out ? ", *" : "", out);
}

static PyObject *autodiff_callable_name(PyObject *self, void *unused)
{
    (void)unused;
    Py_INCREF(((autodiff_Callable *)self)->name);
    return ((autodiff_Callable *)self)->name;
}

static PyObject *autodiff_callable_doc(PyObject *self, void *unused)
{
    (void)unused;
    Py_INCREF(((autodiff_Callable *)self)->doc);
    return ((autodiff_Callable *)self)->doc;
}

static PyMethodDef autodiff_callable_methods[] = {
    {"__reduce__", autodiff_callable_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL}
};

static PyGetSetDef autodiff_callable_getset[] = {
    {"__name__", autodiff_callable_name, NULL, NULL, NULL},
    {"__qualname__", autodiff_callable_qualname, NULL, NULL, NULL},
    {"__module__", autodiff_callable_module, NULL, NULL, NULL},
    {"__doc__", autodiff_callable_doc, NULL, NULL, NULL},
    {"__text_signature__", autodiff_callable_signature, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL}
};

static PyTypeObject autodiff_CallableType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "autodiff.op_function_or_method",
    .tp_basicsize = sizeof(autodiff_Callable),
    .tp_dealloc = autodiff_callable_dealloc,
    .tp_vectorcall_offset = offsetof(autodiff_Callable, call),
    .tp_call = PyVectorcall_Call,
    .tp_repr = autodiff_callable_repr,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR
                | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_weaklistoffset = offsetof(autodiff_Callable, weak),
    .tp_methods = autodiff_callable_methods,
    .tp_getset = autodiff_callable_getset,
    .tp_descr_get = autodiff_callable_get,
};

static int autodiff_callables_ready(PyTypeObject *tensor, PyTypeObject *ndarray,
                                    PyObject *(*applied)(autodiff_Callable *, PyObject *, PyObject *, PyObject *, PyObject *),
                                    PyObject *(*refused)(autodiff_Callable *, PyObject *, PyObject *))
{
    autodiff_kinds[0] = tensor;
    autodiff_kinds[1] = ndarray;
    autodiff_applied = applied;
    autodiff_refused = refused;
    autodiff_input = PyUnicode_InternFromString("input");
    autodiff_out = PyUnicode_InternFromString("out");
    if (autodiff_input == NULL || autodiff_out == NULL) return -1;
    return PyType_Ready(&autodiff_CallableType);
}

/* A new one; the caller fills in one or two, and what it is besides. */
static PyObject *autodiff_new_callable(int op, int form, int arity, PyObject *name, PyObject *second, PyObject *doc)
{
    autodiff_Callable *f = (autodiff_Callable *)autodiff_CallableType.tp_alloc(&autodiff_CallableType, 0);
    if (f == NULL) return NULL;
    f->call = autodiff_call;
    f->op = op;
    f->form = form;
    f->arity = arity;
    Py_INCREF(name);
    f->name = name;
    Py_XINCREF(second);
    f->second = second;
    Py_INCREF(doc);
    f->doc = doc;
    return (PyObject *)f;
}

/* Another module than autodiff that a function is found in. */
static void autodiff_give_home(PyObject *self, PyObject *home)
{
    Py_INCREF(home);
    Py_XSETREF(((autodiff_Callable *)self)->home, home);
}

/* A parameter beside the operands. */
static void autodiff_give_word(PyObject *self, PyObject *word, PyObject *fallback, PyObject *front)
{
    autodiff_Callable *f = (autodiff_Callable *)self;
    Py_INCREF(word), Py_INCREF(fallback), Py_INCREF(front);
    f->word = word;
    f->fallback = fallback;
    f->front = front;
}

#endif
