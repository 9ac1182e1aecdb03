// SPDX-License-Identifier: Apache-2.0
// usage: calls SECONDS
// CPU time in system calls of three functions and in user code of a fourth, a quarter each, in turns of random length.
#define _GNU_SOURCE
#include "truth.h"
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile uint64_t sink;
static char buffer[1 << 14];
static int zero, set;
static uint32_t word;

__attribute__((noipa)) static void reader(int times) {
    for (int i = 0; i < times; i++)
        sink += (uint64_t)read(zero, buffer, sizeof(buffer));
}
__attribute__((noipa)) static void poller(int times) {
    struct epoll_event event;
    for (int i = 0; i < times * 4; i++)
        sink += (uint64_t)epoll_wait(set, &event, 1, 0);
}
__attribute__((noipa)) static void waker(int times) {
    for (int i = 0; i < times * 4; i++)
        sink += (uint64_t)syscall(SYS_futex, &word, FUTEX_WAKE, 1, NULL, NULL, 0);
}
__attribute__((noipa)) static void computer(int times) { sink += truth_mix(sink, (uint64_t)times * 400); }

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*body)(int);
    } parts[] = {{"reader", reader}, {"poller", poller}, {"waker", waker}, {"computer", computer}};
    double seconds = argc > 1 ? atof(argv[1]) : 1, spent[4] = {0}, all = 0;
    int pipes[2];
    zero = open("/dev/zero", O_RDONLY);
    set = epoll_create1(0);
    if (pipe(pipes) != 0)
        return 1;
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(set, EPOLL_CTL_ADD, pipes[0], &event);
    srand(1);
    for (double now = truth_thread_cpu(); all < seconds;) {
        // The one that has had least: each gets a quarter.
        int least = 0;
        for (int i = 1; i < 4; i++)
            least = spent[i] < spent[least] ? i : least;
        parts[least].body(20 + rand() % 200);
        double then = truth_thread_cpu();
        spent[least] += then - now;
        all += then - now;
        now = then;
    }
    for (int i = 0; i < 4; i++)
        printf("%s %.5f\n", parts[i].name, spent[i] / all);
    return truth_end();
}
