// yield by runtime.Gosched.
package main

import (
	"bench/common"
	"runtime"
	"sync"
)

func main() {
	o := common.Parse(2000000)
	for _, turns := range o.Passes() {
		watch := common.Start()
		var all sync.WaitGroup
		all.Add(100)
		for i := 0; i < 100; i++ {
			go func() {
				for turn := 0; turn < turns/100; turn++ {
					runtime.Gosched()
				}
				all.Done()
			}()
		}
		all.Wait()
		m := watch.Read()
		if turns == o.Size {
			common.PerOp(m, float64(turns/100*100))
		}
	}
}
