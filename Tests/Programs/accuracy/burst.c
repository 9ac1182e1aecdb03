// SPDX-License-Identifier: Apache-2.0
// usage: burst SECONDS
// Half of the CPU time in one thread (serial_phase), half in bursts of eight threads at once (burst_phase), in turns.
#include "truth.h"
#include <pthread.h>

#define THREADS 8
#define TURN 0.2 // seconds of CPU of each phase

static volatile uint64_t sink;
static double spent[THREADS];

__attribute__((noipa)) static double serial_phase(double seconds) {
    double begin = truth_thread_cpu(), now;
    while ((now = truth_thread_cpu()) - begin < seconds)
        sink += truth_mix(sink, 20000);
    return now - begin;
}

__attribute__((noipa)) static double burst_phase(double seconds) {
    double begin = truth_thread_cpu(), now;
    while ((now = truth_thread_cpu()) - begin < seconds)
        sink += truth_mix(sink, 20000);
    return now - begin;
}

static void *run(void *at) {
    *(double *)at += burst_phase(TURN / THREADS);
    return NULL;
}

int main(int argc, char **argv) {
    double seconds = argc > 1 ? atof(argv[1]) : 1, serial = 0, burst = 0;
    while (serial + burst < seconds) {
        serial += serial_phase(TURN);
        pthread_t threads[THREADS];
        for (int i = 0; i < THREADS; i++)
            pthread_create(&threads[i], NULL, run, &spent[i]);
        for (int i = 0; i < THREADS; i++) {
            pthread_join(threads[i], NULL);
            burst += spent[i];
            spent[i] = 0;
        }
    }
    printf("serial_phase %.5f\nburst_phase %.5f\n", serial / (serial + burst), burst / (serial + burst));
    return truth_end();
}
