// sleepers_1m: goroutines in time.Sleep.
package main

import (
	"bench/common"
	"sync"
	"time"
)

func main() {
	o := common.Parse(1000000)
	seconds := o.Number("seconds", 3)
	delay := time.Duration(seconds * float64(time.Second))
	before := common.StatusBytes("VmRSS")
	watch := common.Start()
	var all sync.WaitGroup
	all.Add(o.Size)
	for i := 0; i < o.Size; i++ {
		go func() {
			time.Sleep(delay)
			all.Done()
		}()
	}
	all.Wait()
	took := watch.Read().Wall * 1e-9
	common.Metric("bytes_per_task", "bytes", (common.StatusBytes("VmHWM")-before)/float64(o.Size))
	common.Metric("overhead_s", "s", took-seconds)
}
