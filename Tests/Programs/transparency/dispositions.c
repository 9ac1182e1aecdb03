// SPDX-License-Identifier: Apache-2.0
// All dispositions: at start, after changes, as sigaction, signal() and siginterrupt() show them.
#include "common.h"

static void info_handler(int signal, siginfo_t *info, void *context) { (void)signal, (void)info, (void)context; }

static const char *name_of(const struct sigaction *a) {
    if (a->sa_handler == SIG_DFL)
        return "default";
    if (a->sa_handler == SIG_IGN)
        return "ignored";
    if (a->sa_handler == on_signal_do_nothing)
        return "plain handler";
    return a->sa_sigaction == info_handler ? "info handler" : "SOMEBODY ELSE'S";
}

static void show_all(const char *when) {
    printf("%s\n", when);
    for (int s = 1; s < _NSIG; s++) {
        struct sigaction a;
        if (sigaction(s, NULL, &a) != 0)
            continue;
        printf("%d %s flags %#x mask", s, name_of(&a), (unsigned)a.sa_flags);
        for (int m = 1; m < _NSIG; m++)
            if (sigismember(&a.sa_mask, m) == 1)
                printf(" %d", m);
        printf("\n");
    }
}

// sigaction does not show the C library's own two signals.
static void show_ignored(void) {
    char line[200];
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof(line), status) != NULL)
        if (strncmp(line, "SigIgn:", 7) == 0)
            printf("%s", line);
    if (status != NULL)
        fclose(status);
}

int main(void) {
    show_ignored();
    show_all("start");
    burn(0.1);
    for (int s = 1; s < _NSIG; s++) {
        struct sigaction a = {.sa_sigaction = info_handler, .sa_flags = SA_SIGINFO | (s % 2 ? SA_RESTART : SA_NODEFER)};
        sigemptyset(&a.sa_mask);
        sigaddset(&a.sa_mask, 1 + s % 30);
        struct sigaction before;
        if (s != SIGPROF && sigaction(s, &a, &before) == 0)
            printf("%d was %s\n", s, name_of(&before));
    }
    show_all("info handlers");
    for (int s = 1; s < 32; s++)
        if (s != SIGPROF) {
            void (*before)(int) = signal(s, on_signal_do_nothing);
            printf("%d signal() gives %s\n", s,
                   before == SIG_ERR ? "error" : before == (void (*)(int))info_handler ? "info handler" : "other");
        }
    siginterrupt(SIGUSR1, 1);
    signal(SIGUSR1, on_signal_do_nothing);
    show_all("plain handlers");
    install(SIGUSR2, on_signal_do_nothing, SA_RESETHAND);
    raise(SIGUSR2);
    install(SIGHUP, on_signal_do_nothing, 0);
    printf("failing sigaction: %d\n", sigaction(SIGKILL, &(struct sigaction){.sa_handler = SIG_IGN}, NULL));
    signal(SIGPROF, SIG_IGN);
    show_all("SIGUSR2 reset, SIGPROF ignored");
    kill(getpid(), SIGPROF);
    signal(SIGPROF, SIG_DFL);
    show_all("SIGPROF default");
    return 0;
}
