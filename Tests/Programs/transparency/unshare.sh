# unshare -U fails in a program with more than one thread.
unshare -U true; echo "unshare $?"
