// The programs of the bench of lesson 7.8, `cargo xtask bench runtime`, in Go. Each runs a thousand times what its name says,
// on two processors and then on eight; the fastest and the median of many rounds are printed, in microseconds a round.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sort"
	"sync"
	"time"
)

const (
	times  = 1000
	rounds = 1000
)

// spawnAndJoin starts a goroutine, and waits for what it returns. A channel carries that, as a join handle does.
func spawnAndJoin() {
	for n := 0; n < times; n++ {
		n := n
		result := make(chan int, 1)
		go func() { result <- n }()
		expect(<-result, n)
	}
}

// spawnAndWait is the same without a result: with a wait group, which is what Go makes cheapest.
func spawnAndWait() {
	var group sync.WaitGroup
	for n := 0; n < times; n++ {
		group.Add(1)
		go group.Done()
		group.Wait()
	}
}

// pingPong sends a number to another goroutine, through a channel with room for one, and waits for it to come back.
func pingPong() {
	there, back := make(chan int, 1), make(chan int, 1)
	go func() {
		for n := 0; n < times; n++ {
			back <- <-there
		}
		close(back)
	}()
	for n := 0; n < times; n++ {
		there <- n
		expect(<-back, n)
	}
	<-back
}

// fanOut starts a thousand goroutines, and waits for all of them.
func fanOut() {
	results := make([]chan int, times)
	for n := range results {
		n := n
		result := make(chan int, 1)
		go func() { result <- n }()
		results[n] = result
	}
	for n, result := range results {
		expect(<-result, n)
	}
}

// twoAtOnce runs spawnAndJoin in two goroutines.
func twoAtOnce() {
	var group sync.WaitGroup
	group.Add(2)
	for n := 0; n < 2; n++ {
		go func() {
			spawnAndJoin()
			group.Done()
		}()
	}
	group.Wait()
}

// fanOutAndWait is the same without results.
func fanOutAndWait() {
	var group sync.WaitGroup
	group.Add(times)
	for n := 0; n < times; n++ {
		go group.Done()
	}
	group.Wait()
}

func expect(found, expected int) {
	if found != expected {
		fmt.Fprintln(os.Stderr, "expected", expected, "found", found)
		os.Exit(1)
	}
}

func measure(name string, program func()) {
	took := make([]time.Duration, rounds)
	for round := range took {
		begun := time.Now()
		program()
		took[round] = time.Since(begun)
	}
	sort.Slice(took, func(i, j int) bool { return took[i] < took[j] })
	us := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }
	fmt.Printf("%-28s %10.1f %10.1f\n", name, us(took[0]), us(took[rounds/2]))
}

func main() {
	fmt.Printf("%s, microseconds for a thousand\n", runtime.Version())
	fmt.Printf("%-28s %10s %10s\n", "", "fastest", "median")
	for _, workers := range []int{2, 8} {
		runtime.GOMAXPROCS(workers)
		suffix := ""
		if workers != 2 {
			suffix = fmt.Sprintf("_%d_workers", workers)
		}
		measure("spawn_and_join"+suffix, spawnAndJoin)
		measure("spawn_and_wait"+suffix, spawnAndWait)
		measure("ping_pong"+suffix, pingPong)
		measure("fan_out"+suffix, fanOut)
		measure("fan_out_and_wait"+suffix, fanOutAndWait)
		measure("two_at_once"+suffix, twoAtOnce)
	}
}
