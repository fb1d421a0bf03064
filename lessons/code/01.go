// Lesson 01 in Go. Argument: buggy, fixed.
package main

import (
	"context"
	"fmt"
	"os"
	"sync"
)

type pool struct {
	in         chan int
	working    sync.WaitGroup
	once       sync.Once
	firstError error
	stop       context.Context
	cancel     context.CancelFunc
}

func tryItem(item int) error {
	if item == 2 || item == 19 {
		return fmt.Errorf("error of item %d", item)
	}
	return nil
}

// ---- buggy

func workBuggy(p *pool) {
	defer p.working.Done()
	for item := range p.in {
		if err := tryItem(item); err != nil {
			p.firstError = err
			return
		}
	}
}

// ---- fixed

// What errgroup.WithContext does with an error.
func noteFirst(p *pool, err error) {
	p.once.Do(func() {
		p.firstError = err
		p.cancel()
	})
}

func workFixed(p *pool) {
	defer p.working.Done()
	for item := range p.in {
		if p.stop.Err() != nil {
			return
		}
		if err := tryItem(item); err != nil {
			noteFirst(p, err)
		}
	}
}

// ---- main

func process(in chan int, work func(*pool)) error {
	p := &pool{in: in}
	p.stop, p.cancel = context.WithCancel(context.Background())
	defer p.cancel()
	p.working.Add(4)
	for i := 0; i < 4; i++ {
		go work(p)
	}
	p.working.Wait()
	return p.firstError
}

func main() {
	in := make(chan int, 20)
	for i := 0; i < 20; i++ {
		in <- i
	}
	close(in)
	if len(os.Args) > 1 && os.Args[1] == "fixed" {
		fmt.Println(process(in, workFixed))
	} else {
		fmt.Println(process(in, workBuggy))
	}
}
