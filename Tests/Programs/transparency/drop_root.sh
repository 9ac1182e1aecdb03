# needs: root setpriv
# A server that starts as root and drops it.
setpriv --reuid=65534 --regid=65534 --clear-groups ./process_state
setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs ./dispositions | tail -3
chroot / ./ends _exit; echo "$?"
