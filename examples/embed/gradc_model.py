"""Any model that gradc compiled, from Python: reads the table NAME_model of a shared library.

    model = Model("./libcurve.so", "curve", seed=1)
    loss = model.train(x=x, y=y)["loss"]
    model["w1"]                        # a NumPy array, in declared order
"""
import ctypes as c
import numpy as np

TYPES = [np.float32, np.float64, np.int32, np.uint8, np.uint8, np.uint64]  # by enum gr_type
INPUT, OUTPUT, STATE = range(3)  # enum gr_role


class Work(c.Structure):
    _fields_ = [("scratch", c.c_void_p), ("scratch_size", c.c_size_t), ("seed", c.c_uint64), ("draws", c.c_uint64),
                ("threads", c.c_int), ("fault", c.c_char_p), ("fault_at", c.c_int64)]


class Size(c.Structure):
    _fields_ = [("name", c.c_char_p), ("low", c.c_int), ("high", c.c_int)]


class Tensor(c.Structure):
    _fields_ = [("name", c.c_char_p), ("place", c.c_uint8), ("kind", c.c_uint8), ("type", c.c_uint8),
                ("rank", c.c_uint8), ("shape", c.POINTER(c.c_int32)), ("strides", c.POINTER(c.c_int32)),
                ("offset", c.c_size_t)]


class Dim(c.Structure):
    _fields_ = [("constant", c.c_int32), ("factor", c.c_int32), ("size", c.c_int32)]


class Argument(c.Structure):
    _fields_ = [("name", c.c_char_p), ("role", c.c_uint8), ("type", c.c_uint8), ("rank", c.c_uint8),
                ("by_value", c.c_uint8), ("shape", c.POINTER(Dim)), ("low", c.c_int32), ("high", c.c_int32)]


RUN = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p, c.POINTER(Work), c.POINTER(c.c_int), c.POINTER(c.c_void_p))
INIT = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p, c.c_uint64)


class Entry(c.Structure):
    _fields_ = [("name", c.c_char_p), ("updates", c.c_uint8), ("draws", c.c_uint8), ("size_count", c.c_uint8),
                ("sizes", c.POINTER(c.c_uint8)), ("argument_count", c.c_int), ("arguments", c.POINTER(Argument)),
                ("scratch", c.c_size_t), ("scratch_per_thread", c.c_size_t), ("flops_per_row", c.c_double), ("run", RUN)]


class Description(c.Structure):
    _fields_ = [("abi", c.c_int), ("name", c.c_char_p), ("signature", c.c_uint32), ("model_size", c.c_size_t),
                ("trainer_size", c.c_size_t), ("size_count", c.c_int), ("tensor_count", c.c_int),
                ("entry_count", c.c_int), ("sizes", c.POINTER(Size)), ("tensors", c.POINTER(Tensor)),
                ("entries", c.POINTER(Entry)), ("init", INIT)]


class Model:
    """One instance: the struct NAME and the struct NAME_trainer in memory of its own."""

    def __init__(self, library, name, seed=0):
        self.library = c.CDLL(library)
        self.table = table = Description.in_dll(self.library, name + "_model")
        if table.abi != 1:
            raise RuntimeError(f"{library} has ABI {table.abi}, this file is for 1")
        self.memory = np.zeros(table.model_size, np.uint8), np.zeros(table.trainer_size, np.uint8)
        self.tensors = {t.name.decode(): t for t in table.tensors[:table.tensor_count]}
        self.entries = {e.name.decode(): e for e in table.entries[:table.entry_count]}
        if table.init:
            self._check(table.init(*self._addresses(), seed))

    def copy(self):
        """Another instance with the same content."""
        other = object.__new__(Model)
        other.__dict__.update(self.__dict__, memory=tuple(part.copy() for part in self.memory))
        return other

    def __getitem__(self, name):
        """A view of a tensor's storage in declared order: reading and writing it (model["w"][...] = ) both work."""
        t = self.tensors[name]
        kind = np.dtype(TYPES[t.type])
        strides = [stride * kind.itemsize for stride in t.strides[:t.rank]]
        return np.ndarray(t.shape[:t.rank], kind, self.memory[t.place], t.offset, strides)

    def __getattr__(self, name):
        entry = self.__dict__.get("entries", {}).get(name)
        if entry is None:
            raise AttributeError(name)
        return lambda **inputs: self._run(entry, inputs)

    def _run(self, entry, inputs):
        arguments = entry.arguments[:entry.argument_count]
        given = {a.name.decode(): np.array(inputs.pop(a.name.decode()), TYPES[a.type], order="C")
                 for a in arguments if a.role != OUTPUT}
        if inputs:
            raise TypeError(f"{entry.name.decode()} has no input {', '.join(inputs)}")
        sizes = self._sizes(entry, arguments, given)
        arrays = []
        for a in arguments:
            shape = tuple(self._dim(d, sizes) for d in a.shape[:a.rank])
            array = given.get(a.name.decode()) if a.role != OUTPUT else np.zeros(shape, TYPES[a.type])
            if array.shape != shape:
                raise ValueError(f"{a.name.decode()} has shape {array.shape} instead of {shape}")
            arrays.append(array)
        scratch = np.empty(entry.scratch + entry.scratch_per_thread, np.uint8)
        work = Work(scratch=scratch.ctypes.data, scratch_size=scratch.size, threads=1)
        pointers = (c.c_void_p * max(1, len(arrays)))(*[array.ctypes.data for array in arrays])
        status = entry.run(*self._addresses(), c.byref(work), (c.c_int * max(1, len(sizes)))(*sizes), pointers)
        self._check(status, work)
        return {a.name.decode(): array for a, array in zip(arguments, arrays) if a.role != INPUT}

    def _addresses(self):
        return [part.ctypes.data if part.size else None for part in self.memory]

    @staticmethod
    def _dim(dim, sizes):
        return dim.constant + (dim.factor * sizes[dim.size] if dim.size >= 0 else 0)

    @staticmethod
    def _sizes(entry, arguments, given):
        """The sizes of a call, from the shapes of what is given."""
        sizes = [0] * entry.size_count
        for a in arguments:
            for dim, extent in zip(a.shape[:a.rank], given[a.name.decode()].shape if a.role != OUTPUT else ()):
                if dim.size >= 0:
                    sizes[dim.size] = (extent - dim.constant) // dim.factor
        return sizes

    @staticmethod
    def _check(status, work=None):
        names = ["GR_OK", "GR_NULL", "GR_SIZE", "GR_INDEX", "GR_OVERLAP", "GR_MEMORY", "GR_NONFINITE", "GR_TARGET"]
        if status:
            raise ValueError(names[status] + (f" at {work.fault.decode()}" if work and work.fault else ""))
