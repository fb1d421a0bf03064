// Lesson 05 in Go. Argument: buggy, fixed.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
)

const workers, items, slow = 4, 20, 2

// The server answers when main says so.
var answer = make(chan bool)

func callSlowServer() {
	<-answer
}

func work(in <-chan int, working *sync.WaitGroup) {
	defer working.Done()
	for item := range in {
		if item == slow {
			callSlowServer()
		}
	}
}

// ---- buggy

func dealBuggy() []chan int {
	queues := make([]chan int, workers)
	for i := range queues {
		queues[i] = make(chan int, items/workers)
	}
	for item := 0; item < items; item++ {
		queues[item%workers] <- item
	}
	for _, queue := range queues {
		close(queue)
	}
	return queues
}

// ---- fixed

func dealFixed() []chan int {
	in := make(chan int, items)
	for item := 0; item < items; item++ {
		in <- item
	}
	close(in)
	return []chan int{in, in, in, in}
}

// ---- main

// What a server shows under /debug/pprof/goroutine?debug=2 of all goroutines but the one that asks,
// when just one more is left and stands.
func dump() string {
	for {
		all := make([]byte, 1<<16)
		all = all[:runtime.Stack(all, true)]
		_, others, _ := strings.Cut(string(all), "\n\n")
		if strings.Count(others, "goroutine ") == 1 && strings.Contains(others, "[chan receive]") {
			return others
		}
		runtime.Gosched()
	}
}

func main() {
	queues := dealBuggy()
	if len(os.Args) > 1 && os.Args[1] == "fixed" {
		queues = dealFixed()
	}
	working := &sync.WaitGroup{}
	working.Add(workers)
	for _, queue := range queues {
		go work(queue, working)
	}
	fmt.Println(dump())
	for i, queue := range queues {
		fmt.Println("left in the queue of worker", i+1, "is", len(queue))
	}
	answer <- true
	working.Wait()
}
