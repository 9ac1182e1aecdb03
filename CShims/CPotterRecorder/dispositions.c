// SPDX-License-Identifier: Apache-2.0
// The program sees its own disposition of SIGPROF. A default or ignored one is only noted. A handler of the program's
// own is installed at once, and sampling ends in this process: two users of one signal cannot be told apart by them.
#include "real_functions.h"
#include "recorder.h"
#include <errno.h>

#define PP_DISARM_WAIT_NS 100000000ull

static void give_signal_away(pp_recorder *recorder) {
    pp_process *process = &pp_processes(recorder->session)[recorder->process];
    atomic_store(&recorder->signal_taken, 1);
    pp_count(recorder->session, PP_COUNT_SIGNAL_TAKEN);
    pp_timers_delete();
    atomic_store(&process->signal_taken, 1);
    pp_announce();
    pp_wait_word(&process->signal_taken, 1, PP_DISARM_WAIT_NS);
}

int pp_sigaction(int signal, const struct sigaction *action, struct sigaction *before) {
    pp_real_resolve();
    pp_recorder *recorder = &pp_recorder_state;
    if (signal != PP_SIGNAL || recorder->session == NULL || atomic_load(&recorder->signal_taken))
        return pp_real.sigaction(signal, action, before);
    struct sigaction previous = recorder->program_action;
    if (action != NULL) {
        bool handler = (action->sa_flags & SA_SIGINFO) != 0 ||
                       (action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN);
        if (handler) {
            give_signal_away(recorder);
            int result = pp_real.sigaction(signal, action, NULL);
            if (result != 0)
                return result;
        }
        recorder->program_action = *action;
    }
    if (before != NULL)
        *before = previous;
    return 0;
}
