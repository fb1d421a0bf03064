// Lesson 06 in Go. Argument: buggy, fixed.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
)

const items = 10000

// The service answers nobody before main closes this.
var answer = make(chan bool)

func askService() {
	<-answer
}

func sendSquare(item int, out chan<- int) {
	askService()
	out <- item * item
}

// ---- buggy

func startBuggy(in <-chan int, out chan<- int, workers int) {
	for item := range in {
		go sendSquare(item, out)
	}
}

// ---- fixed

func work(in <-chan int, out chan<- int) {
	for item := range in {
		sendSquare(item, out)
	}
}

func startFixed(in <-chan int, out chan<- int, workers int) {
	for i := 0; i < workers; i++ {
		go work(in, out)
	}
}

// ---- main

// The first group of what a server shows under /debug/pprof/goroutine?debug=1, when all goroutines
// but main stand at one place.
func largestGroup() string {
	for {
		var said strings.Builder
		pprof.Lookup("goroutine").WriteTo(&said, 1)
		first, _, _ := strings.Cut(said.String(), "\n\n")
		if strings.Contains(first, fmt.Sprintf("\n%d @", runtime.NumGoroutine()-1)) {
			return first
		}
		runtime.Gosched()
	}
}

func main() {
	in, out := make(chan int, items), make(chan int, 4)
	for item := 0; item < items; item++ {
		in <- item
	}
	close(in)
	if len(os.Args) > 1 && os.Args[1] == "fixed" {
		startFixed(in, out, 4)
	} else {
		startBuggy(in, out, 4)
	}
	fmt.Println(largestGroup())
	close(answer)
	total := 0
	for i := 0; i < items; i++ {
		total += <-out
	}
	fmt.Println("total", total)
}
