// Lesson 11 in Go. Argument: buggy, fixed.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
)

func sendItem(in chan<- int, item int) {
	if item == 7 {
		panic("item 7 cannot be read")
	}
	in <- item
}

// ---- buggy

func produceBuggy(in chan<- int) {
	for item := 0; item < 20; item++ {
		sendItem(in, item)
	}
	close(in)
}

// ---- fixed

func produceFixed(in chan<- int) {
	defer close(in)
	for item := 0; item < 20; item++ {
		sendItem(in, item)
	}
}

// ---- main

func work(in <-chan int) {
	for range in {
	}
}

// As net/http does with a handler: a panic ends the request, and not the server.
func serve(produce func(chan<- int)) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Println("request failed:", p)
		}
	}()
	in := make(chan int)
	for i := 0; i < 4; i++ {
		go work(in)
	}
	produce(in)
}

// The first group of what a server shows under /debug/pprof/goroutine?debug=1, once all goroutines
// but main's stand at one place, or have ended.
func largestGroup() string {
	for {
		var said strings.Builder
		pprof.Lookup("goroutine").WriteTo(&said, 1)
		groups := strings.Split(said.String(), "\n\n")
		if len(groups) <= 3 {
			return groups[0]
		}
		runtime.Gosched()
	}
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "fixed" {
		serve(produceFixed)
	} else {
		serve(produceBuggy)
	}
	fmt.Println(largestGroup())
}
