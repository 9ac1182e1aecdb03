# needs: node
# node: threads of V8 and libuv, workers, children with channels, signals.
exec node node.js
