// idle_cpu: a Go program in time.Sleep after some goroutines.
package main

import (
	"bench/common"
	"sync"
	"time"
)

var sink int64

func work(all *sync.WaitGroup) {
	var sum int64
	for i := int64(0); i < 1000000; i++ {
		sum += i ^ sum
	}
	sink = sum
	all.Done()
}

func main() {
	o := common.Parse(1)
	var all sync.WaitGroup
	all.Add(4 * o.Workers)
	for i := 0; i < 4*o.Workers; i++ {
		go work(&all)
	}
	all.Wait()
	time.Sleep(50 * time.Millisecond)
	watch := common.Start()
	time.Sleep(time.Duration(o.Number("seconds", 1) * float64(time.Second)))
	m := watch.Read()
	common.Metric("cpu_percent", "%", 100*m.CPU/m.Wall)
}
