# needs: gcc
# build: gcc -w -shared -fPIC -o libother.so $HERE/preloads_other.c
# The program's own LD_PRELOAD, and what else its environment says to the loader.
LD_PRELOAD="./libother.so${LD_PRELOAD:+:$LD_PRELOAD}" ./storms child 3; echo "$?"
(export LD_PRELOAD="./libother.so"; ./process_state | tail -2; sh -c './storms child 4; echo $?')
env -i ./storms child 5; echo "$?"
LD_PRELOAD=/no/such/library.so ./storms child 6 2>&1; echo "$?"
LD_BIND_NOW=1 ./threads | head -2
LD_LIBRARY_PATH=/tmp ./storms child 7; echo "$?"
unset LD_PRELOAD; ./storms child 8; echo "$?"
