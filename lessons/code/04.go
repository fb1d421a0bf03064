// Lesson 04 in Go. Argument: buggy, fixed.
package main

import (
	"fmt"
	"os"
	"sync"
)

func work(in <-chan int, out chan<- int, working *sync.WaitGroup) {
	defer working.Done()
	for item := range in {
		out <- item * 2
	}
}

// ---- buggy

func startBuggy(in <-chan int, workers int) <-chan int {
	out := make(chan int, 4)
	working := &sync.WaitGroup{}
	working.Add(workers)
	for i := 0; i < workers; i++ {
		go work(in, out, working)
	}
	return out
}

// ---- fixed

func startFixed(in <-chan int, workers int) <-chan int {
	out := make(chan int, 4)
	working := &sync.WaitGroup{}
	working.Add(workers)
	for i := 0; i < workers; i++ {
		go work(in, out, working)
	}
	go func() {
		working.Wait()
		close(out)
	}()
	return out
}

// ---- main

func collect(out <-chan int) {
	total := 0
	for result := range out {
		total += result
	}
	fmt.Println("total", total)
}

func main() {
	in := make(chan int, 20)
	for i := 0; i < 20; i++ {
		in <- i
	}
	close(in)
	if len(os.Args) > 1 && os.Args[1] == "fixed" {
		collect(startFixed(in, 4))
	} else {
		collect(startBuggy(in, 4))
	}
}
