// nqueens by a goroutine for each place, whose answers come over one channel a board.
package main

import "bench/common"

type board struct {
	columns, left, right uint32
	row                  int
}

func solutions(b board, n int, answer chan<- int) {
	if b.row == n {
		answer <- 1
		return
	}
	sums := make(chan int, n)
	children := 0
	for free := ^(b.columns | b.left | b.right) & (1<<n - 1); free != 0; free &= free - 1 {
		place := free & -free
		go solutions(board{b.columns | place, (b.left | place) << 1, (b.right | place) >> 1, b.row + 1}, n, sums)
		children++
	}
	sum := 0
	for ; children > 0; children-- {
		sum += <-sums
	}
	answer <- sum
}

func main() {
	expected := []int{2, 10, 4, 40, 92, 352, 724, 2680, 14200, 73712, 365596}
	placed := []float64{17, 54, 153, 552, 2057, 8394, 35539, 166926, 856189, 4674890, 27358553}
	o := common.Parse(12)
	for _, n := range []int{o.Size - 2, o.Size} {
		watch := common.Start()
		answer := make(chan int, 1)
		solutions(board{}, n, answer)
		result := <-answer
		m := watch.Read()
		if n == o.Size {
			common.Check(result == expected[n-4], "nqueens")
			common.PerOp(m, placed[n-4])
		}
	}
}
