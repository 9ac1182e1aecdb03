# needs: strace
# report: could not load the recorder
# What a program does and which signals it gets, as seen by a tracer.
quiet() { sed 's/0x[0-9a-f]*//g; s/[0-9]\{3,\}/N/g; /vars/d' | grep -v 'strace: Process'; }
strace -f -o trace.$$ -e trace=openat,socket,clone,vfork,execve,rt_sigaction,exit_group -e signal=all ./ends exit
echo "$?"
quiet <trace.$$ | sort | uniq -c | sed 's/^ *//'
rm -f trace.$$
strace -c -o /dev/null ./storms child 4; echo "$?"
