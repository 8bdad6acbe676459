// fib by goroutines: one child is a goroutine that answers over a channel, the other runs in place.
package main

import "bench/common"

func fib(n int) int {
	if n < 2 {
		return n
	}
	a := make(chan int, 1)
	go func() { a <- fib(n - 1) }()
	b := fib(n - 2)
	return <-a + b
}

func expected(n int) int {
	a, b := 0, 1
	for i := 0; i < n; i++ {
		a, b = b, a+b
	}
	return a
}

func main() {
	o := common.Parse(32)
	for _, n := range []int{o.Size - 5, o.Size} {
		watch := common.Start()
		result := fib(n)
		m := watch.Read()
		if n == o.Size {
			common.Check(result == expected(n), "fib")
			common.PerOp(m, 2*float64(expected(n+1))-1)
		}
	}
}
