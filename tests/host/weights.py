#!/usr/bin/env python3
"""Writes tests/host/fixtures/reference.safetensors, .npz and others with the reference packages (NumPy, safetensors), so
that the readers are tested against files that they had no part in. What they hold is said again in weights.c."""
import os
import numpy
from safetensors.numpy import save_file

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures")
tensors = {
    "net.layers.0.w": (numpy.arange(6, dtype="<f4") / 3).reshape(2, 3),
    "net.layers.0.b": numpy.array([-0.0, numpy.inf, 1e-45], "<f4"),
    "steps": numpy.array(7, "<u8"),
    "table": numpy.arange(24, dtype="<i2").reshape(2, 3, 4),
    "mask": numpy.array([True, False, True]),
    "half": numpy.array([1.5, -2.0], "<f2"),
    "none": numpy.zeros((0, 5), "<f8"),
    "größe": numpy.array([1, 2**31], "<u4"),
}
path = lambda name: os.path.join(folder, name)
save_file(tensors, path("reference.safetensors"))
numpy.savez(path("reference.npz"), **tensors)
elsewise = dict(tensors)
elsewise["table"] = numpy.asfortranarray(tensors["table"].astype(">i2"))
elsewise["net.layers.0.w"] = tensors["net.layers.0.w"].astype(">f4")
numpy.savez_compressed(path("compressed.npz"), **elsewise)
numpy.savez(path("objects.npz"), a=numpy.array([None, 1], dtype=object))
