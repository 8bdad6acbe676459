// semaphore_pair: a buffered channel of ten places, Go's usual semaphore.
package main

import "bench/common"

func main() {
	o := common.Parse(10000000)
	shared := make(chan struct{}, 10)
	for _, pairs := range o.Passes() {
		watch := common.Start()
		for i := 0; i < pairs; i++ {
			shared <- struct{}{}
			<-shared
		}
		m := watch.Read()
		if pairs == o.Size {
			common.PerOp(m, float64(pairs))
		}
	}
}
