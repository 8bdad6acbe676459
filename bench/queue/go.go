// queue over a buffered channel.
package main

import "bench/common"

func main() {
	o := common.Parse(1000000)
	pairs := o.Integer("pairs", 1)
	capacity := o.Integer("capacity", 1024)
	for _, items := range o.Passes() {
		each := items / pairs
		watch := common.Start()
		queue := make(chan int, capacity)
		sums := make(chan int, pairs)
		for p := 0; p < pairs; p++ {
			go func() {
				for i := 0; i < each; i++ {
					queue <- i
				}
			}()
			go func() {
				sum := 0
				for i := 0; i < each; i++ {
					sum += <-queue
				}
				sums <- sum
			}()
		}
		sum := 0
		for p := 0; p < pairs; p++ {
			sum += <-sums
		}
		m := watch.Read()
		if items == o.Size {
			common.Check(sum == pairs*(each*(each-1)/2), "queue")
			common.PerOp(m, float64(pairs*each))
		}
	}
}
