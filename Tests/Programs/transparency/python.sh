# needs: python3
# An interpreter nobody here wrote: threads, children, signals, select.
python3 - <<'EOF'
import os, select, signal, subprocess, sys, threading, time
def work():
    return sum(i * i for i in range(200000))
threads = [threading.Thread(target=work) for _ in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]
print(subprocess.run(["sh", "-c", "echo child; exit 4"], capture_output=True))
got = []
signal.signal(signal.SIGUSR1, lambda s, f: got.append(s))
os.kill(os.getpid(), signal.SIGUSR1)
work()
print(got, signal.getsignal(signal.SIGPROF), signal.sigpending(), signal.pthread_sigmask(0, []))
signal.setitimer(signal.ITIMER_REAL, 0.05); signal.signal(signal.SIGALRM, lambda s, f: got.append(s))
start = time.monotonic(); time.sleep(0.2); print(got, time.monotonic() - start >= 0.2)
print(sorted(k for k in os.environ if k not in ("LD_PRELOAD", "POTTER_SESSION")) != [])
pid = os.fork()
if pid == 0:
    work(); os._exit(6)
print(os.waitpid(pid, 0)[1])
sys.exit(3)
EOF
echo "python $?"
