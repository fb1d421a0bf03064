// The same cases with Go's channels: see measure.h for what a program is asked and answers.
package main

import (
	"flag"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
)

type benchCase struct {
	senders, receivers, capacity int
	run                          func(which benchCase, count uint64) uint64
}

var cases = map[string]benchCase{
	"1to1-k0":      {1, 1, 0, runShared},
	"2to2-k0":      {2, 2, 0, runShared},
	"1to1-k1024":   {1, 1, 1024, runShared},
	"2to2-k1024":   {2, 2, 1024, runShared},
	"select-k0":    {2, 1, 0, runSelect},
	"select-k1024": {2, 1, 1024, runSelect},
	"map-w2":       {1, 2, 1024, runMap},
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func send(out chan<- uint64, first, step, end uint64) {
	for value := first; value < end; value += step {
		out <- value
	}
}

func receive(in <-chan uint64) uint64 {
	sum := uint64(0)
	for value := range in {
		sum += value
	}
	return sum
}

func runShared(which benchCase, count uint64) uint64 {
	shared := make(chan uint64, which.capacity)
	sums := make([]uint64, which.receivers)
	var sending, receiving sync.WaitGroup
	for i := range sums {
		receiving.Add(1)
		go func(i int) {
			defer receiving.Done()
			sums[i] = receive(shared)
		}(i)
	}
	for i := 0; i < which.senders; i++ {
		sending.Add(1)
		go func(i int) {
			defer sending.Done()
			send(shared, uint64(i), uint64(which.senders), count)
		}(i)
	}
	sending.Wait()
	close(shared)
	receiving.Wait()
	total := uint64(0)
	for _, sum := range sums {
		total += sum
	}
	return total
}

func selectBoth(a, b <-chan uint64) uint64 {
	sum := uint64(0)
	for a != nil || b != nil {
		select {
		case value, open := <-a:
			if !open {
				a = nil
			}
			sum += value
		case value, open := <-b:
			if !open {
				b = nil
			}
			sum += value
		}
	}
	return sum
}

func runSelect(which benchCase, count uint64) uint64 {
	var channels [2]chan uint64
	for i := range channels {
		channels[i] = make(chan uint64, which.capacity)
		go func(i int) {
			send(channels[i], uint64(i), 2, count)
			close(channels[i])
		}(i)
	}
	done := make(chan uint64)
	go func() { done <- selectBoth(channels[0], channels[1]) }()
	return <-done
}

// A stage between two channels, as Go's blog has it: goroutines that receive, work and send.
func runMap(which benchCase, count uint64) uint64 {
	in, out := make(chan uint64, which.capacity), make(chan uint64, which.capacity)
	var working sync.WaitGroup
	go func() {
		send(in, 0, 1, count)
		close(in)
	}()
	for i := 0; i < which.receivers; i++ {
		working.Add(1)
		go func() {
			defer working.Done()
			for value := range in {
				out <- value
			}
		}()
	}
	go func() {
		working.Wait()
		close(out)
	}()
	return receive(out)
}

func main() {
	name := flag.String("case", "", "")
	count := flag.Uint64("n", 0, "")
	flag.Parse()
	which, known := cases[*name]
	if !known || *count == 0 {
		fmt.Fprintln(os.Stderr, "usage: chan_go --case NAME --n COUNT")
		os.Exit(2)
	}
	beganCPU, began := cpuTime(), time.Now()
	sum := which.run(which, *count)
	wall, cpu := time.Since(began), cpuTime()-beganCPU
	if sum != *count*(*count-1)/2 {
		fmt.Fprintln(os.Stderr, "elements were lost or doubled")
		os.Exit(1)
	}
	perElement := func(spent time.Duration) float64 {
		return float64(spent.Nanoseconds()) / float64(*count)
	}
	fmt.Printf("%.2f %.2f\n", perElement(wall), perElement(cpu))
}
