# part of sanitizers_gcc.sh and sanitizers_clang.sh: builds COMPILER_SANITIZER; $HERE is where the sources are
set -e
build() {
    name=$1; shift
    $compiler -g -O1 -w -pthread -D_GNU_SOURCE "-fsanitize=${name%_*}" -o "${compiler}_$name" "$HERE/sanitized.c" "$@" 2>log || {
        cat log >&2
        exit 1
    }
}
compiler=$1
if [ "$compiler" = gcc ]; then
    for name in address thread undefined leak; do build $name; done
    build address_static -static-libasan
else
    for name in address undefined memory; do build $name; done
    build address_shared -shared-libsan "-Wl,-rpath,$(dirname "$(clang -print-file-name=libclang_rt.asan-x86_64.so)")"
    swift=$(dirname "$(readlink -f "$(which clang)")")/../lib/swift/linux # whose clang wants libdispatch for this one
    build thread "-L$swift" "-Wl,-rpath,$swift" -ldispatch -lBlocksRuntime
fi
