# part of sanitizers_gcc.sh and sanitizers_clang.sh: COMPILER CASE. What they report has addresses and numbers in it.
report() {
    ./"$@" 2>&1 >/dev/null | sed -n 's/^==[0-9]*== *//; s/(pid=[0-9]*)//; s/0x[0-9a-f]*//g
        /^ERROR/p; /^WARNING/p; /^SUMMARY/p; /runtime error/p; /^ *#[0-9].* in \(fail\|race\|main\) /p; /^ *#[0-9] \(fail\|race\|main\) /p'
}
case $2 in
overflow | use) report "$1_address" "$2" ;;
race) report "$1_thread" race | sort -u ;;
undefined_report) report "$1_undefined" undefined ;;
leak_report) report "$1_address" leak ;;
*) "./$1_$2"; echo "status $?" ;;
esac
