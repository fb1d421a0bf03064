// Lesson 09 in Go. Item 0 is slow here: it is ready when another one has been collected. Argument:
// buggy, fixed.
package main

import (
	"fmt"
	"os"
	"sync"
)

type result struct{ item, square int }

var (
	in      = make(chan int, 20)
	out     = make(chan result, 4)
	another = make(chan bool, 20)
	working sync.WaitGroup
)

func work() {
	defer working.Done()
	for item := range in {
		if item == 0 {
			<-another
		}
		out <- result{item, item * item}
	}
}

// ---- buggy

func collectBuggy(squares []int) {
	count := 0
	for result := range out {
		squares[count] = result.square
		count++
		another <- true
	}
}

// ---- fixed

func collectFixed(squares []int) {
	for result := range out {
		squares[result.item] = result.square
		another <- true
	}
}

// ---- main

func main() {
	collect := collectBuggy
	if len(os.Args) > 1 && os.Args[1] == "fixed" {
		collect = collectFixed
	}
	for i := 0; i < 20; i++ {
		in <- i
	}
	close(in)
	working.Add(4)
	for i := 0; i < 4; i++ {
		go work()
	}
	go func() {
		working.Wait()
		close(out)
	}()
	squares := make([]int, 20)
	collect(squares)
	fmt.Println("20 squares, the first one is that of item 0:", squares[0] == 0)
}
