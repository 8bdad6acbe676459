// gather_100k by goroutines that write their results, and a WaitGroup.
package main

import (
	"bench/common"
	"sync"
)

func main() {
	o := common.Parse(100000)
	for _, tasks := range o.Passes() {
		watch := common.Start()
		results := make([]int, tasks)
		var all sync.WaitGroup
		all.Add(tasks)
		for i := 0; i < tasks; i++ {
			go func(i int) {
				results[i] = i
				all.Done()
			}(i)
		}
		all.Wait()
		m := watch.Read()
		if tasks == o.Size {
			for i, result := range results {
				common.Check(result == i, "gather_100k")
			}
			common.PerOp(m, float64(tasks))
		}
	}
}
