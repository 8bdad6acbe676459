// skynet by a goroutine for each node, whose ten answers come over one channel.
package main

import "bench/common"

func sumBelow(first, leaves int, answer chan<- int) {
	if leaves == 1 {
		answer <- first
		return
	}
	step := leaves / 10
	sums := make(chan int, 10)
	for i := 0; i < 10; i++ {
		go sumBelow(first+i*step, step, sums)
	}
	sum := 0
	for i := 0; i < 10; i++ {
		sum += <-sums
	}
	answer <- sum
}

func main() {
	o := common.Parse(1000000)
	for _, leaves := range o.Passes() {
		watch := common.Start()
		answer := make(chan int, 1)
		sumBelow(0, leaves, answer)
		sum := <-answer
		m := watch.Read()
		if leaves == o.Size {
			common.Check(sum == leaves*(leaves-1)/2, "skynet")
			common.PerOp(m, float64(leaves*10-1)/9)
		}
	}
}
