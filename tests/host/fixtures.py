#!/usr/bin/env python3
"""Writes tests/host/fixtures with NumPy and Python's gzip, so that the readers are tested against files that they had no
part in. Run it again only to add some: python3 tests/host/fixtures.py. What the files hold is said again in arrays.c."""
import gzip
import os
import numpy
from numpy.lib import format

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures")
signed = [0, 1, -1, 100, -100, 7, -7, 127, -128, 42, 3, -3]
unsigned = [0, 1, 2, 100, 255, 7, 9, 127, 128, 42, 3, 5]
real = [0.0, -0.0, 1.5, -2.25, numpy.inf, -numpy.inf, numpy.nan, 65504.0, 2.0**-14, 2.0**-24, 1 / 1024, -1.0]
bools = [0, 1, 1, 0, 0, 0, 1, 1, 1, 0, 1, 0]
kinds = {"b": bools, "u": unsigned, "i": signed, "f": real}


def save(name, array, version=None):
    with open(os.path.join(folder, name + ".npy"), "wb") as file:
        format.write_array(file, array, version)


for code in ["b1", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"]:
    table = numpy.array(kinds[code[0]]).reshape(3, 4)
    save(code + "-little", table.astype("<" + code))
    save(code + "-big-fortran", numpy.asfortranarray(table.astype(">" + code)))

save("version-2", numpy.array(signed).reshape(3, 4).astype("<i4"), (2, 0))
save("version-3", numpy.array(signed).reshape(3, 4).astype("<i4"), (3, 0))
save("scalar", numpy.array(1.5))
save("no-rows", numpy.zeros((0, 4), "<f4"))
save("one-axis", numpy.arange(5, dtype="<f4"))
save("axes-fortran", numpy.asfortranarray(numpy.arange(2 * 3 * 4 * 5, dtype="<i2").reshape(2, 3, 4, 5)))
save("extremes-i8", numpy.array([-(2**63), 2**63 - 1, 2**31, -(2**31), 2**31 - 1], "<i8"))
save("extremes-u8", numpy.array([2**64 - 1, 2**31, 2**31 - 1], "<u8"))
save("complex", numpy.zeros(2, "<c8"))
save("text", numpy.array(["a", "bc"]))
save("structure", numpy.zeros(2, [("x", "<f4"), ("y", "<i4")]))
save("date", numpy.array(["2026-11-21"], "M8[D]"))
with open(os.path.join(folder, "object.npy"), "wb") as file:
    format.write_array(file, numpy.array([None, "x"], dtype=object), allow_pickle=True)

with open(os.path.join(folder, "i4-little.npy"), "rb") as file:
    content = file.read()
with open(os.path.join(folder, "members.npy.gz"), "wb") as file:
    for part in (content[:5], content[5:130], b"", content[130:]):
        file.write(gzip.compress(part, mtime=0))
