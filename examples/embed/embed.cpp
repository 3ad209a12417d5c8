// The same from C++11: curve.c and sides.c are compiled as C, their headers are for both.
//
//     cc -O2 -c curve.c sides.c && c++ -std=c++11 -O2 -o embed embed.cpp curve.o sides.o -lpthread
#include "curve.h"
#include "sides.h"
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

constexpr int rows = CURVE_N_MAX, readers = 4, calls = 500, steps = 1500;

void need(int status) {
    if (status != GR_OK) throw std::runtime_error(gr_message(status));
}

// One thread's own.
class Work {
  public:
    explicit Work(std::size_t bytes) : memory(bytes), work() {
        work.scratch = memory.data();
        work.scratch_size = memory.size();
    }
    gr_work *get() { return &work; }

  private:
    std::vector<unsigned char> memory;
    gr_work work;
};

float train(curve &model, curve_trainer &trainer, const std::vector<float> &x, const std::vector<float> &y) {
    Work work(CURVE_TRAIN_SCRATCH(1));
    float loss = 0;
    for (int step = 0; step < steps; step++)
        need(curve_train(&model, &trainer, work.get(), rows, x.data(), y.data(), &loss));
    return loss;
}

std::vector<float> predict(const curve &model, const std::vector<float> &x) {
    Work work(CURVE_PREDICT_SCRATCH(1));
    std::vector<float> y(x.size());
    need(curve_predict(&model, work.get(), rows, x.data(), y.data()));
    return y;
}

float train(sides &model, sides_trainer &trainer, const std::vector<float> &x, const std::vector<int32_t> &side) {
    Work work(SIDES_TRAIN_SCRATCH(1));
    float loss = 0;
    for (int step = 0; step < steps; step++)
        need(sides_train(&model, &trainer, work.get(), rows, x.data(), side.data(), &loss));
    return loss;
}

} // namespace

int main() {
    std::vector<float> x, sine, line, plane;
    std::vector<int32_t> side;
    for (int i = 0; i < rows; i++) {
        const float at = static_cast<float>(2 * i - rows + 1) / rows;
        x.push_back(at);
        sine.push_back(std::sin(3 * at));
        line.push_back(at);
        plane.push_back(at);
        plane.push_back(std::cos(5 * at));
        side.push_back(at > 0);
    }
    curve model;
    curve_trainer trainer;
    sides other;
    sides_trainer other_trainer;
    need(curve_init(&model, &trainer, 1));
    need(sides_init(&other, &other_trainer, 2));
    const float loss = train(model, trainer, x, sine), other_loss = train(other, other_trainer, plane, side);

    curve tuned = model;
    float tuned_loss = 1;
    const curve &shared = model;
    const std::vector<float> expected = predict(shared, x);
    std::vector<int> differences(readers);
    std::thread tuner([&] { tuned_loss = train(tuned, trainer, x, line); });
    std::vector<std::thread> threads;
    for (int r = 0; r < readers; r++)
        threads.emplace_back([&, r] {
            for (int call = 0; call < calls; call++)
                differences[r] += predict(shared, x) != expected;
        });
    for (std::thread &thread : threads)
        thread.join();
    tuner.join();
    int different = 0;
    for (int difference : differences)
        different += difference;
    std::printf(
        "curve: loss %.5f\nsides: loss %.5f\nfine-tuned copy: loss %.5f; %d predictions elsewhere, %d differed\n",
        static_cast<double>(loss), static_cast<double>(other_loss), static_cast<double>(tuned_loss), readers * calls,
        different);
    return different == 0 && loss < 0.01f && other_loss < 0.1f && tuned_loss < 0.01f ? EXIT_SUCCESS : EXIT_FAILURE;
}
