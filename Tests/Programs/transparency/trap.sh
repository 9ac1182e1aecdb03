# Traps of a shell: its own signals, those of its children.
trap 'echo usr1' USR1
trap 'echo term' TERM
trap 'echo leaving' EXIT
kill -USR1 $$
i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done
kill -TERM $$
(trap '' INT; sh -c 'kill -INT $$; echo survived')
sh -c 'trap "echo child; exit 3" HUP; kill -HUP $$; sleep 5'; echo "status $?"
sleep 5 & sleep 0.3; kill $!; wait $!; echo "wait $?"
trap
bash -c 'trap "echo prof" PROF; kill -PROF $$; trap - PROF; trap -p; kill -PROF $$'; echo "bash $?"
