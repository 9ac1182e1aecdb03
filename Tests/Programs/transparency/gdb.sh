# needs: gdb
# A breakpoint in a program under a debugger, which traces the signals, too.
gdb -q -batch -nx -ex 'set confirm off' -ex 'set debuginfod enabled off' -ex 'break deep' \
    -ex 'run stack' -ex 'backtrace 2' -ex 'kill' ./ends 2>/dev/null | grep -E '^(Breakpoint 1,|#[01])' |
    sed 's/0x[0-9a-f]*//g'
echo "gdb $?"
