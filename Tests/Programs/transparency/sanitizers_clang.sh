# runs: address address_shared thread undefined memory overflow use race undefined_report leak_report
# needs: clang
# build: sh $HERE/sanitizers_build.sh clang
# clang's sanitizers: linked in, or as a library that must be the first.
exec sh sanitizers_run.sh clang "$1"
