# runs: setuid setgid static musl musl_static i386 scripts
# needs: musl-gcc /usr/lib/gcc/x86_64-linux-gnu/*/32/libgcc.a
# build: sh $HERE/foreign_build.sh
# report: could not load the recorder
# Children that cannot load a recorder, by exec, spawn and as interpreters of scripts.
case $1 in
scripts)
    for kind in static musl i386; do
        printf '#!%s/foreign_%s\n' "$PWD" $kind >"/tmp/foreign-$$"
        chmod +x "/tmp/foreign-$$"
        "/tmp/foreign-$$" 2>&1 | sed 's/foreign-[0-9]*//'
    done
    rm "/tmp/foreign-$$"
    ;;
*)
    "./foreign_$1" "$1"
    echo "status $?"
    env "./foreign_$1" again sh -c 'echo "a shell below: $0"' | sort
    find . -maxdepth 1 -name "foreign_$1" -exec {} found \;
    perl -e 'system @ARGV; print $? >> 8, "\n"' "./foreign_$1" perl
    ;;
esac
