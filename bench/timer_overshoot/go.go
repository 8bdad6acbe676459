// timer_overshoot: time.Sleep.
package main

import (
	"bench/common"
	"time"
)

func main() {
	o := common.Parse(1000)
	overshoots := []float64{}
	for len(overshoots) < o.Size {
		start := time.Now()
		time.Sleep(time.Millisecond)
		overshoots = append(overshoots, float64(time.Since(start)-time.Millisecond)/1000)
	}
	common.Metric("p50_us", "us", common.Percentile(overshoots, 0.5))
	common.Metric("p99_us", "us", common.Percentile(overshoots, 0.99))
}
