// Lesson 08 in Go. Argument: buggy, fixed.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
)

func squareAll(in <-chan int, out chan<- int, working *sync.WaitGroup) {
	defer working.Done()
	for item := range in {
		out <- item * item
	}
}

// ---- buggy

func workBuggy(in <-chan int, out chan<- int, working *sync.WaitGroup) {
	squareAll(in, out, working)
	working.Wait()
	close(out)
}

func startBuggy(in <-chan int, workers int) <-chan int {
	out := make(chan int, 4)
	working := &sync.WaitGroup{}
	working.Add(workers)
	for i := 0; i < workers; i++ {
		go workBuggy(in, out, working)
	}
	return out
}

// ---- fixed

func startFixed(in <-chan int, workers int) <-chan int {
	out := make(chan int, 4)
	working := &sync.WaitGroup{}
	working.Add(workers)
	for i := 0; i < workers; i++ {
		go squareAll(in, out, working)
	}
	go closeWhenAllAreDone(out, working)
	return out
}

func closeWhenAllAreDone(out chan<- int, working *sync.WaitGroup) {
	working.Wait()
	close(out)
}

// ---- main

func collect(out <-chan int) int {
	total := 0
	for result := range out {
		total += result
	}
	return total
}

// The end of main is the end of all goroutines; a server has no such luck.
func waitForOthers() {
	for runtime.NumGoroutine() > 1 {
		runtime.Gosched()
	}
}

func main() {
	in := make(chan int, 20)
	for i := 0; i < 20; i++ {
		in <- i
	}
	close(in)
	start := startBuggy
	if len(os.Args) > 1 && os.Args[1] == "fixed" {
		start = startFixed
	}
	total := collect(start(in, 2))
	waitForOthers()
	fmt.Println("total", total)
}
