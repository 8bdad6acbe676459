// What every Rust program of the benches does: see bench.hpp, which this follows.
#![allow(dead_code)]

use std::collections::HashMap;
use std::time::Instant;

pub struct Options {
    pub workers: usize,
    pub size: u64,
    given: HashMap<String, f64>,
}

pub fn parse(default_size: u64) -> Options {
    let mut given = HashMap::new();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    for pair in arguments.chunks(2) {
        match (pair[0].strip_prefix("--"), pair.get(1).and_then(|v| v.parse::<f64>().ok())) {
            (Some(name), Some(value)) if value >= 0.0 => given.insert(name.to_string(), value),
            _ => {
                eprintln!("expected --NAME NUMBER, not '{}'", pair[0]);
                std::process::exit(2);
            }
        };
    }
    let all = std::thread::available_parallelism().map_or(1, |n| n.get());
    let workers = given.get("workers").map_or(all, |v| *v as usize).max(1);
    let size = given.get("size").map_or(default_size, |v| *v as u64).max(1);
    Options { workers, size, given }
}

impl Options {
    pub fn number(&self, name: &str, otherwise: f64) -> f64 {
        *self.given.get(name).unwrap_or(&otherwise)
    }

    // A small pass that warms up, and the one that counts.
    pub fn passes(&self) -> [u64; 2] {
        [(self.size / 10).max(1), self.size]
    }
}

#[derive(Clone, Copy, Default)]
pub struct Measure {
    pub wall: f64,
    pub cpu: f64,
}

pub struct Stopwatch {
    wall: Instant,
    cpu: f64,
}

#[repr(C)]
struct Timespec {
    sec: i64,
    nsec: i64,
}
extern "C" {
    fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
}

fn cpu_now() -> f64 {
    let mut t = Timespec { sec: 0, nsec: 0 };
    unsafe { clock_gettime(2, &mut t) }; // CLOCK_PROCESS_CPUTIME_ID
    t.sec as f64 * 1e9 + t.nsec as f64
}

impl Stopwatch {
    pub fn start() -> Self {
        Stopwatch { wall: Instant::now(), cpu: cpu_now() }
    }

    pub fn read(&self) -> Measure {
        Measure { wall: self.wall.elapsed().as_nanos() as f64, cpu: cpu_now() - self.cpu }
    }
}

pub fn check(correct: bool, what: &str) {
    if !correct {
        eprintln!("wrong result: {what}");
        std::process::exit(1);
    }
}

pub fn metric(name: &str, unit: &str, value: f64) {
    println!("{{\"metric\":\"{name}\",\"unit\":\"{unit}\",\"value\":{value}}}");
}

pub fn per_op(m: Measure, operations: f64) {
    metric("ns_per_op", "ns", m.wall / operations);
    metric("cpu_ns_per_op", "ns", m.cpu / operations);
}

pub fn percentile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap());
    values[(share * (values.len() - 1) as f64 + 0.5) as usize]
}

// A number of the process's status, in bytes: VmHWM, VmRSS.
pub fn status_bytes(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() * 1024.0
}
