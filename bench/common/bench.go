// Package common is what every Go program of the benches does: see bench.hpp, which this follows.
package common

import (
	"fmt"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
)

type Options struct {
	Workers int
	Size    int
	given   map[string]float64
}

// Parse reads --NAME NUMBER pairs and gives Go as many processors as --workers says.
func Parse(defaultSize int) Options {
	o := Options{given: map[string]float64{}}
	for i := 1; i < len(os.Args); i += 2 {
		value, err := -1.0, error(nil)
		if i+1 < len(os.Args) {
			value, err = strconv.ParseFloat(os.Args[i+1], 64)
		}
		if !strings.HasPrefix(os.Args[i], "--") || err != nil || value < 0 {
			fmt.Fprintf(os.Stderr, "%s: expected --NAME NUMBER, not '%s'\n", os.Args[0], os.Args[i])
			os.Exit(2)
		}
		o.given[os.Args[i][2:]] = value
	}
	o.Workers = o.Integer("workers", runtime.NumCPU())
	o.Size = o.Integer("size", defaultSize)
	runtime.GOMAXPROCS(o.Workers)
	return o
}

func (o Options) Number(name string, otherwise float64) float64 {
	if value, ok := o.given[name]; ok {
		return value
	}
	return otherwise
}

func (o Options) Integer(name string, otherwise int) int {
	return int(o.Number(name, float64(otherwise)))
}

// Passes gives a small size that warms up, and the one that counts.
func (o Options) Passes() [2]int {
	small := o.Size / 10
	if small < 1 {
		small = 1
	}
	return [2]int{small, o.Size}
}

type Measure struct{ Wall, CPU float64 }

type Stopwatch struct {
	wall time.Time
	cpu  float64
}

func cpuNow() float64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Nano() + u.Stime.Nano())
}

func Start() Stopwatch { return Stopwatch{time.Now(), cpuNow()} }

func (s Stopwatch) Read() Measure {
	return Measure{float64(time.Since(s.wall)), cpuNow() - s.cpu}
}

func Check(correct bool, what string) {
	if !correct {
		fmt.Fprintln(os.Stderr, "wrong result:", what)
		os.Exit(1)
	}
}

func Metric(name, unit string, value float64) {
	fmt.Printf("{\"metric\":\"%s\",\"unit\":\"%s\",\"value\":%g}\n", name, unit, value)
}

func PerOp(m Measure, operations float64) {
	Metric("ns_per_op", "ns", m.Wall/operations)
	Metric("cpu_ns_per_op", "ns", m.CPU/operations)
}

func Percentile(values []float64, share float64) float64 {
	sort.Float64s(values)
	return values[int(share*float64(len(values)-1)+0.5)]
}

// StatusBytes gives a number of the process's status, in bytes: VmHWM, VmRSS.
func StatusBytes(name string) float64 {
	status, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(status), "\n") {
		if strings.HasPrefix(line, name+":") {
			kilobytes, _ := strconv.ParseFloat(strings.Fields(line)[1], 64)
			return kilobytes * 1024
		}
	}
	return 0
}
