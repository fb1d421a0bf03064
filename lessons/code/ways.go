// Three ways to fan out in Go: each calls work for 0..count-1, at most limit at once, and returns
// the first error. Argument: fixed.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
)

type task func(ctx context.Context, i int) error

// ---- channels and workers

func channels(ctx context.Context, count, limit int,
	work task) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	indices, outcomes := make(chan int), make(chan error)
	var workers sync.WaitGroup
	for w := 0; w < limit; w++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for i := range indices {
				outcomes <- work(ctx, i)
			}
		}()
	}
	go func() {
		for i := 0; i < count && ctx.Err() == nil; i++ {
			indices <- i
		}
		close(indices)
		workers.Wait()
		close(outcomes)
	}()
	for failure := range outcomes {
		if failure != nil && err == nil {
			err = failure
			cancel()
		}
	}
	return err
}

// ---- a task group with a limit (errgroup's SetLimit, Go and Wait, in little)

func group(ctx context.Context, count, limit int, work task) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var tasks sync.WaitGroup
	var first sync.Once
	room := make(chan struct{}, limit)
	for i := 0; i < count && ctx.Err() == nil; i++ {
		room <- struct{}{}
		tasks.Add(1)
		go func(i int) {
			defer func() { <-room; tasks.Done() }()
			if failure := work(ctx, i); failure != nil {
				first.Do(func() { err = failure; cancel() })
			}
		}(i)
	}
	tasks.Wait()
	return err
}

// ---- a semaphore that many calls share

func semaphore(ctx context.Context, count int, permits chan struct{},
	work task) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var tasks sync.WaitGroup
	var first sync.Once
	for i := 0; i < count && ctx.Err() == nil; i++ {
		permits <- struct{}{}
		tasks.Add(1)
		go func(i int) {
			defer func() { <-permits; tasks.Done() }()
			if failure := work(ctx, i); failure != nil {
				first.Do(func() { err = failure; cancel() })
			}
		}(i)
	}
	tasks.Wait()
	return err
}

// ---- main

func main() {
	if len(os.Args) != 2 || os.Args[1] != "fixed" {
		os.Exit(2)
	}
	permits := make(chan struct{}, 3)
	ways := []func(work task) error{
		func(work task) error { return channels(context.Background(), 20, 3, work) },
		func(work task) error { return group(context.Background(), 20, 3, work) },
		func(work task) error { return semaphore(context.Background(), 20, permits, work) },
	}
	bad := errors.New("task 7")
	for _, way := range ways {
		results := make([]int, 20)
		err := way(func(_ context.Context, i int) error { results[i] = i; return nil })
		failure := way(func(_ context.Context, i int) error {
			if i == 7 {
				return bad
			}
			return nil
		})
		fmt.Println(results[19], err, failure)
		if results[19] != 19 || err != nil || failure != bad {
			os.Exit(1)
		}
	}
}
