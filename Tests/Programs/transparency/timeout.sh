# needs: timeout
timeout 0.3 sleep 5; echo "timed out $?"
timeout -s INT 0.3 sh -c 'while :; do :; done'; echo "interrupted $?"
timeout 5 sh -c 'exit 9'; echo "status $?"
nice -n 3 sh -c 'nice'
nohup sh -c 'trap -p; trap; echo nohup' 2>/dev/null
setsid sh -c 'echo own session'
