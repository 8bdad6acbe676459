// Everything in goroutines: the echo handlers and the CPU tasks, as in hocket.cpp. Go preempts what computes, after 10 ms.
package main

import (
	"bench/common"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"runtime"
	"sync/atomic"
)

// protocol.hpp and work.hpp, which this follows.
const (
	messageSize    = 64
	checkpoints    = 1
	hogs           = 2
	forkJoin       = 3
	tasksPerWorker = 8
	chunkUs        = 20
	fibOf          = 40
	fibLeaf        = 20
)

var (
	kind, jobUs, tasks int
	chunk              uint64 // iterations that take chunkUs
	units              [64]struct {
		done atomic.Uint64
		_    [56]byte
	}
)

//go:noinline
func spin(iterations uint64) uint64 {
	x := iterations | 1
	for i := uint64(0); i < iterations; i++ {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	return x
}

// calibrate takes the least disturbed of four, once the processor is up to speed.
func calibrate() {
	spin(1000000)
	most := 0.0
	for i := 0; i < 4; i++ {
		watch := common.Start()
		spin(1000000)
		if again := 1e6 * chunkUs * 1e3 / watch.Read().CPU; again > most {
			most = again
		}
	}
	chunk = uint64(most)
}

// burn computes for `us`; a goroutine does not know its thread, so `slot` says which counter is its own.
func burn(us int, slot uint) {
	for done := 0; done < us; done += chunkUs {
		spin(chunk)
		units[slot%64].done.Add(1)
	}
}

func withCheckpoints(slot uint) {
	for done := 0; done < jobUs; done += 100 {
		burn(100, slot)
		runtime.Gosched()
	}
}

func serialFib(n int) int {
	if n < 2 {
		return n
	}
	return serialFib(n-1) + serialFib(n-2)
}

func fib(n int, slot uint) int {
	if n <= fibLeaf {
		units[slot%64].done.Add(1)
		return serialFib(n)
	}
	a := make(chan int, 1)
	go func() { a <- fib(n-1, 2*slot+1) }()
	b := fib(n-2, 2*slot)
	return <-a + b
}

func oneAfterAnother(slot uint) {
	for {
		done := make(chan struct{})
		switch kind {
		case hogs:
			go func() { burn(jobUs, slot); close(done) }()
		case checkpoints:
			go func() { withCheckpoints(slot); close(done) }()
		case forkJoin:
			go func() { common.Check(fib(fibOf, 1) == 102334155, "fib"); close(done) }()
		}
		<-done
	}
}

func startJobs() {
	count := tasks
	if kind == forkJoin {
		count = 1
	} else if kind == 0 {
		count = 0
	}
	for i := 0; i < count; i++ {
		go oneAfterAnother(uint(i))
	}
}

func serve(c net.Conn, slot uint) {
	defer c.Close()
	message := make([]byte, messageSize)
	for {
		if _, err := io.ReadFull(c, message); err != nil {
			return
		}
		switch message[0] {
		case 'b':
			burn(jobUs, slot)
		case 's':
			startJobs()
		case 'u':
			sum := uint64(0)
			for i := range units {
				sum += units[i].done.Load()
			}
			binary.LittleEndian.PutUint64(message[8:], sum)
		}
		if _, err := c.Write(message); err != nil {
			return
		}
	}
}

func main() {
	o := common.Parse(1)
	kind, jobUs = o.Integer("kind", 0), o.Integer("job_us", 5000)
	tasks = o.Integer("tasks", o.Workers*tasksPerWorker)
	calibrate()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	common.Check(err == nil, "listen")
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	for slot := uint(0); ; slot++ {
		c, err := listener.Accept()
		common.Check(err == nil, "accept")
		go serve(c, slot)
	}
}
