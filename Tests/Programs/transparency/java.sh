# runs: plain interpreted small
# needs: java javac
# build: javac -d . $HERE/Java.java
# A JVM: signals for its safepoints, compilers' threads, children.
case $1 in
plain) exec java -XX:-UsePerfData -cp . Java ;;
interpreted) exec java -Xint -XX:+UseSerialGC -XX:-UsePerfData -cp . Java ;;
small) exec java -Xmx64m -Xss256k -XX:+UseSerialGC -XX:-UsePerfData -cp . Java ;;
esac
