// Lesson 13 in Go. Argument: buggy, fixed.
package main

import (
	"context"
	"fmt"
	"os"
	"sync"
)

type pool struct {
	in      chan int
	stop    context.Context
	cancel  context.CancelFunc
	working sync.WaitGroup
}

func (p *pool) send(item int) bool {
	select {
	case p.in <- item:
		return true
	case <-p.stop.Done():
		return false
	}
}

func produce(p *pool) {
	for i := 0; p.send(numberOf(i)); i++ {
	}
	close(p.in)
	p.working.Done() // not deferred: a panic would let main end before it is told
}

// ---- buggy

func workBuggy(p *pool) {
	defer p.working.Done()
	for item := range p.in {
		if item < 0 {
			close(p.in) // nothing more is to come
			return
		}
	}
}

// ---- fixed

func workFixed(p *pool) {
	defer p.working.Done()
	for {
		select {
		case <-p.stop.Done():
			return
		case item, open := <-p.in:
			if !open {
				return
			}
			if item < 0 {
				p.cancel() // nothing more is to come
				return
			}
		}
	}
}

// ---- main

func numberOf(i int) int {
	if i == 7 {
		return -1
	}
	return i
}

func process(work func(*pool)) {
	p := &pool{in: make(chan int, 4)}
	p.stop, p.cancel = context.WithCancel(context.Background())
	defer p.cancel()
	p.working.Add(5)
	go produce(p)
	for i := 0; i < 4; i++ {
		go work(p)
	}
	p.working.Wait()
	fmt.Println("stopped")
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "fixed" {
		process(workFixed)
	} else {
		process(workBuggy)
	}
}
