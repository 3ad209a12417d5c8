"""PyTorch's numbers for the entries of tests/models/prelude, in double: python3 tests/witness/make.py

Needs torch 2.13.0. Writes NAME.txt beside itself for each NAME.grad there, which tests/witness/witness.c compares with
the reference evaluator. An entry is called with inputs drawn here, once or several times; what is expected comes from
the framework's function of the same purpose and from its own backward pass. Lines of the files:

    entry NAME          a case; the entry of that name
    tolerance NUMBER    absolute; else 1e-9 times the larger of 1 and the tensor's largest value
    store PATH VALUES   what a parameter or state holds before the first call
    call                the next call of it
    in NAME VALUES
    out NAME VALUES
    then PATH VALUES    what a parameter or state holds behind the last call
"""

import math
import pathlib
import sys
import zlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
HERE = pathlib.Path(__file__).resolve().parent
files = {}


def case(file, name, tolerance=None):
    """Registers a function that yields a case's lines as tuples (kind, name, tensor)."""

    def register(function):
        torch.manual_seed(zlib.crc32(name.encode()))
        lines = [f"entry {name}"] + ([f"tolerance {tolerance}"] if tolerance else [])
        for kind, *rest in function():
            words = [kind] + ([rest[0]] + numbers(rest[1]) if rest else [])
            lines.append(" ".join(words))
        files.setdefault(file, []).append("\n".join(lines))

    return register


def numbers(value):
    tensor = torch.as_tensor(value).detach().reshape(-1)
    return [repr(v) for v in (tensor.int() if tensor.dtype == torch.bool else tensor).tolist()]


def call(inputs, outputs):
    yield ("call",)
    yield from (("in", name, tensor) for name, tensor in inputs.items())
    yield from (("out", name, tensor) for name, tensor in outputs.items())


def normal(*shape):
    return torch.randn(*shape)


def positive(*shape):
    return 0.2 + 2 * torch.rand(*shape)


def with_gradients(function, by="x", inputs=None, **more):
    """One call: y of the inputs, and the gradients of sum(c * y) by those named in `by`."""
    inputs = {name: t.clone().requires_grad_(name in by) for name, t in {**(inputs or {}), **more}.items()}
    y = function(**inputs)
    c = normal(*y.shape)
    gradients = torch.autograd.grad((c * y).sum(), [inputs[name] for name in by])
    yield from call({**inputs, "c": c}, {"y": y, **{"d" + name: g for name, g in zip(by, gradients)}})


# ---- numbers ----

V = 6


def differentiable(file, name, function, by="x", **inputs):
    case(file, name)(lambda: with_gradients(function, by, {k: draw() for k, draw in inputs.items()}))


def vector():
    return 1.5 * normal(V)


def positives():
    return positive(V)


for name, function in {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div}.items():
    differentiable("scalars", name, lambda x, z, f=function: f(x, z), "xz", x=vector, z=vector)
differentiable("scalars", "power", lambda x, z: (x + 2) ** z, "xz", x=positives, z=vector)
differentiable("scalars", "select", lambda x, z: torch.where(x > z, x * z, x - z), "xz", x=vector, z=vector)
for name in ["sqrt", "log"]:
    differentiable("scalars", name, lambda x, f=getattr(torch, name): f(x + 2), x=positives)
differentiable("scalars", "log1p", torch.log1p, x=lambda: positive(V) - 0.9)
for name, function in {
    "neg": torch.neg, "abs": torch.abs, "exp": torch.exp, "expm1": torch.expm1, "sin": torch.sin, "cos": torch.cos,
    "tanh": torch.tanh, "sigmoid": torch.sigmoid, "softplus": F.softplus, "erf": torch.erf,
}.items():  # fmt: skip
    differentiable("scalars", name, lambda x, f=function: f(x), x=vector)

I = torch.tensor([7, -7, 5, -5, 0, 3])
J = torch.tensor([3, 3, -2, -2, 4, 3])


@case("scalars", "quotient")
def _():
    x, z = vector(), vector()
    yield from call({"x": x, "z": z, "i": I, "j": J},
                    {"y": torch.floor_divide(x, z + 2), "k": torch.floor_divide(I, 2 * J + 1)})  # fmt: skip


@case("scalars", "modulo")
def _():
    x, z = vector().requires_grad_(), vector().requires_grad_()
    y, c, k = torch.remainder(x, z + 2), normal(V), torch.remainder(I, 2 * J + 1)
    dx, dz = torch.autograd.grad((c * y).sum(), [x, z])
    yield from call({"x": x, "z": z, "c": c, "i": I, "j": J}, {"y": y, "dx": dx, "dz": dz, "k": k})


def compared(name, inputs, outputs):
    case("scalars", name)(lambda: call(inputs(), outputs(**inputs())))


def fixed(**tensors):
    return lambda: tensors


X = torch.tensor([-1.5, -0.25, 0.0, 0.75, 2.0, -3.0])
Z = torch.tensor([1.0, -0.25, -0.5, 0.5, 2.0, 3.0])
compared("sign", fixed(x=X), lambda x: {"y": torch.sign(x)})
compared("floor", fixed(x=X), lambda x: {"y": torch.floor(x)})
compared("less", fixed(x=X, z=Z), lambda x, z: {"y": x < z, "w": x > z})
compared("less_equal", fixed(i=I, j=J), lambda i, j: {"y": i <= j, "w": i >= j})
compared("equal", fixed(i=I, j=J), lambda i, j: {"y": i == j, "w": i != j})
compared("and_", fixed(x=X, z=Z), lambda x, z: {"y": (x > 0) & (z > 0)})
compared("or_", fixed(x=X, z=Z), lambda x, z: {"y": (x > 0) | (z > 0)})
compared("not_", fixed(x=X), lambda x: {"y": ~(x > 0)})
compared("to_real", fixed(i=I), lambda i: {"y": i.double() / 4})
compared("to_int", fixed(x=X), lambda x: {"i": (4 * x).to(torch.int32)})

# ---- activations and losses ----

for name, function in {
    "relu": F.relu, "leaky_relu": lambda x: F.leaky_relu(x, 0.2), "elu": lambda x: F.elu(x, 0.7), "selu": F.selu,
    "gelu": F.gelu, "silu": F.silu, "clip": lambda x: x.clamp(-0.5, 0.8),
}.items():  # fmt: skip
    differentiable("activations", name, lambda x, f=function: f(x), x=vector)


def matrix():
    return 2 * normal(3, 5)


differentiable("activations", "softmax", lambda x: F.softmax(x, -1), x=matrix)
differentiable("activations", "log_softmax", lambda x: F.log_softmax(x, 0), x=matrix)
differentiable("activations", "logsumexp", lambda x: torch.logsumexp(x, -1, keepdim=True), x=matrix)
differentiable("activations", "cross_entropy", lambda x, label: F.cross_entropy(x, label, reduction="none"),
               x=lambda: 2 * normal(4, 5), label=lambda: torch.tensor([4, 0, 2, 2]))  # fmt: skip
differentiable("activations", "bernoulli_loss",
               lambda x, z: F.binary_cross_entropy_with_logits(x, z, reduction="none"),
               x=lambda: 3 * normal(4, 5), z=lambda: torch.rand(4, 5))  # fmt: skip
differentiable("activations", "squared_error", lambda x, z: F.mse_loss(x, z, reduction="none"), "xz", x=vector, z=vector)
differentiable("activations", "huber", lambda x, z: F.huber_loss(x, z, reduction="none", delta=0.7), "xz",
               x=vector, z=vector)  # fmt: skip
differentiable("activations", "straight_through", lambda s, x: s.detach() + torch.sigmoid(x) - torch.sigmoid(x).detach(),
               s=lambda: torch.bernoulli(torch.full((V,), 0.5)), x=vector)  # fmt: skip


@case("activations", "mean_squared_error")
def _():
    x, z = vector().requires_grad_(), vector()
    y = F.mse_loss(x, z)
    yield from call({"x": x, "z": z}, {"y": y, "dx": torch.autograd.grad(y, x)[0]})


@case("activations", "score")
def _():
    """The value of f; its gradient is c, and that of log x comes with f as weight."""
    f, x, c = vector(), positive(V).requires_grad_(), normal(V)
    (dx,) = torch.autograd.grad((c * f * torch.log(x + 2)).sum(), x)
    yield from call({"f": f, "x": x, "c": c}, {"y": f, "df": c, "dx": dx})


# ---- windows ----


def tensor(*shape):
    return lambda: normal(*shape)


W = "windows"
differentiable(W, "conv1d", lambda x, k: F.conv1d(x, k, stride=2, padding=1, dilation=2, groups=2), "xk",
               x=tensor(2, 4, 11), k=tensor(6, 2, 3))  # fmt: skip
differentiable(W, "conv2d", lambda x, k: F.conv2d(x, k, stride=2, padding=1), "xk",
               x=tensor(2, 3, 7, 8), k=tensor(4, 3, 3, 2))  # fmt: skip
differentiable(W, "conv2d_depthwise", lambda x, k: F.conv2d(x, k, dilation=2, groups=3), "xk",
               x=tensor(2, 3, 6, 6), k=tensor(6, 1, 3, 3))  # fmt: skip
differentiable(W, "conv3d", lambda x, k: F.conv3d(x, k, padding=1), "xk",
               x=tensor(1, 2, 4, 5, 4), k=tensor(2, 2, 2, 3, 2))  # fmt: skip
differentiable(W, "conv_transpose2d", lambda x, k: F.conv_transpose2d(x, k, stride=2, padding=1), "xk",
               x=tensor(2, 3, 4, 3), k=tensor(3, 2, 4, 3))  # fmt: skip
differentiable(W, "max_pool2d", lambda x: F.max_pool2d(x, 3, 2, 1), x=tensor(2, 3, 7, 6))
differentiable(W, "avg_pool2d", lambda x: F.avg_pool2d(x, 3, 2, 1), x=tensor(2, 3, 7, 6))

differentiable(W, "conv_transpose1d", lambda x, k: F.conv_transpose1d(x, k, stride=2, padding=1), "xk",
               x=tensor(2, 3, 5), k=tensor(3, 2, 4))  # fmt: skip
differentiable(W, "conv_transpose3d", lambda x, k: F.conv_transpose3d(x, k, stride=2), "xk",
               x=tensor(1, 2, 3, 2, 2), k=tensor(2, 2, 3, 2, 3))  # fmt: skip
differentiable(W, "max_pool1d", lambda x: F.max_pool1d(x, 3, 1), x=tensor(2, 3, 7))
differentiable(W, "max_pool3d", lambda x: F.max_pool3d(x, 2), x=tensor(1, 2, 4, 5, 6))
differentiable(W, "avg_pool1d", lambda x: F.avg_pool1d(x, 3, 2, 1), x=tensor(2, 3, 7))
differentiable(W, "avg_pool3d", lambda x: F.avg_pool3d(x, 2), x=tensor(1, 2, 4, 5, 6))

# ---- layers ----


def layer(name, module, stores, inputs, forward=None, extra=None, by="x", weight=None):
    """A case of a layer: stores maps paths to tensors of the module (transposed as gradc holds them); the gradient by
    the first of them, or by `weight`, is shown as d<its name>."""

    def lines():
        tensors = {k: draw().requires_grad_(k in by) for k, draw in inputs.items()}
        for path, (parameter, arrange) in stores.items():
            yield "store", path, arrange(parameter)
        y, more, loss = (forward or plain)(module, **tensors)
        c = normal(*y.shape)
        path = weight or next(iter(stores))
        parameter, arrange = stores[path]
        wanted = [tensors[k] for k in by] + [parameter]
        gradients = torch.autograd.grad((c * y).sum() + loss, wanted)
        outputs = {"y": y, **more, **{"d" + k: g for k, g in zip(by, gradients)}}
        shown = {"wh": "w"}.get(path.split(".")[-1], path.split(".")[-1])
        yield from call({**tensors, "c": c}, {**outputs, "d" + shown: arrange(gradients[-1])})

    case("layers", name)(lines)


def plain(module, x):
    return module(x), {}, 0


def same(t):
    return t


def transposed(t):
    return t.T


L = torch.nn
torch.manual_seed(1)
dense = L.Linear(3, 2)
layer("Dense", dense, {"dense.w": (dense.weight, transposed), "dense.b": (dense.bias, same)}, {"x": tensor(4, 3)})
first, second = L.Linear(3, 4), L.Linear(4, 2)
layer("MLP", L.Sequential(first, L.Tanh(), second),
      {"mlp.layers.0.w": (first.weight, transposed), "mlp.layers.0.b": (first.bias, same),
       "mlp.layers.1.w": (second.weight, transposed), "mlp.layers.1.b": (second.bias, same)},
      {"x": tensor(4, 3)})  # fmt: skip
convolution = L.Conv2d(2, 3, 3, 2, 1)
layer("Conv2d", convolution, {"convolution.w": (convolution.weight, same), "convolution.b": (convolution.bias, same)},
      {"x": tensor(2, 2, 5, 6)})  # fmt: skip
spread = L.ConvTranspose2d(2, 3, 3, 2, 1)
layer("ConvTranspose2d", spread, {"spread.w": (spread.weight, same), "spread.b": (spread.bias, same)},
      {"x": tensor(2, 2, 3, 4)})  # fmt: skip
layer_norm = L.LayerNorm(4)
torch.nn.init.normal_(layer_norm.weight)
torch.nn.init.normal_(layer_norm.bias)
layer("LayerNorm", layer_norm, {"layer_norm.scale": (layer_norm.weight, same), "layer_norm.shift": (layer_norm.bias, same)},
      {"x": tensor(3, 4)})  # fmt: skip
embedding = L.Embedding(5, 3)
layer("Embedding", embedding, {"embedding.table": (embedding.weight, same)},
      {"id": lambda: torch.tensor([3, 0, 3, 4])}, lambda module, id: (module(id), {}, 0), by="")  # fmt: skip


def recurrent(module, x):
    y, last = module(x)
    if isinstance(last, tuple):
        return y, {"last": last[1][0]}, last[1].sum()
    return y, {}, last.sum()


def gates(t):
    """LSTM: i f g o in both. Rows of the framework's matrix are gradc's columns."""
    return t.T


rnn, lstm, gru = L.RNN(3, 4), L.LSTM(3, 4), L.GRU(3, 4)
with torch.no_grad():
    rnn.bias_hh_l0.zero_()
    lstm.bias_hh_l0.zero_()
layer("RNN", rnn, {"rnn.wx": (rnn.weight_ih_l0, transposed), "rnn.wh": (rnn.weight_hh_l0, transposed),
                   "rnn.b": (rnn.bias_ih_l0, same)}, {"x": tensor(5, 2, 3)}, recurrent, weight="rnn.wh")  # fmt: skip
layer("LSTM", lstm, {"lstm.wx": (lstm.weight_ih_l0, gates), "lstm.wh": (lstm.weight_hh_l0, gates),
                     "lstm.b": (lstm.bias_ih_l0, same)}, {"x": tensor(5, 2, 3)}, recurrent, weight="lstm.wh")  # fmt: skip
layer("GRU", gru, {"gru.wx": (gru.weight_ih_l0, transposed), "gru.wh": (gru.weight_hh_l0, transposed),
                   "gru.bx": (gru.bias_ih_l0, same), "gru.bh": (gru.bias_hh_l0, same)},
      {"x": tensor(5, 2, 3)}, recurrent, weight="gru.wh")  # fmt: skip


@case("layers", "BatchNorm")
def _():
    """Two steps. gradc's running variance is that of the batch, the framework's is n / (n - 1) times that."""
    norm = L.BatchNorm1d(3)
    torch.nn.init.normal_(norm.weight)
    torch.nn.init.normal_(norm.bias)
    yield "store", "batch_norm.scale", norm.weight
    yield "store", "batch_norm.shift", norm.bias
    average, variance = torch.zeros(3), torch.ones(3)
    for _ in range(2):
        x, c = (2 + 3 * normal(4, 3, 2)).requires_grad_(), normal(4, 3, 2)
        y = norm(x)
        dx, dscale = torch.autograd.grad((c * y).sum(), [x, norm.weight])
        yield from call({"x": x, "c": c}, {"y": y, "dx": dx, "dscale": dscale})
        average = 0.9 * average + 0.1 * x.mean((0, 2))
        variance = 0.9 * variance + 0.1 * x.var((0, 2), correction=0)
    assert torch.allclose(average, norm.running_mean)
    yield "then", "batch_norm.average", average
    yield "then", "batch_norm.variance", variance


@case("layers", "BatchNorm_applied")
def _():
    norm = L.BatchNorm1d(3).eval()
    norm.running_mean, norm.running_var = normal(3), positive(3)
    torch.nn.init.normal_(norm.weight)
    for path, value in {"scale": norm.weight, "shift": norm.bias, "average": norm.running_mean,
                        "variance": norm.running_var}.items():  # fmt: skip
        yield "store", "batch_norm." + path, value
    x = normal(4, 3, 2)
    yield from call({"x": x}, {"y": norm(x)})


# ---- optimizers and schedules ----


def optimizer(name, make):
    @case("optimizers", name)
    def _():
        w = torch.tensor([0.5, -1, 2, 0.1]).requires_grad_()
        steps = make([w])
        for _ in range(5):
            x, before = normal(4), w.detach().clone()
            loss = ((w - x) ** 2).sum() + (w**4).sum() / 4
            steps.zero_grad()
            loss.backward()
            steps.step()
            yield from call({"x": x}, {"y": before})
        yield "then", "w", w


O = torch.optim
optimizer("sgd", lambda p: O.SGD(p, 0.1))
optimizer("momentum", lambda p: O.SGD(p, 0.05, momentum=0.8))
optimizer("nesterov", lambda p: O.SGD(p, 0.05, momentum=0.9, nesterov=True))
optimizer("adagrad", lambda p: O.Adagrad(p, 0.1, eps=1e-8))
optimizer("rmsprop", lambda p: O.RMSprop(p, 0.05, alpha=0.9, eps=1e-8))
optimizer("adadelta", lambda p: O.Adadelta(p, 1, rho=0.9, eps=1e-6))
optimizer("adam", lambda p: O.Adam(p, 0.1))
optimizer("adamw", lambda p: O.AdamW(p, 0.1, weight_decay=0.05))


def schedule(name, make, calls=7):
    @case("optimizers", name)
    def _():
        steps = O.SGD([torch.zeros(1, requires_grad=True)], 1)
        rate = make(steps)
        for _ in range(calls):
            yield from call({}, {"y": rate.get_last_lr()[0]})
            steps.step()
            rate.step()


S = O.lr_scheduler
schedule("warmup", lambda o: S.LinearLR(o, 1 / 4, 1, 3))
schedule("linear_decay", lambda o: S.LinearLR(o, 1, 0, 4))
schedule("cosine_decay", lambda o: S.CosineAnnealingLR(o, 5), calls=6)
schedule("cosine_restarts", lambda o: S.CosineAnnealingWarmRestarts(o, 3))
schedule("step_decay", lambda o: S.StepLR(o, 2, 0.5))
schedule("exponential_decay", lambda o: S.ExponentialLR(o, 0.5**0.25))

# ---- arrays ----


def array(name, function, by="x", **inputs):
    """Where the entry has a cotangent c."""
    differentiable("arrays", name, function, by, **{k: (lambda v=v: v) for k, v in inputs.items()})


def shown(name, outputs, **inputs):
    case("arrays", name)(lambda: call(inputs, outputs))


torch.manual_seed(2)
X = normal(3, 5)
IDS = torch.tensor([4, 0, 2, 2, 1, 4])
shown("int", {"i": (X[:2, :3].reshape(-1) * 3).to(torch.int32)}, x=X[:2, :3])
shown("real", {"y": IDS / 2}, i=IDS)
array("where", lambda x, z: torch.where(x < 0, x * x, z), "xz", x=normal(2, 3), z=normal(3))
array("prod", lambda x: x.prod(1), x=normal(2, 3))
array("mean", lambda x: x.mean(0, keepdim=True), x=normal(2, 3))
array("broadcast", lambda x: x.broadcast_to(2, 3, 4), x=normal(3, 1))
array("transpose", lambda x: x.permute(2, 0, 1), x=normal(2, 3, 4))
array("reshape", lambda x: x.reshape(3, -1), x=normal(2, 6))
array("flip", lambda x: x.flip(1), x=normal(2, 3))
array("concat", lambda x, z: torch.cat([x, z], 1), "xz", x=normal(2, 3), z=normal(2, 2))
array("stack", lambda x, z: torch.stack([x, z], 1), "xz", x=normal(3), z=normal(3))
array("cumsum", lambda x: x.cumsum(0) * x.cumsum(-1), x=normal(3, 4))
array("sort", lambda x: x.sort(-1).values, x=X)
array("at_label", lambda x, label: x[torch.arange(3), label], x=X, label=IDS[:3])
array("pad", lambda x: F.pad(x, (1, 1, 1, 1), value=0.5), x=normal(2, 3))
array("stop", lambda x: x * (x * x).detach(), x=normal(3))
array("gather", lambda x, i: x[i], x=normal(5, 2), i=IDS[:4])
array("scatter_add", lambda x, i: torch.zeros(4, 2).index_add(0, i, x), x=normal(6, 2), i=torch.tensor([3, 0, 2, 2, 1, 3]))
array("matmul", lambda x, z: x @ z, "xz", x=normal(2, 3), z=normal(3, 4))
array("slice", lambda x: x[1:5:2, -3:], x=normal(6, 5))


def halves(x):
    left, middle, right = x.split([1, 2, 3], -1)
    return right * left.sum() + torch.cat([middle, left], 1)


def steps(x):
    y = torch.zeros(3)
    for row in x:
        y = torch.tanh(row + 0.5 * y)
    return y


array("split", halves, x=normal(2, 6))
array("scan_", steps, x=normal(5, 3))
shown("argmax", {"i": X.argmax(1), "j": X.argmax(0)}, x=X)
shown("argmin", {"i": X.argmin(1), "j": X.argmin(0)}, x=X)
shown("range", {"i": torch.arange(2, 14, 3)})
shown("len", {"i": 3}, x=X[:2, :3])
shown("enumerate", {"y": (X[0, :3] * torch.tensor([1.0, 2, 3])).sum()}, x=X[0, :3])
shown("pairs", {"y": X[0, 0] * X[0, 1] + X[0, 1] * X[0, 2]}, x=X[0, :3])
shown("reversed", {"y": X[0, :3].flip(0)}, x=X[0, :3])
shown("shape", {"i": torch.tensor([2, 3])}, x=X[:2, :3])
shown("rank", {"i": 2}, x=X[:2, :3])
shown("zeros", {"y": torch.zeros(2, 2) + X[0, :2]}, x=X[0, :2])
shown("ones", {"y": torch.ones(2, 2) * X[0, :2]}, x=X[0, :2])
shown("eye", {"y": torch.eye(3) + X[:, :3]}, x=X[:, :3])
shown("one_hot", {"y": F.one_hot(IDS[:4], 5)}, i=IDS[:4])
shown("params", {"y": 6 * 0.5**2 + 3 * 0.25**2})
shown("map", {"y": 2 * X[:2, :3].sum(0) + 2 * X[2, :3]}, x=X[:2, :3], z=X[2, :3])


@case("arrays", "sum")
def _():
    x, c = normal(2, 3, 4).requires_grad_(), normal(3)
    y = (x * x).sum((0, -1))
    yield from call({"x": x, "c": c}, {"y": y, "all": x.sum(), "dx": torch.autograd.grad((c * y).sum(), x)[0]})


def extremum(name, reduce, elementwise, larger):
    @case("arrays", name)
    def _():
        x, z, c = normal(2, 5).requires_grad_(), normal(2, 5).requires_grad_(), normal(2)
        y, both = reduce(x, -1), elementwise(x, z)
        dx, dz = torch.autograd.grad((c * y).sum() + (both * both).sum(), [x, z])
        yield from call({"x": x, "z": z, "c": c}, {"y": y, larger: both, "dx": dx, "dz": dz})


extremum("max", torch.amax, torch.maximum, "larger")
extremum("min", torch.amin, torch.minimum, "smaller")


@case("arrays", "top_k")
def _():
    x, c = X.clone().requires_grad_(), normal(3, 2)
    y, i = x.topk(2)
    yield from call({"x": x, "c": c}, {"y": y, "i": i, "dx": torch.autograd.grad((c * y).sum(), x)[0]})


@case("arrays", "grad")
def _():
    x, c = normal(4).requires_grad_(), normal(4)
    value = (x**3).sum() + x.prod() * torch.sin(x).sum()
    (y,) = torch.autograd.grad(value, x, create_graph=True)
    yield from call({"x": x, "c": c}, {"y": y, "dx": torch.autograd.grad((c * y).sum(), x)[0]})


# ---- draws: moments by the formula of the distribution, bounds and deviations of initialisers by the framework's ----


def moments(name, tolerance, outputs, **inputs):
    case("draws", name, tolerance)(lambda: call(inputs, outputs))


D = torch.distributions
uniform = D.Uniform(-1.0, 3.0)
moments("uniform", 0.03, {"low": -1.0, "high": 3.0, "average": uniform.mean, "sd": uniform.stddev})
moments("normal", 0.08, {"average": 1.0, "sd": 2.0, "skew": 0.0, "kurtosis": 3.0})
P = torch.tensor([0.1, 0.5, 0.85])
moments("bernoulli", 0.015, {"average": P}, p=P)
P = torch.tensor([0.6, 0.2, 1.0, 0.2])
moments("categorical", 0.015, {"share": D.Categorical(P).probs, "of_logits": D.Categorical(P).probs}, p=P)
moments("integers", 0.015, {"share": torch.full((5,), 0.2)})
moments("permutation", 0.02, {"share": torch.full((4, 4), 0.25), "total": torch.ones(4)})
P = torch.tensor([1.0, -2.0, 0.5, 3.0])
moments("dropout", 0.05, {"share": torch.full((4,), 0.75), "scaled": P.abs() / 0.75}, x=P)
moments("constant", None, {"y": torch.full((2, 3), 1.5)})


def initialised(name, tolerance, shape, fill, bounded):
    """`shape` as the framework has it: outputs first."""

    @case("draws", name, tolerance)
    def _():
        w = torch.cat([fill(torch.empty(*shape)).reshape(-1) for _ in range(100)])
        limits = {"low": w.min(), "high": w.max()} if bounded else {"average": 0.0}
        yield from call({}, {**limits, "sd": w.std()})


N = torch.nn.init
initialised("glorot_uniform", 0.002, (200, 60), N.xavier_uniform_, True)
initialised("glorot_normal", 0.002, (60, 20, 3, 3), N.xavier_normal_, False)
initialised("he_uniform", 0.003, (60, 20, 3, 3), N.kaiming_uniform_, True)
initialised("he_normal", 0.003, (200, 100), lambda w: N.kaiming_normal_(w), False)
moments("orthogonal", 1e-6, {"products": torch.eye(4), "of_columns": 4 * torch.eye(3)})

for name, cases in files.items():
    (HERE / f"{name}.txt").write_text("\n\n".join(cases) + "\n")
    print(f"{name}.txt: {len(cases)} cases", file=sys.stderr)
