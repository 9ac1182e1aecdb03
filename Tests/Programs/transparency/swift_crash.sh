# runs: ends crashes backtrace
# needs: swiftc
# build: swiftc -O -g -o swift_crash $HERE/swift_crash.swift
# Swift: libdispatch, its signal sources, a trap with and without the runtime's backtracer, which is another process.
quiet() { sed 's/0x[0-9a-f]*//g; s/[0-9]* *in \([0-9.]*\)s$//; s/took [0-9.]*s//; s/Thread [0-9]*/Thread/; s/[0-9a-f]\{16,\}//g' | grep -E 'Fatal|Crash|Thread|index|crashed' | grep -v default-qos; } # workers come and go
case $1 in
ends) exec ./swift_crash ;;
crashes) ./swift_crash now 2>&1 | quiet ;;
backtrace) SWIFT_BACKTRACE=enable=yes,color=no ./swift_crash now 2>&1 | quiet ;;
esac
