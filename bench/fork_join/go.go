// fork_join by a goroutine and a WaitGroup; the second leaf runs in place.
package main

import (
	"bench/common"
	"sync"
)

//go:noinline
func leaf(i int) int { return i }

func main() {
	o := common.Parse(1000000)
	for _, forks := range o.Passes() {
		watch := common.Start()
		sum := 0
		for i := 0; i < forks; i++ {
			var a int
			var join sync.WaitGroup
			join.Add(1)
			go func() {
				a = leaf(i)
				join.Done()
			}()
			b := leaf(i + 1)
			join.Wait()
			sum += a + b
		}
		m := watch.Read()
		if forks == o.Size {
			common.Check(sum == forks*forks, "fork_join")
			common.PerOp(m, float64(forks))
		}
	}
}
