# runs: kill_0 pipeline trap_exit
# Signals to the whole process group, which potter-prof is in, too, sent from inside.
case $1 in
kill_0)
    trap 'echo got TERM' TERM
    sleep 3 &
    kill 0
    wait
    sleep 0.3
    echo end
    ;;
pipeline)
    trap 'echo got INT' INT
    (sleep 0.2; kill -INT 0; exec sleep 0.1)
    sleep 0.3
    echo end
    ;;
trap_exit)
    trap 'trap - TERM; kill 0' EXIT
    sleep 3 &
    exit 3
    ;;
esac
