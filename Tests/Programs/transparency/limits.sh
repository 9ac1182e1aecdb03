# Little room: few descriptors, a small stack, no core.
(ulimit -n 8; ./process_state | head -8)
(ulimit -s 256; ./threads | head -3)
(ulimit -v 400000; ./threads | head -3)
