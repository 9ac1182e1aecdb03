# runs: memcheck helgrind children
# needs: valgrind
# Programs under valgrind, which has its own loader and signals; at its slow pace.
clean() { sed 's/==[0-9]*==/==/; s/0x[0-9A-Fa-f]*//g; /Memcheck\|Copyright\|Using Valgrind\|Command:\|allocs\|total heap\|Parent PID/d'; }
case $1 in
memcheck) valgrind -q --error-exitcode=9 ./masks 2>&1 | clean ;;
helgrind) valgrind -q --tool=helgrind --error-exitcode=9 ./storms child 5 2>&1 | clean ;;
children) valgrind -q --trace-children=yes --error-exitcode=9 sh -c 'echo "inside $((1 + 1))"; ./storms child 6' 2>&1 | clean ;;
esac
echo "valgrind $?"
