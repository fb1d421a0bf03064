// Lesson 12 in Go. Argument: buggy, fixed.
package main

import (
	"fmt"
	"os"
	"unsafe"
)

const items, workers, payload = 20000, 4, 64

type buffer struct {
	item  int
	bytes [payload]byte
}

func fillAndSum(b *buffer, item int) int {
	b.item = item
	for i := range b.bytes {
		b.bytes[i] = byte(item % 7)
	}
	sum := 0
	for _, one := range b.bytes {
		sum += int(one)
	}
	return sum
}

// ---- buggy

func workBuggy(in <-chan int, totals chan<- int, b *buffer) {
	total := 0
	for item := range in {
		total += fillAndSum(b, item)
	}
	totals <- total
}

// ---- fixed

func workFixed(in <-chan int, totals chan<- int, _ *buffer) {
	var own buffer
	total := 0
	for item := range in {
		total += fillAndSum(&own, item)
	}
	totals <- total
}

// ---- main

func process(work func(<-chan int, chan<- int, *buffer)) {
	in, totals := make(chan int, items), make(chan int)
	buffers := make([]buffer, workers)
	for item := 0; item < items; item++ {
		in <- item
	}
	close(in)
	for i := range buffers {
		go work(in, totals, &buffers[i])
	}
	total := 0
	for range buffers {
		total += <-totals
	}
	apart := uintptr(unsafe.Pointer(&buffers[1])) - uintptr(unsafe.Pointer(&buffers[0]))
	fmt.Println("from one buffer to the next:", apart, "bytes")
	fmt.Println("total", total)
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "fixed" {
		process(workFixed)
	} else {
		process(workBuggy)
	}
}
