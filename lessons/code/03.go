// Lesson 03 in Go. Argument: buggy, fixed.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
)

const workers, items = 4, 20

type worker struct {
	started atomic.Bool
	items   int
}

type pool struct {
	in      chan int
	working sync.WaitGroup
	started atomic.Bool
	workers [workers]worker
}

// No image is resized before main closes this.
var resized = make(chan bool)

func resize() {
	<-resized
}

func workThroughInput(p *pool, w *worker) {
	for range p.in {
		resize()
		w.items++
	}
}

// ---- buggy

func workBuggy(p *pool, w *worker) {
	defer p.working.Done()
	if !p.started.Swap(true) {
		workThroughInput(p, w)
	}
}

// ---- fixed

func workFixed(p *pool, w *worker) {
	defer p.working.Done()
	if !w.started.Swap(true) {
		workThroughInput(p, w)
	}
}

// ---- main

// What a server shows under /debug/pprof/goroutine?debug=2 of all goroutines but the one that asks,
// when every one of them stands or has ended.
func dump() string {
	for {
		all := make([]byte, 1<<16)
		all = all[:runtime.Stack(all, true)]
		_, others, _ := strings.Cut(string(all), "\n\n")
		if strings.Count(others, "goroutine ") == strings.Count(others, "[chan receive]") {
			return others
		}
		runtime.Gosched()
	}
}

func process(work func(*pool, *worker)) {
	p := &pool{in: make(chan int, items)}
	p.working.Add(workers)
	for i := range p.workers {
		go work(p, &p.workers[i])
	}
	for i := 0; i < items; i++ {
		p.in <- i
	}
	close(p.in)
	fmt.Println(dump())
	close(resized)
	p.working.Wait()
	did := []int{}
	for i := range p.workers {
		did = append(did, p.workers[i].items)
	}
	sort.Ints(did)
	fmt.Println("items per worker:", did)
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "fixed" {
		process(workFixed)
	} else {
		process(workBuggy)
	}
}
