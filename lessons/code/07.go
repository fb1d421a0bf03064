// Lesson 07 in Go. Argument: buggy, fixed.
package main

import (
	"fmt"
	"os"
	"strings"
	"sync"
)

type pool struct {
	in      chan []string // pieces of a text
	working sync.WaitGroup
	merging sync.Mutex
	counts  map[string]int
}

// ---- buggy

func workBuggy(p *pool) {
	defer p.working.Done()
	for words := range p.in {
		for _, word := range words {
			p.counts[word]++
		}
	}
}

// ---- fixed

func workFixed(p *pool) {
	defer p.working.Done()
	own := map[string]int{}
	for words := range p.in {
		for _, word := range words {
			own[word]++
		}
	}
	p.merging.Lock()
	defer p.merging.Unlock()
	for word, count := range own {
		p.counts[word] += count
	}
}

// ---- main

func main() {
	work := workBuggy
	if len(os.Args) > 1 && os.Args[1] == "fixed" {
		work = workFixed
	}
	p := &pool{in: make(chan []string, 64), counts: map[string]int{}}
	p.working.Add(4)
	for i := 0; i < 4; i++ {
		go work(p)
	}
	words := strings.Fields(strings.Repeat("what is counted is counted ", 1000))
	for i := 0; i < 5000; i++ {
		p.in <- words
	}
	close(p.in)
	p.working.Wait()
	fmt.Println(p.counts)
}
