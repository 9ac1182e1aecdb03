# part of foreign.sh: programs that no library of this system's C library can be loaded into
set -e
gcc -w -o foreign_setuid "$HERE/identity.c"
cp foreign_setuid foreign_setgid
if [ "$(id -u)" = 0 ]; then
    chown 65533 foreign_setuid
    chgrp 65533 foreign_setgid
fi
chmod u+s foreign_setuid
chmod g+s foreign_setgid
gcc -w -static -o foreign_static "$HERE/identity.c"
musl-gcc -w -o foreign_musl "$HERE/identity.c"
musl-gcc -w -static -o foreign_musl_static "$HERE/identity.c"
gcc -w -m32 -o foreign_i386 "$HERE/identity.c"
