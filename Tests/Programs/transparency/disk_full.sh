# outside: yes
# needs: root unshare mount
# says: the recording ended early
# The disk of the recording is full after a while: the program goes on.
unshare -m sh -c 'mount -t tmpfs -o size=300k none recordings && exec "$@"' sh "$@" ./exec_5000 2000
echo "$?"
