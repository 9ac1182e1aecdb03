# needs: make gcc
# make -j with a jobserver, a compiler that forks, an error in the midst.
cd "$(mktemp -d)"
for i in 1 2 3 4 5 6; do echo "int f$i(int x) { return x * $i; }" >"f$i.c"; done
printf 'int f6(int); int main(void) { return f6(7); }\n' >main.c
printf 'program: main.o f1.o f2.o f3.o f4.o f5.o f6.o\n\t$(CC) -o $@ $^\n%%.o: %%.c\n\t+@$(CC) -c -O1 -o $@ $<\nbad:\n\t@sh -c "exit 3"\n' >Makefile
make -j4 | tail -1
./program; echo "program $?"
make -j4 bad 2>&1 | sed 's/\[[^]]*\]//'; echo "bad $?"
make -s -j2 --output-sync=target clean 2>&1 | sed 's/\[[^]]*\]//'
rm -rf "$PWD"
