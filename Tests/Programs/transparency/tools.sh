# runs: sort compress search find
# The tools that pipelines are made of; some of them claim SIGPROF, to clean up after it.
case $1 in
sort) seq 1 300000 | sort -R --random-source=/bin/sh | sort -n --parallel=2 -S 2M | md5sum; echo "$?" ;;
compress)
    seq 1 200000 | gzip | gunzip | md5sum
    seq 1 200000 | xz -T2 -1 | xz -d | md5sum
    tar -C /usr/share/perl5 --sort=name --mtime=@0 --owner=0 --group=0 -cf - . 2>/dev/null | md5sum
    ;;
search) seq 1 300000 | grep -c 77 | tr 1 x; seq 1 300000 | awk '{ s += $1 % 7 } END { print s }'; seq 1 100000 | sed -n '/99$/p' | wc -l ;;
find) find /usr/share/doc -maxdepth 1 -name 'lib*' | sort | xargs -P 4 -n 20 ls -d | sort | md5sum; echo "${PIPESTATUS:-0}" ;;
esac
