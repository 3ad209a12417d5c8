"""The same from Python: two models, two instances of one, threads. See README.md."""
import sys
import threading
import numpy as np
from gradc_model import Model

x = np.linspace(-1, 1, 64, dtype=np.float32)[:, None]
model = Model("./libcurve.so", "curve", seed=1)
sides = Model("./libsides.so", "sides", seed=2)
plane = np.hstack([x, np.cos(5 * x)])
for step in range(1500):
    loss = model.train(x=x, y=np.sin(3 * x))["loss"]
    sides.train(x=plane, side=x[:, 0] > 0)
right = (sides.predict(x=plane)["side"] == (x[:, 0] > 0)).sum()

# The table says what numpy finds.
hidden = np.tanh(3 * x @ model["w1"] + model["b1"]) @ model["w2"] + model["b2"]
expected = model.predict(x=x)["y"]
agree = np.allclose(hidden, expected, atol=1e-5)

tuned = model.copy()
differences = []


def fine_tune():
    for step in range(1500):
        tuned.train(x=x, y=x)


def read():
    for call in range(200):
        differences.append(not np.array_equal(model.predict(x=x)["y"], expected))


threads = [threading.Thread(target=fine_tune)] + [threading.Thread(target=read) for r in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
tuned_loss = ((tuned.predict(x=x)["y"] - x) ** 2).mean()

# Written by name, read back, and seen by the next call.
tuned["b2"][...] += 1
moved = np.allclose(tuned.predict(x=x)["y"].mean() - x.mean(), 1, atol=0.05)
try:
    model.predict(x=np.zeros((65, 1)))
    refused = False
except ValueError as error:
    refused = str(error) == "GR_SIZE at n"
print(f"curve: loss {loss:.5f}\nsides: {right} of 64 right\nfine-tuned copy: loss {tuned_loss:.5f}; "
      f"{len(differences)} predictions elsewhere, {sum(differences)} differed")
sys.exit(not (loss < 0.01 and right > 58 and agree and tuned_loss < 0.01 and len(differences) == 600
              and not any(differences) and moved and refused))
