# Pipes, subshells, here documents, substitution, exit codes.
seq 1 50000 | sort -rn | awk '{ s += $1 } END { print s }'
(exit 7); echo "subshell $?"
echo "$(echo inner | tr a-z A-Z)"
cat <<EOF | wc -l
one
two
EOF
sh -c 'kill -KILL $$'; echo "killed $?"
sh -c 'kill -PROF $$'; echo "prof $?"
no-such-command 2>/dev/null; echo "missing $?"
/etc/passwd 2>/dev/null; echo "not executable $?"
yes | head -n 100000 | tail -n 1
ls /no/such/place 2>&1 | sed 's/^ls: //'
exec sh -c 'exit 42'
