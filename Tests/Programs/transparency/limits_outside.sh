# runs: files_24 files_soft address_space data file_size cpu signals memlock
# outside: yes
# report: root.address_space: could not load the recorder
# report: other.address_space: could not load the recorder
# says: file_size: runs unrecorded: cannot make shared memory
# Little room for potter-prof and the program: who starts them has set the limits.
how=$1
shift
case $how in
files_24) ulimit -n 24; "$@" ./process_state; exec "$@" ./children ;;
files_soft) ulimit -S -n 12; "$@" ./process_state; exec "$@" ./children ;;
address_space) ulimit -v 300000; "$@" ./address_space last; "$@" ./process_state; exec "$@" ./children ;;
data) ulimit -d 150000; "$@" ./process_state; exec "$@" ./children ;;
file_size)
    # Root may raise the limit, but for this capability.
    [ "$(id -u)" != 0 ] || set -- setpriv --bounding-set -sys_resource "$@"
    ulimit -f 100
    "$@" ./process_state 2>/dev/null
    exec "$@" sh -c 'yes >/tmp/transparency-file-$$; s=$?; rm /tmp/transparency-file-$$; exit $s'
    ;;
cpu) ulimit -S -t 2; exec "$@" sh -c 'while :; do :; done' ;;
signals) ulimit -i 3; "$@" ./process_state; exec "$@" ./threads ;;
memlock) ulimit -l 64; "$@" ./process_state; exec "$@" ./threads ;;
esac
