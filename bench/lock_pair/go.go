// lock_pair: sync.Mutex.
package main

import (
	"bench/common"
	"sync"
)

func main() {
	o := common.Parse(10000000)
	var shared sync.Mutex
	for _, pairs := range o.Passes() {
		watch := common.Start()
		for i := 0; i < pairs; i++ {
			shared.Lock()
			shared.Unlock()
		}
		m := watch.Read()
		if pairs == o.Size {
			common.PerOp(m, float64(pairs))
		}
	}
}
