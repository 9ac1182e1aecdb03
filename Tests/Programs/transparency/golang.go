// SPDX-License-Identifier: Apache-2.0
// part of golang.sh: a Go program with goroutines, children, signals, a profile of its own.
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime/pprof"
	"sync"
	"syscall"
	"time"
)

func work(n int) int {
	x := 1
	for i := 0; i < n; i++ {
		x = x*1103515245 + 12345
	}
	return x
}

func main() {
	arguments := os.Args
	if len(arguments) > 1 && arguments[1] == "child" {
		work(10000000)
		os.Exit(8)
	}
	var group sync.WaitGroup
	total := 0
	var lock sync.Mutex
	for i := 0; i < 8; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			work(20000000)
			lock.Lock()
			total++
			lock.Unlock()
		}()
	}
	group.Wait()
	fmt.Println("goroutines", total, extra())
	signals := make(chan os.Signal, 9)
	signal.Notify(signals, syscall.SIGUSR1)
	syscall.Kill(os.Getpid(), syscall.SIGUSR1)
	fmt.Println("signal", <-signals)
	child := exec.Command(arguments[0], "child")
	fmt.Println("child", child.Run())
	output, err := exec.Command("sh", "-c", "echo from a shell; exit 3").CombinedOutput()
	fmt.Print(string(output), err, "\n")
	var profile bytes.Buffer
	fmt.Println("profile", pprof.StartCPUProfile(&profile))
	work(200000000)
	pprof.StopCPUProfile()
	fmt.Println("profile has samples", profile.Len() > 200)
	time.Sleep(20 * time.Millisecond)
	func() {
		defer func() { fmt.Println("recovered", recover()) }()
		var nowhere *int
		*nowhere = 1
	}()
	os.Exit(6)
}
