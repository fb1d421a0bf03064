// Lesson 10 in Go. Argument: buggy, fixed.
package main

import (
	"context"
	"fmt"
	"os"
	"sync"
)

type pool struct {
	in, out chan int
	working sync.WaitGroup
}

// ---- buggy

func workBuggy(ctx context.Context, p *pool) {
	defer p.working.Done()
	for item := range p.in {
		p.out <- item * 2
	}
}

// ---- fixed

func workFixed(ctx context.Context, p *pool) {
	defer p.working.Done()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case item, ok := <-p.in:
			if !ok {
				return
			}
			select {
			case <-ctx.Done():
			case p.out <- item * 2:
			}
		}
	}
}

// ---- main

func main() {
	work := workBuggy
	if len(os.Args) > 1 && os.Args[1] == "fixed" {
		work = workFixed
	}
	p := &pool{in: make(chan int, 16), out: make(chan int, 4)}
	for i := 0; i < 16; i++ {
		p.in <- i
	}
	close(p.in)
	ctx, cancel := context.WithCancel(context.Background())
	p.working.Add(2)
	for i := 0; i < 2; i++ {
		go work(ctx, p)
	}
	for i := 0; i < 4; i++ {
		<-p.out
	}
	cancel()
	p.working.Wait() // an orderly end
	fmt.Println("all workers have ended")
}
