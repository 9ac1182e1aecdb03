# runs: files stack address_space data cpu core file_size processes
# Little room for the program: its shell sets the limits.
case $1 in
files) for n in 8 24; do (ulimit -n $n; ./process_state | head -9; ./children); done ;;
stack) (ulimit -s 256; ./threads | head -3; ./ends stack; echo $?) ;;
address_space) (ulimit -v 300000; ./threads | head -3; ./children; seq 1 100000 | sort -rn | tail -1) ;;
data) (ulimit -d 20000; ./threads | head -3; ./children) ;;
cpu) (ulimit -S -t 1; ./ends main_thread; sh -c 'while :; do :; done'; echo $?) ;;
core) (ulimit -c 0; ./ends abort; echo $?) ;;
file_size)
    cd "$(mktemp -d)"
    (ulimit -f 100; yes >file; echo $?; (trap '' XFSZ; yes 2>&1 >file | sed 's/.*: //'); ls -s file)
    rm -r "$PWD"
    ;;
processes) (ulimit -u 1000000; ulimit -u; ./process_state | grep limit) ;;
esac
