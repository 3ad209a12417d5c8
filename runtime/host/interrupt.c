#include "runtime/host/interrupt.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

struct gr_interrupt {
    pthread_t waiter;
    sigset_t waited, before;
    atomic_bool came;
};

static void *wait_for_signals(void *context) {
    gr_interrupt *interrupt = context;
    for (;;) {
        int number;
        if (sigwait(&interrupt->waited, &number) != 0) continue;
        if (atomic_exchange(&interrupt->came, true)) _exit(130);
    }
    return NULL;
}

gr_interrupt *gr_interrupt_begin(void) {
    gr_interrupt *interrupt = calloc(1, sizeof *interrupt);
    if (interrupt == NULL) return NULL;
    sigemptyset(&interrupt->waited);
    const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    for (int s = 0; s < 3; s++) {
        struct sigaction action;
        const bool ignored = sigaction(signals[s], NULL, &action) == 0 && action.sa_handler == SIG_IGN;
        if (!ignored || signals[s] == SIGINT) sigaddset(&interrupt->waited, signals[s]); /* nohup stays nohup */
    }
    pthread_sigmask(SIG_BLOCK, &interrupt->waited, &interrupt->before);
    if (pthread_create(&interrupt->waiter, NULL, wait_for_signals, interrupt) == 0) return interrupt;
    pthread_sigmask(SIG_SETMASK, &interrupt->before, NULL);
    free(interrupt);
    return NULL;
}

bool gr_interrupted(const gr_interrupt *interrupt) {
    return interrupt != NULL && atomic_load_explicit(&interrupt->came, memory_order_relaxed);
}

void gr_interrupt_end(gr_interrupt *interrupt) {
    if (interrupt == NULL) return;
    pthread_cancel(interrupt->waiter); /* sigwait is where it can be cancelled */
    pthread_join(interrupt->waiter, NULL);
    pthread_sigmask(SIG_SETMASK, &interrupt->before, NULL);
    free(interrupt);
}
