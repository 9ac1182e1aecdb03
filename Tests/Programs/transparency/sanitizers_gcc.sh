# runs: address address_static thread undefined leak overflow use race undefined_report leak_report
# needs: gcc
# build: sh $HERE/sanitizers_build.sh gcc
# gcc's sanitizers: that of addresses refuses to run where another library was loaded before its own.
exec sh sanitizers_run.sh gcc "$1"
