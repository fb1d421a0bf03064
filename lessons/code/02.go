// Lesson 02 in Go. Argument: buggy, fixed.
package main

import (
	"fmt"
	"os"
	"sync"
)

// ---- buggy

func workBuggy(in <-chan int, working *sync.WaitGroup) {
	for item := range in {
		if item < 0 {
			return // cannot go on with a bad item
		}
	}
	working.Done()
}

// ---- fixed

func workFixed(in <-chan int, working *sync.WaitGroup) {
	defer working.Done()
	for item := range in {
		if item < 0 {
			return // cannot go on with a bad item
		}
	}
}

// ---- main

func process(in <-chan int, work func(<-chan int, *sync.WaitGroup)) {
	working := &sync.WaitGroup{}
	working.Add(4)
	for i := 0; i < 4; i++ {
		go work(in, working)
	}
	working.Wait()
	fmt.Println("all done")
}

func main() {
	in := make(chan int, 20)
	for i := 0; i < 20; i++ {
		if i == 7 {
			in <- -1
		} else {
			in <- i
		}
	}
	close(in)
	if len(os.Args) > 1 && os.Args[1] == "fixed" {
		process(in, workFixed)
	} else {
		process(in, workBuggy)
	}
}
