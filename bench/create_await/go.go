// create_await by goroutines: each answers over a channel of its own.
package main

import "bench/common"

func one(i int, answer chan<- int) { answer <- i }

func main() {
	o := common.Parse(500000)
	for _, tasks := range o.Passes() {
		watch := common.Start()
		sum := 0
		for i := 0; i < tasks; i++ {
			answer := make(chan int, 1)
			go one(i, answer)
			sum += <-answer
		}
		m := watch.Read()
		if tasks == o.Size {
			common.Check(sum == tasks*(tasks-1)/2, "create_await")
			common.PerOp(m, float64(tasks))
		}
	}
}
