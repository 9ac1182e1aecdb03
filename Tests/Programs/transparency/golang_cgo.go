// SPDX-License-Identifier: Apache-2.0
// part of golang.sh
package main

// #include <pthread.h>
// static void *work(void *unused) { volatile unsigned x = 1; for (int i = 0; i < 100000000; i++) x = x * 3 + 1; return unused; }
// static int in_c(void) { pthread_t t; pthread_create(&t, 0, work, 0); work(0); return pthread_join(t, 0); }
import "C"
import "fmt"

func extra() string { return fmt.Sprint("cgo ", int(C.in_c())) }
